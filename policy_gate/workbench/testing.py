"""Runs policy tests: each case judges a patched record by the policy, and is held to what it expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.catalogue import AREAS, area, bind_rules, fact_types
from policy_gate.document import Document, join, problem
from policy_gate.engine import Exempt, Exempted, base_of, replay
from policy_gate.errors import GateError, PolicyError, Problem, SourceError
from policy_gate.gate import MAX_DOCUMENT_BYTES, read_document
from policy_gate.model import Place
from policy_gate.policy.loading import place_of
from policy_gate.tested import CaseResult, CaseState, FileResult
from policy_gate.workbench.coverage import Ledger, covered
from policy_gate.workbench.testing_expect import held
from policy_gate.workbench.testing_file import ALL, load_tests
from policy_gate.workbench.testing_patch import patched, stated
from policy_gate.workbench.testing_policy import Bench

if TYPE_CHECKING:
    from policy_gate.area import FactBook
    from policy_gate.model import Fact, Judgement, Record
    from policy_gate.policy.loading import Policy
    from policy_gate.source import Tree
    from policy_gate.workbench.testing_file import Case, PolicyTest

KIND = "PolicyTest"
SUFFIXES = (".yaml", ".yml", ".json")


def find_tests(tree: Tree, names: Iterable[str]) -> tuple[str, ...]:
    """The test files among the given paths: a file is taken as it is, a folder is searched for files of this kind.

    Raises GateError for a name that is neither, and for a folder without tests.
    """
    found: dict[str, None] = {}
    for name in names:
        if tree.exists(name):
            found[name] = None
            continue
        below = [entry.path for entry in tree.list("" if name == "." else name) if entry.path.endswith(SUFFIXES)]
        tests = [path for path in below if _is_test(tree, path)]
        if not tests:
            raise SourceError(Problem(f"there is no test file here (kind: {KIND})", name))
        found |= dict.fromkeys(tests)
    return tuple(found)


def _is_test(tree: Tree, path: str) -> bool:
    """Whether a file says that it is a test; what cannot be read is taken for one, so that it is not passed over."""
    if tree.size_hint(path) > MAX_DOCUMENT_BYTES:
        return False  # a record; no test file may be so large
    try:
        if KIND.encode() not in tree.read(path, MAX_DOCUMENT_BYTES):
            return False
        root = read_document(tree, path).root
    except GateError:
        return True
    return isinstance(root, dict) and root.get("kind") == KIND


def run_tests(tree: Tree, path: str) -> FileResult:
    """Run one test file; what cannot be run is told by its problems, never raised."""
    try:
        document = read_document(tree, path)
        return _Run(tree, document, load_tests(document)).run()
    except GateError as error:
        return FileResult(path=path, problems=error.problems)


class _Run:
    """One test file at work."""

    def __init__(self, tree: Tree, document: Document, test: PolicyTest) -> None:
        self._document = document
        self._test = test
        self._ledger = Ledger()
        self._bench = Bench(tree, document, test)

    def run(self) -> FileResult:
        cases: list[CaseResult] = []
        problems: list[Problem] = []
        for position, case in enumerate(self._test.cases):
            try:
                cases.append(self._case(case, position))
            except GateError as error:
                problems.extend(error.problems)
        if problems:
            raise PolicyError(dict.fromkeys(problems))
        policy = self._bench.policy
        bound = bind_rules((*policy.rules, *policy.own_rules), policy.values)
        coverage = covered(self._ledger, policy, bound, self._test.coverage, self._document)
        return FileResult(
            path=self._document.path, cases=tuple(cases), rules=coverage.rules, findings=coverage.findings
        )

    def _case(self, case: Case, position: int) -> CaseResult:
        pointer = join("/cases", position)
        record = patched(self._bench.record(case, pointer), case, self._document, pointer, fact_types())
        found = held(case, self._judged(case, record, pointer).judgements, lambda path: self._place(pointer, path))
        if found.misses:
            state = CaseState.KNOWN_GAP if case.todo else CaseState.FAILED
        else:
            state = CaseState.GAP_CLOSED if case.todo else CaseState.HELD
        if state is CaseState.HELD:
            self._ledger.keep(found.reached)
        place = self._place(pointer, ("name",))
        return CaseResult(name=case.name, number=position + 1, state=state, place=place, misses=found.misses)

    def _judged(self, case: Case, record: Record, pointer: str) -> Record:
        today = self._bench.today(record, case)
        judge = self._bench.judges(record.stage, today).of(record.claims, base_of(record))
        self._refuse_unknown_rules(case, pointer, judge.policy)
        exceptions = self._bench.exceptions(case, pointer, today)
        exempt = None if exceptions is None else exceptions.for_release(record.release, judge.policy)
        states = stated(record, case, self._document, pointer, _own_facts())
        self._ledger.start()
        return replay(
            record,
            self._ledger.observed(judge.rules),
            own_rules=judge.own_rules,
            parameters=judge.parameters,
            policy_names=judge.policy.names,
            exempt=_with_states(exempt, states),
            today=today,
        )

    def _refuse_unknown_rules(self, case: Case, pointer: str, policy: Policy) -> None:
        known = {one.rule.id for one in (*policy.rules, *policy.own_rules)}
        problems = [
            problem(self._document, join(pointer, "expect", rule), f"the policy has no rule {rule}", _near(rule, known))
            for rule in case.expect
            if rule not in (ALL, *known)
        ]
        if problems:
            raise PolicyError(problems)

    def _place(self, pointer: str, path: tuple[str | int, ...]) -> Place:
        return place_of(self._document, join(pointer, *path), "test")


def _own_facts() -> dict[str, type[Fact]]:
    """The fact types about policies themselves, by name: no collector gives them."""
    return {kind.name: kind for name in AREAS for kind in area(name).own_facts}


def _with_states(exempt: Exempt | None, states: Sequence[Fact]) -> Exempt | None:
    """Exceptions as they are, and beside them what a case states about the policy."""
    if not states:
        return exempt

    def exempted(judgements: tuple[Judgement, ...], facts: FactBook) -> Exempted:
        found = Exempted(judgements=judgements) if exempt is None else exempt(judgements, facts)
        return replace(found, states=(*found.states, *states))

    return exempted


def _near(rule: str, known: Iterable[str]) -> str:
    import difflib  # only a misspelt test pays for it

    near = difflib.get_close_matches(rule, sorted(known), n=1)
    return f"did you mean {near[0]}?" if near else ""
