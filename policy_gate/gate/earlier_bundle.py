"""Opens the bundle of an earlier release to compare with: its bytes have to be those that its manifests name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from policy_gate.errors import EvidenceError, GateError, SourceError
from policy_gate.gate.earlier import Comparison, Earlier, by_name, unusable
from policy_gate.gate.reading import claims_of, find_manifests, identity_of, input_of, read_manifest
from policy_gate.manifest import Manifest
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import Digest, Tree, check_path, open_bundle

MAX_MANIFESTS = 10_000


def open_earlier_bundle(path: Path, source: str, patterns: Iterable[str]) -> Comparison:
    """The releases of a folder or an archive whose manifests match the patterns, or have a usual name; SourceError."""
    patterns = tuple(patterns)
    with ExitStack() as stack:
        try:
            tree = stack.enter_context(open_bundle(path))
            paths = find_manifests(tree, dict.fromkeys((*patterns, *ConfigSpec().manifests)))
        except (SourceError, EvidenceError) as error:
            raise unusable(source, error.problems[0].message, error.problems[0].hint) from error
        if not paths:
            raise unusable(source, "it holds no release manifest", f"looked for {', '.join(patterns)}")
        if len(paths) > MAX_MANIFESTS:
            raise unusable(source, f"it holds {len(paths)} manifests, and at most {MAX_MANIFESTS} are read")
        releases = by_name(source, (_earlier(tree, one, source) for one in paths))
        stack.pop_all()
    return Comparison(
        source=source,
        releases=releases,
        tree=tree,
        reopen=partial(open_earlier_bundle, path, source, patterns),
    )


def _earlier(tree: Tree, path: str, source: str) -> Earlier:
    try:
        manifest = read_manifest(tree, path)
    except GateError as error:
        raise unusable(source, f"its manifest cannot be read: {error.problems[0]}") from error
    return Earlier(
        identity=replace(identity_of(manifest, tree), source=source),
        claims=claims_of(manifest),
        given=replace(input_of("base", tree, manifest.document), source=source),
        manifest=manifest,
        tree=tree,
    )


def hold_bytes(earlier: Earlier) -> None:
    """Refuse an earlier release whose files are not those its manifest names; SourceError.

    A manifest is known by its digest. Files beside it that are not could be chosen so that every growth looks small.
    """
    if earlier.manifest is None or earlier.tree is None:
        return
    wanted = tuple(_named_files(earlier.manifest, earlier.given.source))
    found = earlier.tree.digests(dict(wanted))
    for path, digest in wanted:
        bytes_there = found[path]
        if isinstance(bytes_there, EvidenceError):
            raise unusable(earlier.given.source, f"{bytes_there.reason.value}: {bytes_there.detail}", bytes_there.fix)
        if bytes_there.sha256 != digest:
            raise unusable(earlier.given.source, f"'{path}' has other bytes than its manifest names")
        earlier.tree.memo(f"digest:{path}", partial(_kept, bytes_there))


def _named_files(manifest: Manifest, source: str) -> Iterator[tuple[str, str]]:
    for artifact in manifest.artifacts:
        if artifact.digest is None:
            raise unusable(source, f"its manifest does not name the digest of artifact '{artifact.id}'")
        try:
            relative = check_path(artifact.path)
        except EvidenceError as error:
            raise unusable(source, f"{error.reason.value}: {error.detail}") from error
        yield f"{manifest.folder}/{relative}" if manifest.folder else relative, artifact.digest


def _kept(digest: Digest) -> Digest:
    return digest
