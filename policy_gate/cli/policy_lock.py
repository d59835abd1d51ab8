"""The `policy lock` and `policy fetch` commands: pins of packs, and the packs of other places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_gate.pinning import Change, Pinned, Plan
    from policy_gate.policy.lock import LockEntry

CONFIG = click.option(
    "--config", default="", metavar="FILE", help="Configuration; default: policy-gate.yaml at the top."
)
GIT_ATTRIBUTES = "packs/*.yaml -text\n"  # else git on Windows changes line ends, and with them digests


@click.command("lock", short_help="Pin packs by their digests; no network.")
@CONFIG
@click.option("--floor", multiple=True, metavar="PACK", help="From now on PACK is always part of the policy.")
@click.option("--no-floor", multiple=True, metavar="PACK", help="From now on PACK may be left out and loosened.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the lock is not what it should be.")
def lock(config: str, floor: tuple[str, ...], no_floor: tuple[str, ...], *, check: bool) -> int:
    """Pin every shipped and local pack as it is now, and keep the pins of fetched ones; no network is used."""
    from policy_gate.errors import UsageError
    from policy_gate.gate import default_root
    from policy_gate.pinning import plan_lock, read_pinned_policy
    from policy_gate.source import open_working_tree

    if check and (floor or no_floor):
        raise UsageError("--check writes nothing, so that it takes no --floor and no --no-floor")
    root = default_root(Path.cwd())
    with open_working_tree(root) as tree:
        pinned = read_pinned_policy(tree, _config_path(config, root))
        plan = plan_lock(pinned, floor, no_floor)
    _show(plan.changes)
    if _is_current(pinned, plan):
        click.echo(f"{pinned.lock_path} is up to date")
        return 0
    if check:
        click.echo(f"{pinned.lock_path} is stale: run `policy-gate policy lock`", err=True)
        return 1
    _write({}, root, pinned, plan)
    return 0


@click.command("fetch", short_help="Fetch packs of other places; the one command with a network.")
@CONFIG
@click.option("--update", is_flag=True, help="Fetch everything anew and pin what comes.")
@click.option("--vendor", is_flag=True, help="Store packs in .policy-gate/packs, to be committed.")
@click.option("--base", default="", metavar="REVISION", help="Fetch what the lock of this revision pins.")
@click.option("--allow-file", is_flag=True, help="Permit git+file:// sources, for mirrors on this machine.")
def fetch(config: str, base: str, *, update: bool, vendor: bool, allow_file: bool) -> int:
    """Fetch the packs of other places, compare them with the lock and store them; the one command that uses a network.

    A pack that the lock does not name yet is pinned. Bytes other than the pinned ones are refused, unless --update.
    """
    from policy_gate.errors import UsageError
    from policy_gate.fetching import Fetcher
    from policy_gate.gate import default_root
    from policy_gate.pinning import plan_fetch, read_pinned_policy
    from policy_gate.source import open_revision, open_working_tree

    if base and (update or vendor):
        raise UsageError("--base only fills the cache, so that it takes no --update and no --vendor")
    root = default_root(Path.cwd())
    tree = open_revision(root, base, as_base=True) if base else open_working_tree(root)
    with tree, Fetcher(allow_file=allow_file) as fetcher:
        pinned = read_pinned_policy(tree, _config_path(config, root))
        plan = plan_fetch(pinned, fetcher, update=update)
    if base and plan.changes:
        raise UsageError(f"{base} does not pin {', '.join(change.source for change in plan.changes)}")
    _show(plan.changes)
    _write(_files(plan.contents, pinned, root if vendor else None), root, pinned, plan)
    _say_stored(plan, vendor=vendor)
    return 0


def _config_path(config: str, root: Path) -> str:
    from policy_gate.cli.paths import inside
    from policy_gate.gate import CONFIG_NAME

    return inside(config, root) if config else CONFIG_NAME


def _is_current(pinned: Pinned, plan: Plan) -> bool:
    return not plan.changes and pinned.lock.document is not None


def _files(contents: Mapping[str, bytes], pinned: Pinned, root: Path | None) -> dict[Path, bytes]:
    """Where fetched packs are stored: beside the configuration below `root`, else in the user's cache."""
    from policy_gate.policy.store import VENDORED_FOLDER, stored_path, vendored_path

    if not contents:
        return {}
    if root is None:
        cache = pinned.cache_folder()
        _make_folder(cache / "packs")
        return {cache / stored_path(digest): content for digest, content in contents.items()}
    folder = root
    for part in pinned.beside(VENDORED_FOLDER).split("/"):
        folder /= part
        _refuse_link(folder)
    _make_folder(folder)
    files = {root / pinned.beside(vendored_path(digest)): content for digest, content in contents.items()}
    attributes = folder.parent / ".gitattributes"
    return files if attributes.exists() else {attributes: GIT_ATTRIBUTES.encode(), **files}


def _refuse_link(folder: Path) -> None:
    from policy_gate.errors import Problem, UsageError

    if folder.is_symlink():  # what is written below it would land outside the tree
        raise UsageError(Problem("is a link, and is not written to", str(folder)))


def _make_folder(folder: Path) -> None:
    from policy_gate.errors import Problem, UsageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(Problem(f"cannot be made: {error.strerror}", str(folder))) from error


def _write(files: Mapping[Path, bytes], root: Path, pinned: Pinned, plan: Plan) -> None:
    """Write packs, then the lock that names them; when one fails, those that were new are removed again."""
    from policy_gate.cli.writing import write_whole
    from policy_gate.errors import UsageError
    from policy_gate.policy.lock import encode_lock

    made: list[Path] = []
    try:
        for path, content in files.items():
            if _holds(path, content):
                continue
            if not path.exists():
                made.append(path)
            write_whole(path, content.decode("utf-8"))
        if not _is_current(pinned, plan) and (plan.entries or pinned.lock.document is not None):
            write_whole(root / pinned.lock_path, encode_lock(plan.entries))
            click.echo(f"wrote {pinned.lock_path}: have it reviewed like a change of the rules")
    except UsageError:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _holds(path: Path, content: bytes) -> bool:
    """Whether a plain file already has these bytes."""
    try:
        return not path.is_symlink() and path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _say_stored(plan: Plan, *, vendor: bool) -> None:
    if not plan.contents:
        click.echo("no pack comes from another place: there is nothing to fetch")
        return
    count = f"{len(plan.contents)} pack{'' if len(plan.contents) == 1 else 's'}"
    click.echo(f"{count} verified and stored in {'.policy-gate/packs: commit that folder' if vendor else 'the cache'}")


def _show(changes: tuple[Change, ...]) -> None:
    """A table of pins: what they were and what they become."""
    from policy_gate.report.cells import width
    from policy_gate.report.escaping import safe

    if not changes:
        return
    rows = [("pack", "old", "new", "")]
    rows += [(safe(one.source), _pin(one.old), _pin(one.new), safe(one.words)) for one in changes]
    columns = [max(width(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [row[column] + " " * (columns[column] - width(row[column])) for column in range(3)]
        click.echo("  ".join((*cells, row[3])).rstrip())


def _pin(entry: LockEntry | None) -> str:
    if entry is None:
        return "-"
    commit = f" @{entry.revision[:12]}" if entry.revision else ""
    return f"{entry.digest[:19]}{commit}{' floor' if entry.floor else ''}"
