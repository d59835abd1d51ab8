"""The installer takes wheels of a locked hash and nothing else, wherever they come from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from small_wheels import HEADER, lock, put, wheel

needs_pip = pytest.mark.skipif(
    subprocess.run([sys.executable, "-I", "-m", "pip", "--version"], capture_output=True).returncode != 0,
    reason="this Python has no pip",
)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """pip asks no index, only a folder of the test."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    return index


@pytest.mark.parametrize(
    "entry",
    [
        "alpha==1.0\n",
        "alpha>=1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "--index-url https://example.invalid\n",
        "alpha @ https://example.invalid/alpha.whl \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "-r other.txt\n",
        "",
    ],
)
def test_a_lock_with_anything_but_versions_and_hashes_is_refused(entry, installer, tmp_path) -> None:
    place = lock(tmp_path, beta=wheel("beta"))
    place.write_text((place.read_text() if entry else HEADER) + entry)
    with pytest.raises(installer.InstallError):
        installer.read_lock(place)


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "C:/evil.py", "a\\..\\evil.py", "a//b"])
def test_a_wheel_with_a_path_that_leads_out_is_refused(name, installer, tmp_path) -> None:
    with pytest.raises(installer.InstallError, match="holds the path"):
        installer.unpack(wheel("alpha", files={name: "evil"}), tmp_path / "site")
    assert not list(tmp_path.rglob("evil.py"))


@pytest.mark.parametrize("name", ["start.pth", "alpha-1.0.data/scripts/alpha"])
def test_a_wheel_that_wants_to_run_at_every_start_is_refused(name, installer, tmp_path) -> None:
    with pytest.raises(installer.InstallError, match="more than a module"):
        installer.unpack(wheel("alpha", files={name: "import os"}), tmp_path / "site")


def test_what_of_a_wheel_is_never_imported_is_left_out_and_nothing_else(installer, tmp_path) -> None:
    left_out = {"beta/tests/test_it.py": "1", "beta/core/tests/deep/x.py": "1", "beta/it.pyi": "1", "beta/it.h": "1"}
    taken = {"beta/__init__.py": "1", "beta/tests.py": "1", "beta/testing/it.py": "1", "beta/it.so": "1"}
    installer.unpack(wheel("alpha", files={**left_out, **taken}), tmp_path / "site")
    found = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site" / "beta").rglob("*.*")}
    assert found == set(taken)


@pytest.mark.parametrize("name", ["../tests/x.py", "beta/../../tests/x.pyi", "alpha.data/tests/x.h"])
def test_a_hostile_path_is_refused_even_where_it_would_be_left_out(name, installer, tmp_path) -> None:
    with pytest.raises(installer.InstallError):
        installer.unpack(wheel("alpha", files={name: "evil"}), tmp_path / "site")


def test_a_link_in_a_wheel_becomes_a_plain_file(installer, tmp_path) -> None:
    place = tmp_path / "w.zip"
    with zipfile.ZipFile(place, "w") as archive:
        entry = zipfile.ZipInfo("alpha/link.py")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    installer.unpack(place.read_bytes(), tmp_path / "site")
    made = tmp_path / "site" / "alpha" / "link.py"
    assert not made.is_symlink()
    assert made.read_text() == "/etc/passwd"


@needs_pip
def test_what_is_missing_is_fetched_once_and_then_kept(offline, installer, tmp_path) -> None:
    alpha = wheel("alpha")
    put(offline, "alpha", alpha)
    locked = installer.read_lock(lock(tmp_path, alpha=alpha))
    store = tmp_path / "store"
    assert installer.gather(locked, store) == [alpha]
    (offline / "alpha-1.0-py3-none-any.whl").unlink()
    assert installer.gather(locked, store) == [alpha]


@needs_pip
def test_a_poisoned_store_is_not_believed(offline, installer, tmp_path) -> None:
    alpha = wheel("alpha")
    put(offline, "alpha", alpha)
    store = tmp_path / "store"
    put(store, "alpha", wheel("alpha", files={"alpha.py": "evil"}))
    (store / "alpha-1.0-cp399-none-any.whl").mkdir()
    (store / "sitecustomize.py").write_text("evil")
    locked = installer.read_lock(lock(tmp_path, alpha=alpha))
    assert installer.gather(locked, store) == [alpha]
    assert installer.gather(locked, store) == [alpha]


