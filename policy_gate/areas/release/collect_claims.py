"""Names what a manifest claims, so that the next release can be asked whether it still does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.release.facts import StatedClaim, StatedClaims
from policy_gate.document import join
from policy_gate.model import RELEASE, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.document import Value

NO_CLAIMS = frozenset({"apiVersion", "kind", "fingerprints"})
"""Sections that claim nothing of their own: the gate computes fingerprints, and compares them, by itself."""

PRESENCE_ONLY = frozenset({"telemetry"})
"""Sections that claim to be complete: a stream that is no longer listed is one that is no longer sent."""

NAMED_BY = {
    "artifacts": ("id",),
    "attestations": ("type",),
    "certification": ("scheme",),
    "compatibility": ("target", "artifact"),
    "cost": ("target", "artifact"),
    "documents": ("path",),
    "quality": ("artifact", "target", "metric"),
    "targets": ("id",),
}
"""What an entry of a list is known by from one release to the next: never by its position."""

CLAIMS_BY_ITSELF = frozenset({"certification", "compatibility", "documents", "targets"})
"""An entry of these claims something even where it has no more than its name."""

NOT_CLAIMED = {
    "artifacts": frozenset({"path", "role", "format", "size", "digest"}),  # what it is, judged by its bytes
    "attestations": frozenset({"path"}),
    "lineage": frozenset({"nodes", "activities"}),  # how this release was made; the next one may be made otherwise
    "metadata": frozenset({"name", "version", "sequence", "published_at"}),  # published after it was judged
    "privacy": frozenset({"accountant"}),
    "targets": frozenset({"runs", "dimensions"}),  # what ships, and what a model leaves open
}
"""Keys of a section that describe or identify, so that a release may change or drop them."""

EACH_COUNTS = frozenset({"required", "sections", "subjects"})
"""Lists of which every single text is a claim; any other list is one claim as a whole."""


def claims(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Everything the manifest claims, by name."""
    yield StatedClaims(subject=RELEASE, pointer="", claims=tuple(stated_claims(evidence.manifest.document.root)))


def stated_claims(root: Value) -> Iterator[StatedClaim]:
    """Name every claim of a decoded manifest: targets first, then the sections in the order of the document.

    Walks the raw document, so that a section which a later version adds is covered from its first day.
    """
    sections = root if isinstance(root, dict) else {}
    for section in sorted(sections, key=lambda one: one != "targets"):
        if section not in NO_CLAIMS:
            yield from _section(section, sections[section])


def _section(section: str, content: Value) -> Iterator[StatedClaim]:
    pointer, keys = join("", section), NAMED_BY.get(section)
    passed_over = NOT_CLAIMED.get(section, frozenset())
    if keys is not None and isinstance(content, list):
        for position, entry in enumerate(content):
            if isinstance(entry, dict):
                yield from _entry(section, join(pointer, position), entry, keys, passed_over.union(keys))
        return
    if content is not None:
        yield StatedClaim(about=section, what="", kind=_kind(content), entry=pointer)
    if section not in PRESENCE_ONLY:
        yield from _inside(section, pointer, content, passed_over)


def _entry(
    section: str, pointer: str, entry: dict[str, Value], keys: tuple[str, ...], passed_over: frozenset[str]
) -> Iterator[StatedClaim]:
    # No id is "*" or holds a space, and free text comes last: two entries have one name only if they are named alike.
    names = " x ".join(str(entry.get(key, "*")) for key in keys)
    about = f"{section.removesuffix('s')} {names}"
    if section in CLAIMS_BY_ITSELF:
        yield StatedClaim(about=about, what="", kind="entry", entry=pointer)
    yield from _inside(about, pointer, entry, passed_over)


def _inside(about: str, pointer: str, content: Value, passed_over: frozenset[str]) -> Iterator[StatedClaim]:
    members = content.items() if isinstance(content, dict) else ()
    for key, member in members:
        if key not in passed_over:
            for what, kind in _values(key, member):
                yield StatedClaim(about=about, what=what, kind=kind, entry=pointer)


def _values(name: str, content: Value) -> Iterator[tuple[str, str]]:
    """Name and kind of each value under a key; null and an empty list or mapping say nothing."""
    if isinstance(content, dict):
        for key, member in content.items():
            yield from _values(f"{name}.{key}", member)
    elif isinstance(content, list) and name in EACH_COUNTS:
        yield from ((f"{name} {text}", "text") for text in content if isinstance(text, str))
    elif content not in (None, []):
        yield name, _kind(content)


def _kind(content: Value) -> str:
    if isinstance(content, bool):
        return "flag"
    if isinstance(content, int | float):
        return "number"
    if isinstance(content, str):
        return "text"
    return "list" if isinstance(content, list) else "section"
