"""Makes the Action's own Python environment: wheels whose hash is locked, unpacked by this file; pip only fetches them.

Run as `python -I install.py NAME...`, NAME being a lock beside this file: `core`, or `posting` for what posting adds.
It uses the standard library alone, and runs before anything else of the Action is there.
"""

# ruff: noqa: INP001  # a script beside action.yml, part of no package
from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import sys
import tempfile
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
MAX_WHEEL_BYTES = 64 * 1024 * 1024
PIP_MAY_KEEP = frozenset(
    f"PIP_{name}"
    for name in (
        "CERT",
        "CLIENT_CERT",
        "CONFIG_FILE",
        "DEFAULT_TIMEOUT",
        "EXTRA_INDEX_URL",
        "FIND_LINKS",
        "INDEX_URL",
        "KEYRING_PROVIDER",
        "NO_INDEX",
        "PROXY",
        "RETRIES",
        "TIMEOUT",
        "TRUSTED_HOST",
    )
)
"""Where packages come from and how they are reached; what else PIP_ variables say is not for this environment."""
NEVER_IMPORTED = (".pyi", ".h", ".a")
"""With the packages' own tests two thirds of numpy's files, and half of the time that it takes to unpack it."""

_LOCKED = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[a-z0-9.]+)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


class InstallError(Exception):
    """What is wrong, and the way out."""


class Locked(NamedTuple):
    """One distribution of a lock: every wheel of it has one of these SHA-256 hex digests."""

    name: str
    version: str
    hashes: frozenset[str]
    text: str


def main(arguments: list[str]) -> int:
    """Install the named locks; without `--into FOLDER` into a new environment that also holds policy_gate itself."""
    into, names = (arguments[1], arguments[2:]) if arguments[:1] == ["--into"] else ("", arguments)
    try:
        locked = [one for name in names for one in read_lock(HERE / f"{name}.txt")]
        environment = Path(into) if into else make_environment()
        site = site_packages(environment)
        if not into:
            copy_package(site)
            begin_compiling(site / "policy_gate")
        for content in gather(locked, find_store()):
            unpack(content, site)
        if not into:
            tell_steps(environment)
    except (InstallError, OSError, zipfile.BadZipFile) as error:
        message = str(error).replace("%", "%25").replace("\r", "").replace("\n", "%0A")
        level, what = ("warning", "what posts") if into else ("error", "the gate")
        sys.stdout.write(f"::{level} title=policy-gate::{what} could not be installed: {message}\n")
        return 2
    return 0


def read_lock(path: Path) -> list[Locked]:
    """Read a lock; anything in it that is not NAME==VERSION with hashes is refused."""
    text = path.read_text(encoding="utf-8")
    entries = text[text.index("\n\n") + 2 :]
    found = [
        Locked(one["name"], one["version"], frozenset(re.findall("[0-9a-f]{64}", one["hashes"])), one[0])
        for one in _LOCKED.finditer(entries)
    ]
    if not found or "".join(one.text for one in found) != entries:
        raise InstallError(f"{path.name} holds something else than names, versions and hashes")
    return found


def make_environment() -> Path:
    """Make an empty environment of Python's own kind in the runner's folder for files of one job."""
    from venv import EnvBuilder

    temp = os.environ.get("RUNNER_TEMP", "")
    if not temp:
        raise InstallError("RUNNER_TEMP is not set; this runs as a step of a GitHub workflow")
    folder = Path(tempfile.mkdtemp(prefix="policy-gate-", dir=temp))
    EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    return folder


def site_packages(environment: Path) -> Path:
    """Where an environment of this Python keeps what is installed."""
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    return environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def find_store() -> Path | None:
    """Folder in which wheels stay from one job to the next, one folder for each kind of Python; None for none."""
    named = os.environ.get("INPUT_WHEELS", "").strip()
    tools = os.environ.get("RUNNER_TOOL_CACHE", "")
    if not named and not tools:
        return None
    top = Path(os.environ.get("GITHUB_WORKSPACE", ".")) / named if named else Path(tools) / "policy-gate" / "wheels"
    return top / f"{sys.platform}-{os.uname().machine if hasattr(os, 'uname') else 'windows'}{EXTENSION_SUFFIXES[0]}"


def gather(locked: list[Locked], store: Path | None) -> list[bytes]:
    """Every wheel as bytes that were checked; those the store lacks are fetched, and kept there if that can be."""
    found = {one: content for one in locked if store and (content := find_wheel(store, one)) is not None}
    missing = [one for one in locked if one not in found]
    if missing:
        with tempfile.TemporaryDirectory(prefix="wheels-", dir=os.environ.get("RUNNER_TEMP")) as folder:
            fetch(missing, Path(folder))
            for one in missing:
                content = find_wheel(Path(folder), one)
                if content is None:
                    raise InstallError(f"no wheel of {one.name} {one.version} has a hash that {HERE.name}/ names")
                found[one] = content
            if store:
                keep(Path(folder), store)
    return [found[one] for one in locked]