@needs_pip
def test_an_index_that_gives_other_bytes_ends_the_installation(offline, installer, tmp_path) -> None:
    put(offline, "alpha", wheel("alpha", files={"alpha.py": "evil"}))
    locked = installer.read_lock(lock(tmp_path, alpha=wheel("alpha")))
    with pytest.raises(installer.InstallError, match="pip could not fetch alpha"):
        installer.gather(locked, None)


@needs_pip
def test_a_source_distribution_is_never_built(offline, installer, tmp_path, monkeypatch) -> None:
    import io
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        script = f"open({str(tmp_path / 'sprung')!r}, 'w').close()".encode()
        entry = tarfile.TarInfo("alpha-1.0/setup.py")
        entry.size = len(script)
        archive.addfile(entry, io.BytesIO(script))
    (offline / "alpha-1.0.tar.gz").write_bytes(stream.getvalue())
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    locked = installer.read_lock(lock(tmp_path, alpha=stream.getvalue()))
    with pytest.raises(installer.InstallError):
        installer.gather(locked, None)
    assert not (tmp_path / "sprung").exists()


@needs_pip
def test_files_of_the_working_directory_and_variables_that_add_packages_have_no_effect(
    offline, installer, tmp_path, monkeypatch
) -> None:
    workspace = tmp_path / "workspace"
    for name in ("pip.py", "sitecustomize.py", "zipfile.py", "subprocess.py", "pip/__main__.py"):
        place = workspace / name
        if name == "pip/__main__.py":
            place = workspace / "nested" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"open({str(tmp_path / 'sprung')!r}, 'w').close()")
    (workspace / "pyproject.toml").write_text("[build-system]\nrequires = ['evil']\n")
    (workspace / "pip.conf").write_text(f"[global]\npython = {workspace / 'evil'}\nno-index = false\n")
    monkeypatch.chdir(workspace)
    for name, text in {
        "GITHUB_WORKSPACE": workspace,
        "PIP_CONFIG_FILE": "pip.conf",
        "PIP_TARGET": workspace / "there",
        "PIP_REQUIREMENT": workspace / "evil.txt",
        "PIP_PYTHON": workspace / "evil",
        "PYTHONPATH": workspace,
        "PYTHONSTARTUP": workspace / "pip.py",
    }.items():
        monkeypatch.setenv(name, str(text))
    alpha = wheel("alpha")
    put(offline, "alpha", alpha)
    locked = installer.read_lock(lock(tmp_path, alpha=alpha))
    assert installer.gather(locked, None) == [alpha]
    assert not (tmp_path / "sprung").exists()
    assert not (workspace / "there").exists()


def test_only_where_packages_come_from_reaches_pip(installer, tmp_path) -> None:
    workspace = tmp_path / "w"
    workspace.mkdir()
    given = {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "PIP_INDEX_URL": "https://mirror.example/simple",
        "PIP_CERT": "/etc/ca.pem",
        "PIP_TARGET": "/tmp/x",
        "PIP_USER": "1",
        "PIP_CONSTRAINT": "c.txt",
        "pip_python": "/tmp/evil",
        "PYTHONPATH": "/tmp/x",
        "PIP_CONFIG_FILE": str(workspace / "sub" / "pip.conf"),
        "GITHUB_WORKSPACE": str(workspace),
    }
    kept = installer.environment_for_pip(given)
    assert set(kept) == {"PATH", "HTTPS_PROXY", "PIP_INDEX_URL", "PIP_CERT", "GITHUB_WORKSPACE"}
    outside = installer.environment_for_pip({**given, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    assert outside["PIP_CONFIG_FILE"] == str(tmp_path / "pip.conf")


def test_without_a_runner_nothing_is_made_and_the_message_is_one_line(tmp_path) -> None:
    script = Path(__file__).resolve().parents[2] / "action" / "install.py"
    env = {name: text for name, text in os.environ.items() if not name.startswith(("RUNNER_", "GITHUB_"))}
    done = subprocess.run([sys.executable, "-I", script, "core"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    said = "RUNNER_TEMP is not set; this runs as a step of a GitHub workflow"
    assert done.stdout == f"::error title=policy-gate::the gate could not be installed: {said}\n"
    assert list(tmp_path.iterdir()) == []
