"""Wheels and locks of the tests' own, so that the installer and pip can be tried without a network."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

HEADER = "# A lock of the tests.\n\n"


def wheel(name: str, version: str = "1.0", files: Mapping[str, str] | None = None) -> bytes:
    """A wheel of the least form that pip takes (packaging.python.org, "Binary distribution format")."""
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    content = {f"{name.replace('-', '_')}.py": "", **(files or {})}
    meta = {f"{stem}.dist-info/METADATA": about, f"{stem}.dist-info/WHEEL": kind, f"{stem}.dist-info/RECORD": ""}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in {**content, **meta}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return stream.getvalue()


def put(folder: Path, name: str, content: bytes, version: str = "1.0") -> Path:
    """A wheel under the name that pip looks for."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    place.write_bytes(content)
    return place


def lock(folder: Path, **wheels: bytes) -> Path:
    """A lock that names each wheel by its hash."""
    entries = [
        f"{name.replace('_', '-')}==1.0 \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
        for name, content in wheels.items()
    ]
    place = folder / "core.txt"
    place.write_text(HEADER + "".join(entries), encoding="utf-8")
    return place
