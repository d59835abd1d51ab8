"""Policy test files: cases that patch a record and say what the policy must answer; whatever is unclear is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from policy_gate.document import bind_problems, join, problem
from policy_gate.errors import PolicyError, Problem, Reason
from policy_gate.model import Outcome, Stage
from policy_gate.policy.exceptions import read_day, short
from policy_gate.policy.pack import FactName, Items, PolicyModel, RuleId, Words

if TYPE_CHECKING:
    from policy_gate.document import Document

MAX_CASES = 2000
ALL = "all"
"""The expectation about every rule that a case does not name."""

Text = Annotated[str, Field(min_length=1, max_length=1024)]


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError(f"'{short(text)}' is no JSON pointer such as /artifacts/0")
    return text


def _rule_or_all(text: str) -> str:
    if text != ALL and not re.fullmatch(r"[A-Z][A-Z0-9]{1,11}-[0-9]{3}", text):
        raise ValueError(f"'{short(text)}' is neither a rule id such as COST-002, nor `all`")
    return text


Pointer = Annotated[str, Field(max_length=1024), AfterValidator(_pointer)]
ExpectedRule = Annotated[str, AfterValidator(_rule_or_all)]
RulePattern = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9]{1,11}-([0-9]{3}|\*)$", description="a rule id, or all of a prefix: COST-*")
]
# Any text: that it is a day is said at its place, with the other problems of the file.
DayWord = Annotated[str, Field(max_length=64)]
OutcomeWord = Annotated[Outcome, Field(strict=False)]
Judged = Literal["pass", "fail", "unknown", "waived", "not_applicable"]


class FactPatch(PolicyModel):
    """One fact of the record changed, added or taken out; `at` tells two facts about one subject apart."""

    fact: FactName
    subject: Text
    at: Pointer | None = None
    # `set` is a word of Python's own, so that the field has another name than the key.
    values: Annotated[dict[str, Any] | None, Field(alias="set", min_length=1)] = None  # Any: read by the fact's type
    add: dict[str, Any] | None = None  # Any: as above
    remove: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if sum(one is not None for one in (self.values, self.add, self.remove)) != 1:
            raise ValueError("a patch has one of `set`, `add` and `remove: true`")
        return self


class MissingPatch(PolicyModel):
    """One fact of the record turned into a missing one, with the reason a collector would give."""

    fact: FactName
    subject: Text
    at: Pointer | None = None
    reason: Annotated[Reason, Field(strict=False)]
    detail: str = "taken out by the test"


class StatedFact(PolicyModel):
    """One fact about the policy itself, such as a change of it or a waiver: no record holds any."""

    fact: Annotated[str, Field(pattern=r"^policy\.[a-z0-9_]+$", description="policy.fact")]
    subject: Text
    add: dict[str, Any]  # Any: read by the fact's type


class Patches(PolicyModel):
    """What is changed of one side of a record: the release, or its base."""

    claims: Annotated[dict[Pointer, Any], Field(default_factory=dict)]  # Any: a claim is whatever a manifest holds
    facts: Items[FactPatch] = ()
    missing: Items[MissingPatch] = ()


class Expectation(PolicyModel):
    """What one rule must answer: the gravest of its outcomes, and where, why, about what, by which waiver.

    `blocks` is whether the release is blocked by it, which its mode decides.
    """

    outcome: OutcomeWord
    at: Pointer | Annotated[int, Field(ge=1)] | None = None
    reason: Annotated[Reason, Field(strict=False)] | None = None
    subject: Text | None = None
    waiver: Text | None = None
    blocks: bool | None = None


Expected = OutcomeWord | Expectation | Annotated[tuple[Expectation, ...], Field(strict=False, min_length=1)]


class Case(Patches):
    """One case: a record with patches, the exceptions that hold, and the answers that are expected."""

    name: Words
    record: Text | None = None
    now: DayWord | None = None
    stage: Annotated[Stage, Field(strict=False)] | None = None
    base: Patches | Literal["none", "first", "broken"] | None = None
    waivers: Text | None = None
    baseline: Text | None = None
    states: Items[StatedFact] = ()
    expect: Annotated[dict[ExpectedRule, Expected], Field(min_length=1)]
    todo: bool = False


class Defaults(PolicyModel):
    """What a case has that does not say otherwise."""

    record: Text | None = None
    now: DayWord | None = None
    stage: Annotated[Stage, Field(strict=False)] | None = None


class Cannot(PolicyModel):
    """An outcome that a rule never has, or an answer that a branch never gives, and why; a case may contradict it."""

    rule: RuleId
    outcome: Judged | None = None
    branch: Text | None = None
    never: bool | None = None
    reason: Words

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.outcome is None) is (self.branch is None) or (self.branch is None) is not (self.never is None):
            raise ValueError("it names either an `outcome`, or a `branch` with `never: true` or `never: false`")
        return self


class Coverage(PolicyModel):
    """What the cases must reach: outcomes of each rule, and percent of the branches of assertions, both ways.

    Without `rules` it is every rule of the policy; the rules about policies only where `builtin:policy` is named.
    """

    each_rule: Items[Judged] = ()
    branches: Annotated[int, Field(ge=0, le=100)] = 0
    rules: Annotated[tuple[RulePattern, ...], Field(strict=False, min_length=1)] | None = None
    cannot: Items[Cannot] = ()


class PolicyTest(PolicyModel):
    """A test file: the policy by its packs or by a configuration, and the cases it is held to."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["PolicyTest"]
    policy: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] | None = None
    config: Text | None = None
    defaults: Defaults = Defaults()
    coverage: Coverage = Coverage()
    cases: Annotated[tuple[Case, ...], Field(strict=False, min_length=1, max_length=MAX_CASES)]

    @model_validator(mode="after")
    def _one_policy(self) -> Self:
        if (self.policy is None) is (self.config is None):
            raise ValueError("a test has either `policy` or `config`")
        return self


def load_tests(document: Document) -> PolicyTest:
    """Read a test file; raises PolicyError with every problem and its place."""
    bound, unbound = bind_problems(document, PolicyTest)
    if bound is None:
        raise PolicyError(unbound)
    problems = tuple(_problems(document, bound))
    if problems:
        raise PolicyError(problems)
    return bound


def _problems(document: Document, test: PolicyTest) -> Iterator[Problem]:
    names: dict[str, int] = {}
    if test.defaults.now is not None:
        yield from _day_problems(document, "/defaults/now", test.defaults.now)
    for position, case in enumerate(test.cases):
        pointer = join("/cases", position)
        first = names.setdefault(case.name, position)
        if first != position:
            yield problem(document, join(pointer, "name"), f"cases[{first}] has this name already")
        if case.now is not None:
            yield from _day_problems(document, join(pointer, "now"), case.now)
        if case.record is None and test.defaults.record is None:
            yield problem(document, pointer, "the case names no record, and the defaults none either")
        if ALL in case.expect and case.expect[ALL] is not Outcome.PASS:
            message = "`all` may only be `pass`: every rule that is not named passes or does not apply"
            yield problem(document, join(pointer, "expect", ALL), message)


def _day_problems(document: Document, pointer: str, day: str) -> Iterator[Problem]:
    try:
        read_day(day)
    except ValueError as error:
        yield problem(document, pointer, str(error))


def expectations(expected: object) -> tuple[Expectation, ...]:
    """What is expected of one rule, as written or as one word."""
    if isinstance(expected, Outcome):
        return (Expectation(outcome=expected),)
    if isinstance(expected, Expectation):
        return (expected,)
    return expected if isinstance(expected, tuple) else ()