def find_wheel(folder: Path, wanted: Locked) -> bytes | None:
    """The bytes of one wheel; None where no file of its name has a locked hash."""
    stem = f"{wanted.name.replace('-', '_')}-{wanted.version}-"
    for path in sorted(folder.glob("*.whl")) if folder.is_dir() else ():
        if path.name.lower().replace(".", "_").startswith(stem.replace(".", "_")) and path.is_file():
            with path.open("rb") as stream:
                content = stream.read(MAX_WHEEL_BYTES)
            if hashlib.sha256(content).hexdigest() in wanted.hashes:
                return content
    return None


def fetch(missing: list[Locked], folder: Path) -> None:
    """Have pip download wheels by their hashes; it installs nothing and builds nothing."""
    import subprocess

    requirements = folder / "requirements.txt"
    requirements.write_text("".join(one.text for one in missing), encoding="utf-8")
    options = "--quiet --no-deps --require-hashes --only-binary=:all: --no-cache-dir --no-input --progress-bar=off"
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "download", *options.split()]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(  # this Python's own pip, no shell
        command,
        cwd=folder,
        env=environment_for_pip(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if "No module named pip" in done.stdout:
        raise InstallError(f"{sys.executable} has no pip; put actions/setup-python before this step")
    raise InstallError(f"pip could not fetch {', '.join(one.name for one in missing)}:\n{done.stdout[-2000:]}")


def environment_for_pip(given: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would steer pip or Python anywhere but to another index, proxy or certificate."""
    kept = {
        name: value
        for name, value in given.items()
        if name in PIP_MAY_KEEP or not name.upper().startswith(("PIP_", "PYTHON"))
    }
    workspace = given.get("GITHUB_WORKSPACE", "")
    config = os.path.realpath(kept.get("PIP_CONFIG_FILE", os.sep))
    if workspace and Path(config).is_relative_to(os.path.realpath(workspace)):
        del kept["PIP_CONFIG_FILE"]
    return kept


def keep(folder: Path, store: Path) -> None:
    """Copy wheels into the store; a store that cannot be written only costs the next job its time."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.whl"):
            unfinished = store / f"{path.name}.{os.getpid()}"
            shutil.copyfile(path, unfinished)
            unfinished.replace(store / path.name)
    except OSError as error:
        sys.stdout.write(f"wheels are not kept in {store}: {error.strerror}\n")


def unpack(content: bytes, site: Path) -> None:
    """Unpack what of a checked wheel is ever imported; one that wants more than files in site-packages is refused."""
    made: set[Path] = set()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            parts = entry.filename.split("/")
            if re.search(r"[\\:\0]", entry.filename) or {"", ".", ".."} & set(parts):
                raise InstallError(f"a wheel holds the path {entry.filename!r}")
            if parts[0].endswith((".data", ".pth")):
                raise InstallError(f"a wheel holds {entry.filename!r}, which is more than a module")
            if "tests" in parts[:-1] or parts[-1].endswith(NEVER_IMPORTED):
                continue
            place = site.joinpath(*parts)
            if place.parent not in made:
                place.parent.mkdir(parents=True, exist_ok=True)
                made.add(place.parent)
            place.write_bytes(archive.read(entry))


def copy_package(site: Path) -> None:
    """Put policy_gate and its packs where the wheel has them; nothing is built, or run from the Action's folder."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(PROJECT / "policy_gate", site / "policy_gate", ignore=unwanted, copy_function=shutil.copyfile)
    packs = site / "policy_gate" / "builtin"
    shutil.copytree(PROJECT / "policies", packs, ignore=shutil.ignore_patterns("tests"), copy_function=shutil.copyfile)


def begin_compiling(package: Path) -> None:
    """Compile every module of the package beside everything that follows, for half a second that nobody waits for.

    A module that is not compiled in time is compiled by whoever imports it; both put whole files in their place.
    """
    import subprocess

    code = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2)"
    command, nowhere = [sys.executable, "-I", "-S", "-c", code, str(package)], subprocess.DEVNULL
    subprocess.Popen(command, cwd=package, stdin=nowhere, stdout=nowhere, stderr=nowhere)


def tell_steps(environment: Path) -> None:
    """Name the environment's Python to the steps that follow."""
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    output = os.environ.get("GITHUB_OUTPUT", "")
    text = f"python={python}\nenvironment={environment}\nhost={sys.executable}\n"
    if output:
        with Path(output).open("a", encoding="utf-8") as stream:
            stream.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
