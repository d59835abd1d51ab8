"""Looks for model files that no manifest names: by name in the whole tree, by content beside the manifest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from policy_gate.area import Evidence
from policy_gate.areas.release.facts import FoundModel, ModelSurvey
from policy_gate.errors import EvidenceError, Reason
from policy_gate.model import RELEASE
from policy_gate.model_graph import UNKNOWN, sniff_file
from policy_gate.policy.globs import matches

if TYPE_CHECKING:
    from policy_gate.source import Entry, Tree

MAX_NAMES = 200_000
MAX_OPENED = 20_000

# Content behind these is in another place of this tree, or in another repository with a gate of its own.
_ELSEWHERE = ("symbolic link", "another repository")


class _Beside(NamedTuple):
    """What lies in the folders of a release and in no manifest: how many, model formats by path, what is unread."""

    opened: int
    formats: dict[str, str]
    unread: tuple[str, ...]


def survey_models(evidence: Evidence) -> ModelSurvey:
    """Search the tree of the release; EvidenceError(TOO_LARGE) when it has more files than are looked at."""
    tree, listed, own = evidence.tree, evidence.listed_files, set(_own_files(evidence))
    named, files = _named_like_models(tree, evidence.trusted.models)
    root = evidence.manifest.bundle.root if evidence.manifest.bundle is not None else ""
    # One listing serves a whole run, so that its identity names it; a thousand manifests may share a folder.
    key = f"{id(listed)}\0{evidence.manifest.folder}\0{root}"
    unlisted = tree.memo(f"release.unlisted:{id(listed)}", lambda: named - listed)
    beside = tree.memo(f"release.beside:{key}", lambda: _look_beside(evidence, named | listed))
    found = {**dict.fromkeys(unlisted, ""), **beside.formats}
    return ModelSurvey(
        subject=RELEASE,
        pointer="/artifacts",
        files=files,
        opened=beside.opened,
        unlisted=tuple(
            FoundModel(path=path, format=found[path].replace(UNKNOWN, "")) for path in sorted(found) if path not in own
        ),
        unread=tuple(path for path in beside.unread if path not in own),
    )


def _look_beside(evidence: Evidence, known: frozenset[str]) -> _Beside:
    entries = [entry for entry in _beside_manifest(evidence) if entry.path not in known]
    formats = _contents(evidence.tree, entries)
    return _Beside(
        opened=len(entries),
        formats={entry.path: formats[entry.path] for entry in entries if formats.get(entry.path)},
        unread=tuple(sorted(entry.path for entry in entries if entry.path not in formats)),
    )


def _own_files(evidence: Evidence) -> Iterator[str]:
    for artifact in evidence.manifest.artifacts:
        try:
            yield evidence.tree_path(artifact.path)
        except EvidenceError:
            continue  # a refused path lists nothing; reading the artifact reports it


def _named_like_models(tree: Tree, patterns: tuple[str, ...]) -> tuple[frozenset[str], int]:
    """Paths in the whole tree that look like models by name, and how many files there are."""

    def look() -> tuple[frozenset[str], int]:
        entries = tree.list()
        if len(entries) > MAX_NAMES:
            raise EvidenceError(Reason.TOO_LARGE, f"{len(entries)} files in the tree; at most {MAX_NAMES} are surveyed")
        return frozenset(entry.path for entry in entries if matches(entry.path, patterns)), len(entries)

    return tree.memo("release.named:" + "\n".join(patterns), look)


def _beside_manifest(evidence: Evidence) -> Iterable[Entry]:
    """Files in the manifest's folder, and what is on disk in the folder that ships, also where git ignores it."""
    found = {entry.path: entry for entry in _below(evidence.tree.list(), evidence.manifest.folder)}
    if evidence.manifest.bundle is not None:
        found |= {entry.path: entry for entry in evidence.tree.list(evidence.tree_path(evidence.manifest.bundle.root))}
    return found.values()


def _below(entries: Sequence[Entry], folder: str) -> Sequence[Entry]:
    """Entries under a folder of a sorted listing; a search, since a tree may hold a thousand manifests."""
    if not folder:
        return entries
    start = bisect_left(entries, f"{folder}/", key=lambda entry: entry.path)
    end = bisect_left(entries, f"{folder}0", lo=start, key=lambda entry: entry.path)  # "0" follows "/" in ASCII
    return entries[start:end]


def _contents(tree: Tree, entries: Iterable[Entry]) -> dict[str, str]:
    """Model format by path, "" for no model; a file that could not be looked into is absent."""
    known: dict[str, str | None] = tree.memo("release.contents", dict)
    for entry in entries:
        if entry.path in known:
            continue
        if len(known) >= MAX_OPENED:
            raise EvidenceError(Reason.TOO_LARGE, f"more than {MAX_OPENED} unlisted files beside manifests")
        known[entry.path] = _content(tree, entry)
    return {path: format_ for path, format_ in known.items() if format_ is not None}


def _content(tree: Tree, entry: Entry) -> str | None:
    if any(words in entry.refusal for words in _ELSEWHERE):
        return ""
    try:
        with tree.open(entry.path) as file:
            return sniff_file(file, entry.path)
    except EvidenceError as error:
        # A pointer is text; the file it stands for is not in this tree, and a model's name was looked for before.
        return "" if error.reason is Reason.LFS_POINTER else None
