"""Loads one policy file as a run would, so that what is wrong or odd with it is known before a run needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from policy_gate.catalogue import BoundRule, bind_condition, bind_rules, find_check
from policy_gate.document import Document, load_json, problem
from policy_gate.errors import EvidenceError, GateError, PolicyError, Problem
from policy_gate.gate import read_document
from policy_gate.gate.exempting import read_exceptions
from policy_gate.gate.judge import Judges
from policy_gate.gate.trusted import Configuration, PolicyFiles, read_configuration, read_profiles
from policy_gate.model import Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.loading import PARAMETER, Policy, PolicyRule, parameters_used
from policy_gate.policy.packs import ALWAYS, builtin_content
from policy_gate.policy.unread import unread_parameters
from policy_gate.source import Tree
from policy_gate.workbench.linting_finding import Finding, Level
from policy_gate.workbench.linting_policy import (
    include_findings,
    lock_findings,
    permission_findings,
    selector_findings,
    stage_findings,
    waiver_findings,
)
from policy_gate.workbench.linting_rules import rule_findings, when_findings

__all__ = ["Finding", "Level", "lint_file"]

KINDS = ("PolicyPack", "PolicyConfig", "TrustFile", "WaiverList", "Baseline", "PolicyLock", "PolicyTest")


def lint_file(tree: Tree, path: str, today: str) -> tuple[Finding, ...]:
    """Decode a policy file and all it names; what could be loaded and is odd all the same is returned.

    Raises GateError with every problem that a run would refuse.
    """
    document = _document(tree, path)
    kind = document.root.get("kind") if isinstance(document.root, dict) else None
    if kind == "PolicyPack":
        # The rules about policies themselves are that by the name they are shipped under, wherever a copy lies.
        name = ALWAYS if document.content == builtin_content(ALWAYS) else path
        return _sorted(_lint_pack(tree, name, today))
    if kind == "PolicyConfig":
        return _sorted(_lint_configuration(tree, path, today))
    if kind == "WaiverList":
        from policy_gate.policy.waiver_file import load_waivers

        return _sorted(waiver_findings(load_waivers(document), today))
    _decode(document, kind)
    return ()


def _document(tree: Tree, path: str) -> Document:
    """A baseline may be larger than everything else; every other file is read as a run reads it."""
    from policy_gate.policy.baseline import LIMITS

    try:
        content = tree.read(path, LIMITS.max_bytes) if path.endswith(".json") else b""
        document = load_json(content, path, LIMITS) if content else None
    except (EvidenceError, GateError):
        document = None  # the usual way says what is wrong with it
    is_baseline = document is not None and document.get("/kind") == "Baseline"
    return document if document is not None and is_baseline else read_document(tree, path)


def _decode(document: Document, kind: object) -> None:
    if kind == "TrustFile":
        from policy_gate.areas.signature.trust import decode_trust

        decode_trust(document)
    elif kind == "PolicyLock":
        from policy_gate.policy.lock import decode_lock

        decode_lock(document)
    elif kind == "PolicyTest":
        from policy_gate.workbench.testing_file import load_tests

        load_tests(document)
    elif kind == "Baseline":
        from policy_gate.policy.baseline import load_baseline

        load_baseline(document)
    else:
        hint = "`policy-gate check` judges a release by its manifest" if kind == "ReleaseManifest" else ""
        raise PolicyError(problem(document, "/kind", f"kind must be one of {', '.join(KINDS)}", hint))


def _lint_pack(tree: Tree, name: str, today: str) -> Iterator[Finding]:
    """A pack alone is read as by a configuration at the top of the tree."""
    alone = Configuration(tree=tree, spec=ConfigSpec(), document=None, bootstrap=False, inputs=())
    policy = PolicyFiles(alone, today).policy((name,), None, complete=False)
    bound = bind_rules((rule for rule in policy.rules if not _is_open(rule)), policy.values)
    problems = list(unread_parameters(policy))
    conditions = [
        found for rule in policy.rules if _is_open(rule) for found in _open_conditions(rule, policy, problems)
    ]
    if problems:
        raise PolicyError(dict.fromkeys(problems))
    yield from rule_findings(bound)
    yield from conditions
    yield from include_findings(policy, _read_by(policy, bound))


def _open_conditions(rule: PolicyRule, policy: Policy, problems: list[Problem]) -> Iterator[Finding]:
    """The conditions of a rule whose limits nobody gave yet can be read all the same."""
    ways = [tuple(bind_condition(one, policy.values, problems) for one in way) for way in rule.ways]
    yield from when_findings(rule, [tuple(one for one in way if one is not None) for way in ways])


def _lint_configuration(tree: Tree, path: str, today: str) -> Iterator[Finding]:
    configuration = read_configuration(path, tree, from_base=False)
    files = PolicyFiles(configuration, today)
    judges = {stage: Judges(files.policy(configuration.spec.policy, stage), stage, today) for stage in Stage}
    files.trust()
    read_profiles(configuration)
    exceptions = read_exceptions(files)
    policy = judges[configuration.spec.stage].usual.policy
    bound = bind_rules((*policy.rules, *policy.own_rules), policy.values)
    yield from rule_findings(bound)
    for one in judges.values():
        yield from selector_findings(one.usual.policy)
    yield from permission_findings(policy)
    yield from stage_findings(configuration, policy.rules)
    yield from lock_findings(files.lock, policy)
    yield from include_findings(policy, _read_by(policy, bound))
    yield from waiver_findings(exceptions.waivers, today, policy)


def _read_by(policy: Policy, bound: Iterable[BoundRule]) -> set[str]:
    """The parameters that some rule of the policy reads, in a limit or in an expression."""
    paths = chain.from_iterable(formula.expression.paths for rule in bound for formula in rule.formulas)
    messages = (
        one.assertion.message for one in bound if one.assertion is not None and one.assertion.message is not None
    )
    read = {path[1] for path in (*paths, *chain.from_iterable(one.paths for one in messages)) if _is_parameter(path)}
    return read | {name for rule in (*policy.rules, *policy.own_rules) for _, name in parameters_used(rule.rule)}


def _is_parameter(path: tuple[str, ...]) -> bool:
    return len(path) > 1 and path[0] == "params"


def _is_open(rule: PolicyRule) -> bool:
    """Whether a rule whose check is known waits for a parameter of the configuration that will use the pack."""
    return find_check(rule.rule.check_name) is not None and any(
        isinstance(one.value, str) and PARAMETER.fullmatch(one.value) for one in rule.limits.values()
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, by file and line: both stages find the same."""
    return tuple(
        sorted(dict.fromkeys(findings), key=lambda one: (one.problem.path, one.problem.line, one.problem.column))
    )
