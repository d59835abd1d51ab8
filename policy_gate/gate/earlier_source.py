"""Which record or bundle a run is to compare with: how it is named, and that no pull request can bring its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.errors import Problem, UsageError
from policy_gate.gate.earlier import NO_COMPARISON, Comparison
from policy_gate.source import git_root

if TYPE_CHECKING:
    from policy_gate.gate.request import Request

RECORD, BUNDLE = "record:", "bundle:"


def is_comparison(named: str) -> bool:
    """Whether a base is a record or a bundle; everything else is a revision."""
    return named.startswith((RECORD, BUNDLE))


def split_bases(named: Iterable[str]) -> tuple[str, str]:
    """The one revision and the one record or bundle among the bases a run was given, "" where there is none."""
    found: dict[bool, str] = {}
    for one in named:
        kind = is_comparison(one)
        if not one or one in (RECORD, BUNDLE):
            hint = "leave --base out where there is none"
            raise UsageError(Problem(f"--base '{one}' names nothing to compare with", hint=hint))
        if kind in found:
            what = "a record or a bundle to compare with" if kind else "a revision that judges"
            raise UsageError(Problem(f"--base names {what} twice: {found[kind]} and {one}"))
        found[kind] = one
    return found.get(False, ""), found.get(True, "")


def open_comparison(request: Request, patterns: Iterable[str]) -> Comparison:
    """Open what a request compares with beside git; raises GateError, and never takes what is not there for nothing."""
    if not request.compare:
        return NO_COMPARISON
    kind, _, named = request.compare.partition(":")
    if not is_comparison(request.compare) or not named:
        raise UsageError(Problem(f"'{request.compare}' is neither record:PATH nor bundle:PATH"))
    path = Path(os.path.realpath(named))
    if request.in_ci:
        _refuse_own(request, path)
    # Its folder differs from machine to machine, and the same inputs give the same bytes.
    source = f"{kind}:{path.name}"
    if f"{kind}:" == RECORD:
        from policy_gate.gate.earlier_record import open_record  # reading records back costs; only who asks pays

        return open_record(path, source)
    from policy_gate.gate.earlier_bundle import open_earlier_bundle

    return open_earlier_bundle(path, source, patterns)


def _refuse_own(request: Request, path: Path) -> None:
    """A pull request brings every file of its checkout: with one of them it would choose its own baseline."""
    for own in _own_places(request):
        if _is_within(path, own) or _is_within(own, path):
            message = f"--base {request.compare} is part of what is judged, so a pull request would choose its baseline"
            hint = "fetch it into a folder outside the checkout, such as the runner's temporary one: $RUNNER_TEMP"
            raise UsageError(Problem(message, hint=hint))


def _own_places(request: Request) -> Iterator[Path]:
    yield Path(os.path.realpath(request.root))
    yield from _enclosing(request.root)
    if request.tree.startswith(BUNDLE):
        yield Path(os.path.realpath(request.tree.removeprefix(BUNDLE)))


def _enclosing(root: Path) -> Iterator[Path]:
    """Every repository around a folder: that of a submodule, and those that hold it."""
    top = git_root(root)
    while top is not None:
        yield top
        top = git_root(top.parent) if top.parent != top else None


def _is_within(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies below it, by what the names stand for: a disk may not tell case apart."""
    try:
        status = folder.stat()
    except OSError:
        return path == folder or folder in path.parents
    for one in (path, *path.parents):
        try:
            if os.path.samestat(one.stat(), status):
                return True
        except OSError:
            continue  # what is not there is within nothing; the folders above it may be
    return False
