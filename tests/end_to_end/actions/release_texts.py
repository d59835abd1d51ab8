"""Releases as text, long enough that two entries of a manifest do not share a hunk of a diff."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from checkout import good_model

MODEL = "model/kws.onnx"
MANIFEST = "release.yaml"
CONFIGURATION = "policy-gate.yaml"
CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:edge-baseline"]
"""
SPACE = "".join(f"    # Line {number} of the space between two entries.\n" for number in range(1, 9))
OTHER_MODEL = b"\x72\x00"
"""A field that an ONNX model may have, empty: the same model in other bytes."""


@dataclass(frozen=True)
class Entry:
    """One artifact: its bytes, those its digest is of, and a remark, so that a change may touch its lines or not."""

    id: str
    path: str
    content: bytes
    claimed: bytes
    remark: str = "as built"

    def lines(self) -> str:
        digest = hashlib.sha256(self.claimed).hexdigest()
        return (
            f"  - id: {self.id}  # {self.remark}\n    path: {self.path}\n    size: {len(self.claimed)}\n"
            f'    digest: "sha256:{digest}"\n{SPACE}'
        )


@dataclass(frozen=True)
class Release:
    """A release of one model and maybe more files."""

    entries: tuple[Entry, ...]
    version: str = "1.0"
    sequence: int = 1
    license: str = "Apache-2.0"
    name: str = "kws"

    @property
    def manifest(self) -> str:
        names = ", ".join(one.id for one in self.entries)
        return (
            "apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n"
            f'metadata:\n  name: {self.name}\n  version: "{self.version}"\n  sequence: {self.sequence}\n'
            f"  license: {self.license}\n{SPACE}"
            "artifacts:\n"
            + "".join(one.lines() for one in self.entries)
            + f"targets:\n  - {{id: node, runs: [{names}]}}\n"
        )

    def files(self, *, line_end: str = "\n", last_line_end: bool = True) -> dict[str, bytes]:
        """The files of a commit that holds it."""
        text = self.manifest if last_line_end else self.manifest.removesuffix("\n")
        written = text.replace("\n", line_end).encode()
        return {one.path: one.content for one in self.entries} | {MANIFEST: written}

    def with_entry(self, index: int, **changes: object) -> Release:
        entries = list(self.entries)
        entries[index] = replace(entries[index], **changes)
        return replace(self, entries=tuple(entries))


def good_release(assets: int = 0) -> Release:
    """A release that passes, with as many further files as asked."""
    model = good_model()
    more = [Entry(f"part-{n}", f"parts/{n}.bin", b"part %d\n" % n, b"part %d\n" % n) for n in range(1, assets + 1)]
    return Release((Entry("kws", MODEL, model, model), *more))


def with_base_files(release: Release, **more: bytes) -> Mapping[str, bytes]:
    """What the base holds: a release and the policy that judges it."""
    return {**release.files(), CONFIGURATION: CONFIG.encode(), "README.md": b"A repository.\n", **more}
