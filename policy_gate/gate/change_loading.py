"""The policies of two trees for comparing: as a run would load them, or as they are written where none can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from policy_gate.errors import EvidenceError, GateError, Problem, Reason
from policy_gate.frozen import dataclass
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES
from policy_gate.gate.trusted import LOCK_NAME, Configuration, PolicyFiles
from policy_gate.model import Stage
from policy_gate.policy.loading import Policy, PolicyRule
from policy_gate.policy.packs import BUILTIN, Setting
from policy_gate.policy.sources import SourceKind, parse_source
from policy_gate.policy.values import Value
from policy_gate.source import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The policies of one stage; `after` is None where nothing of the head's can be read, or where it is the same."""

    before: Policy
    after: Policy | None


def load_pairs(
    before: Configuration, after: Configuration, today: str
) -> tuple[dict[Stage, Pair], tuple[Problem, ...]]:
    """The policies of both trees by stage, and why the head's cannot be loaded; raises what the base's has wrong.

    Where every file that makes a policy is the same to the byte, the head's is the base's, and is not loaded.
    """
    pairs: dict[Stage, Pair] = {}
    problems: dict[Problem, None] = {}
    for stage in Stage:
        policy = load_unbound(before, stage, today)
        pairs[stage] = Pair(before=policy, after=None)
        if _are_same_files(before, after, policy):
            return pairs, ()  # packs are the same at every stage
        try:
            pairs[stage] = Pair(before=policy, after=_load_bound(after, stage, today))
        except GateError as error:
            problems |= dict.fromkeys(error.problems)
            pairs[stage] = Pair(before=policy, after=_as_written(after, stage, today))
    return pairs, tuple(problems)


def load_unbound(configuration: Configuration, stage: Stage, today: str) -> Policy:
    """A policy as a run of this day would load it; raises GateError."""
    return PolicyFiles(configuration, today).policy(configuration.spec.policy, stage)


def _load_bound(configuration: Configuration, stage: Stage, today: str) -> Policy:
    """As `load_unbound`, with everything bound: what cannot be bound cannot judge."""
    from policy_gate.gate.judge import Judges  # it knows every area; only a change of a policy pays

    policy = load_unbound(configuration, stage, today)
    Judges(policy, stage, today)
    return policy


def _as_written(configuration: Configuration, stage: Stage, today: str) -> Policy | None:
    """What a configuration would come to if everybody might loosen: for showing what it wants, never for judging."""
    spec = configuration.spec
    bare = spec.model_copy(update={"parameters": {}, "rules": {}, "loosens": (), "select": ()})
    try:
        files = PolicyFiles(replace(configuration, spec=bare), today)
        policy = files.policy(spec.policy, stage, complete=False)
    except GateError:
        return None
    return replace(
        policy,
        values=_values_as_written(policy.values, configuration),
        rules=tuple(_rules_as_written(policy.rules, configuration)),
        own_rules=tuple(_rules_as_written(policy.own_rules, configuration)),
    )


def _values_as_written(values: Mapping[str, Value], configuration: Configuration) -> dict[str, Value]:
    document = configuration.document
    given = configuration.spec.parameters if document is not None else {}
    written = dict(values)
    for name in values.keys() & given.keys():
        if document is not None:
            pointer = f"/spec/parameters/{name}"
            setting = Setting(value=given[name], document=document, pointer=pointer, origin="configuration")
            written[name] = replace(values[name], setting=setting)
    return written


def _rules_as_written(rules: Iterable[PolicyRule], configuration: Configuration) -> Iterator[PolicyRule]:
    for one in rules:
        overlay = configuration.spec.rules.get(one.rule.id)
        if overlay is None:
            yield one
        elif not overlay.remove:
            mode = overlay.mode or one.mode
            yield replace(one, mode=mode, mode_after=overlay.mode or one.mode_after)


def _are_same_files(before: Configuration, after: Configuration, policy: Policy) -> bool:
    # A permission to loosen may hang on a signature, which is another file and another key.
    if before.document is None or before.spec.loosens:
        return False
    sources = [parse_source(pack.name) for pack in policy.packs if not pack.name.startswith(BUILTIN)]
    packs = [before.beside(one.path) for one in sources if one.kind is SourceKind.PATH]
    return all(
        _content(before.tree, path) == _content(after.tree, path)
        for path in (before.document.path, before.beside(LOCK_NAME), *packs)
    )


def _content(tree: Tree, path: str) -> bytes | str:
    """The bytes of a file, or why there are none; two files that cannot be read are never the same."""
    try:
        return tree.read(path, MAX_DOCUMENT_BYTES)
    except EvidenceError as error:
        return "" if error.reason is Reason.NOT_IN_TREE else f"{tree.source}: {error.detail}"
