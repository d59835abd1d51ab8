"""Decodes a manifest document: every error of the file in one run, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from policy_gate.document import Document, bind_problems, join, problem
from policy_gate.document.rules import shown
from policy_gate.errors import ManifestError, Problem
from policy_gate.frozen import dataclass
from policy_gate.manifest.claims import Artifact, Bundle, CoreClaims, Metadata, Target

if TYPE_CHECKING:
    from pydantic import BaseModel

# Finding the nearest name compares with every known one, so it is done for few names and among few.
MAX_SUGGESTIONS = 5
MAX_COMPARED_NAMES = 1000
MAX_REFERENCE_PROBLEMS = 50
SHOWN_NAMES = 10

SectionType = Callable[[], "type[BaseModel]"]
"""Gives the claims model of one section; called only when the manifest has that section."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A valid manifest: shared claims, sections by key, and the document that knows every place."""

    document: Document
    digest: str
    metadata: Metadata
    bundle: Bundle | None
    artifacts: tuple[Artifact, ...]
    targets: tuple[Target, ...]
    sections: Mapping[str, BaseModel]

    @property
    def path(self) -> str:
        """Path of the manifest inside its tree."""
        return self.document.path

    @property
    def folder(self) -> str:
        """Folder of the manifest inside its tree, "" at the top: the paths in it are relative to this."""
        return self.path.rpartition("/")[0]


def decode_manifest(document: Document, sections: Mapping[str, SectionType]) -> Manifest:
    """Decode all sections; raises ManifestError with every problem of the file."""
    core, problems = bind_problems(document, CoreClaims)
    found: list[Problem] = [*problems, *_unknown_keys(document, sections)]
    bound: dict[str, BaseModel] = {}
    if isinstance(document.root, dict):
        for key, section_type in sections.items():
            if key in document.root:
                section, section_problems = bind_problems(document, section_type(), f"/{key}")
                found.extend(section_problems)
                if section is not None:
                    bound[key] = section
    if isinstance(core, CoreClaims):
        found.extend(_broken_references(document, core))
    if found or not isinstance(core, CoreClaims):
        raise ManifestError(sorted(found, key=lambda one: (one.line, one.column, one.message)))
    import hashlib  # costs 4 ms; `--help` does without

    return Manifest(
        document=document,
        digest=f"sha256:{hashlib.sha256(document.content).hexdigest()}",
        metadata=core.metadata,
        bundle=core.bundle,
        artifacts=core.artifacts,
        targets=core.targets,
        sections=bound,
    )


def known_keys(sections: Mapping[str, SectionType]) -> tuple[str, ...]:
    """Every top-level key a manifest may have, sorted."""
    return tuple(sorted({*CoreClaims.model_fields, *sections}))


@cache
def nearest(word: str, known: tuple[str, ...]) -> str:
    """The known word nearest to a misspelt one, or ""."""
    import difflib  # only a misspelt manifest pays for it

    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def _unknown_keys(document: Document, sections: Mapping[str, SectionType]) -> Iterator[Problem]:
    if not isinstance(document.root, dict):
        return
    known = known_keys(sections)
    for key in document.root:
        if key not in known:
            suggestion = nearest(key[:128], known)
            hint = f"did you mean '{suggestion}'?" if suggestion else f"known keys: {', '.join(known)}"
            span = document.key_span(join("", key))
            yield Problem(f"unknown field {shown(key)}", document.path, span.line, span.column, hint)


def _broken_references(document: Document, core: CoreClaims) -> Iterator[Problem]:
    """Ids are unique, and what refers to an artifact names one; what is more than the limit is counted."""
    found = [*_repeated_ids(document, core), *_dangling(document, core)]
    yield from found[:MAX_REFERENCE_PROBLEMS]
    if len(found) > MAX_REFERENCE_PROBLEMS:
        yield Problem(f"{len(found) - MAX_REFERENCE_PROBLEMS} more problems are not shown", document.path)


def _repeated_ids(document: Document, core: CoreClaims) -> Iterator[Problem]:
    for section, ids in (
        ("artifacts", [artifact.id for artifact in core.artifacts]),
        ("targets", [target.id for target in core.targets]),
    ):
        seen: set[str] = set()
        for position, name in enumerate(ids):
            if name in seen:
                yield problem(document, f"/{section}/{position}/id", f"id '{name}' is already used in {section}")
            seen.add(name)


def _dangling(document: Document, core: CoreClaims) -> Iterator[Problem]:
    known = tuple(artifact.id for artifact in core.artifacts)
    ids = frozenset(known)
    dangling = [(pointer, name) for pointer, name in _references(core) if name not in ids]
    for position, (pointer, name) in enumerate(dangling):
        compared = position < MAX_SUGGESTIONS and len(known) <= MAX_COMPARED_NAMES
        suggestion = nearest(name, known) if compared else ""
        hint = f"did you mean '{suggestion}'?" if suggestion else f"artifacts: {_some(known)}"
        yield problem(document, pointer, f"'{name}' is no artifact of this manifest", hint)


def _references(core: CoreClaims) -> Iterator[tuple[str, str]]:
    """Pointer and name of everything that refers to an artifact."""
    for t, target in enumerate(core.targets):
        for r, name in enumerate(target.runs):
            yield f"/targets/{t}/runs/{r}", name
    for a, artifact in enumerate(core.artifacts):
        if artifact.derived_from is not None:
            yield f"/artifacts/{a}/derived_from/artifact", artifact.derived_from.artifact


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN_NAMES
    return ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
