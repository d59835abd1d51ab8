"""Writes the locks of the Action, action/*.txt: the versions that were tested, and the hash of each of their wheels.

Run it when requirements/constraints.txt changed; it asks the package index, so nothing else calls it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RESOLVER = "uv==0.13.9"
OLDEST = "3.11"
NOT_IMPORTED = {"onnx", "jsonschema"}
"""Dependencies that judging never imports: `inspect` and the tests use them."""
EVERYWHERE = ["colorama"]
"""What a dependency needs on one platform only; it is small, and a lock without conditions is a lock one can read."""
PYTHONS = ("cp311", "cp312", "cp313", "cp314")
PLATFORMS = {
    "Linux, x86-64": r"manylinux.*_x86_64",
    "Linux, ARM": r"manylinux.*_aarch64",
    "Linux with musl": r"musllinux.*_x86_64",
    "macOS, ARM": r"macosx.*_(arm64|universal2)",
    "Windows": r"win_amd64",
}
HEADERS = {
    "core": "# What `policy-gate action` imports: wheels alone, each by its hash.",
    "posting": "# What `policy-gate post` imports beside core.txt: wheels alone, each by its hash.",
}
MADE = "# Made by scripts/lock_action.py for CPython 3.11 to 3.14 on Linux, macOS and Windows; do not edit."


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a distribution: the three tags of its name, and its SHA-256 in hex."""

    python: str
    abi: str
    platform: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """One distribution of the lock."""

    name: str
    version: str
    wheels: tuple[Wheel, ...]


def main() -> int:
    """Resolve once for what judges and once with what posts, so that both hold the same versions."""
    runtime, posting = _wanted()
    core = {one.name: one for one in _resolved(runtime)}
    both = {one.name: one for one in _resolved([*runtime, *posting])}
    if any(both[name] != one for name, one in core.items()):
        sys.exit("posting would change what judges")
    _write("core", core)
    _write("posting", {name: one for name, one in both.items() if name not in core})
    return 0


def _wanted() -> tuple[list[str], list[str]]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = [one for one in project["dependencies"] if re.split("[<>=]", one)[0] not in NOT_IMPORTED]
    return runtime + EVERYWHERE, project["optional-dependencies"]["github"]


def _resolved(requirements: Sequence[str]) -> Iterator[Pinned]:
    for package in tomllib.loads(_resolve(requirements))["packages"]:
        wheels = tuple(sorted(_wheels(package), key=lambda one: one.sha256))
        pinned = Pinned(package["name"], package["version"], wheels)
        _check_platforms(pinned)
        yield pinned


def _resolve(requirements: Sequence[str]) -> str:
    """The resolver's answer in the form of a pylock file (packaging.python.org, "pylock.toml")."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        tools = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([tools / "python", "-m", "pip", "install", "--quiet", RESOLVER], check=True)
        asked = Path(folder) / "asked.in"
        asked.write_text("\n".join(requirements), encoding="utf-8")
        constraints, answer = PROJECT / "requirements" / "constraints.txt", Path(folder) / "pylock.toml"
        command = [
            str(tools / "uv"),
            "pip",
            "compile",
            "--quiet",
            "--no-config",
            "--universal",
            "--only-binary",
            ":all:",
        ]
        command += ["--python-version", OLDEST, "--constraint", str(constraints), "--format", "pylock.toml"]
        command += ["--output-file", str(answer), str(asked)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return answer.read_text(encoding="utf-8")


def _wheels(package: Mapping[str, object]) -> Iterator[Wheel]:
    found = package["wheels"]
    if not isinstance(found, list):
        raise TypeError(f"{package['name']} has no wheels")
    for one in found:
        name = one["url"].rsplit("/", 1)[1].removesuffix(".whl")
        python, abi, platform = name.split("-")[-3:]
        wheel = Wheel(python, abi, platform, one["hashes"]["sha256"])
        if _is_for_us(wheel):
            yield wheel


def _is_for_us(wheel: Wheel) -> bool:
    """Whether a wheel is for a Python and a platform the Action runs on (packaging.python.org, platform tags)."""
    pythons = wheel.python.split(".")
    stable = wheel.abi == "abi3" and any(int(one[3:]) <= int(PYTHONS[-1][3:]) for one in pythons)
    return (stable or bool({"py3", *PYTHONS} & set(pythons))) and (
        not wheel.abi.endswith("t")
        and re.fullmatch(r"any|(many|musl)?linux.*|macosx.*|win.*", wheel.platform) is not None
    )


def _check_platforms(pinned: Pinned) -> None:
    for python in PYTHONS:
        for name, form in PLATFORMS.items():
            if not any(_fits(one, python, form) for one in pinned.wheels):
                sys.exit(f"{pinned.name} {pinned.version} has no wheel for {python} on {name}")


def _fits(wheel: Wheel, python: str, form: str) -> bool:
    pythons = wheel.python.split(".")
    stable = wheel.abi == "abi3" and any(int(one[3:]) <= int(python[3:]) for one in pythons)
    return (stable or bool({"py3", python} & set(pythons))) and re.search(f"^any$|{form}", wheel.platform) is not None


def _write(name: str, packages: Mapping[str, Pinned]) -> None:
    lines = [HEADERS[name], MADE, ""]
    for one in sorted(packages.values(), key=lambda one: one.name):
        hashes = [f"    --hash=sha256:{wheel.sha256}" for wheel in one.wheels]
        lines.append(" \\\n".join([f"{one.name}=={one.version}", *hashes]))
    path = PROJECT / "action" / f"{name}.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    print(f"{path.relative_to(PROJECT)}: {len(packages)} distributions")


if __name__ == "__main__":
    sys.exit(main())
