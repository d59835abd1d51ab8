"""The areas of the gate: binds check names of policies to functions, and their limits to types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from policy_gate.assertion import Assertion, Formula, Names, bind_formula, bind_message
from policy_gate.document import problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.policy.limits import bind_limits
from policy_gate.policy.loading import PolicyRule, parameters_used, place_of
from policy_gate.policy.packs import ALWAYS, Condition

if TYPE_CHECKING:
    from pydantic import BaseModel

    from policy_gate.area import Area, Check
    from policy_gate.manifest import SectionType
    from policy_gate.model import Fact, Place
    from policy_gate.policy.limits import Stricter
    from policy_gate.policy.values import Values


def _fingerprint() -> Area:
    from policy_gate.areas.fingerprint import AREA

    return AREA


def _signature() -> Area:
    from policy_gate.areas.signature import AREA

    return AREA


def _cost() -> Area:
    from policy_gate.areas.cost import AREA

    return AREA


def _privacy() -> Area:
    from policy_gate.areas.privacy import AREA

    return AREA


def _lineage() -> Area:
    from policy_gate.areas.lineage import AREA

    return AREA


def _release() -> Area:
    from policy_gate.areas.release import AREA

    return AREA


def _policy() -> Area:
    from policy_gate.areas.policy import AREA

    return AREA


# An area is imported only when a selected rule or a section of the manifest needs it.
AREAS: Mapping[str, Callable[[], Area]] = {
    "fingerprint": _fingerprint,
    "signature": _signature,
    "cost": _cost,
    "privacy": _privacy,
    "lineage": _lineage,
    "release": _release,
    "policy": _policy,
}

SECTION_OWNERS: Mapping[str, str] = {
    "attestations": "signature",
    "certification": "release",
    "compatibility": "release",
    "cost": "cost",
    "documents": "release",
    "fingerprints": "fingerprint",
    "lineage": "lineage",
    "privacy": "privacy",
    "quality": "release",
    "rollback": "release",
    "signing": "signature",
    "telemetry": "privacy",
}
"""Which area owns which top-level key of the manifest; a test holds it equal to what the areas say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRule:
    """A rule of the policy with what decides it: a check with its typed limits, or an assertion.

    `limit_place` is where its first limit stands; None for a rule without limits. `ways` are the conditions under
    which the rule applies: all of any one way; none at all means always.
    """

    policy_rule: PolicyRule
    check: Check | None
    limits: object
    limit_place: Place | None
    assertion: Assertion | None = None
    ways: tuple[tuple[Formula, ...], ...] = ()

    @property
    def area(self) -> str:
        """The area that findings belong to; what reads signatures or exceptions belongs to theirs, to be unwaivable."""
        if self.check is None:
            read = {kind.name.partition(".")[0] for kind in (*self.needs, *self.base_needs)}
            for guarded in ("signature", "policy"):
                if guarded in read:
                    return guarded
        return self.policy_rule.rule.area

    @property
    def judges(self) -> type[Fact] | None:
        """The fact type each of whose facts is judged; None for a rule about the release as a whole."""
        if self.check is not None:
            return self.check.judges
        return self.assertion.each if self.assertion is not None else None

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Every expression of the rule."""
        asserted = (self.assertion.formula,) if self.assertion is not None else ()
        return (*asserted, *(formula for way in self.ways for formula in way))

    @property
    def needs(self) -> tuple[type[Fact], ...]:
        """Every fact type the rule needs of the release."""
        read = tuple(kind for formula in self.formulas for kind in formula.facts)
        return (self.judges, *read) if self.judges is not None else read

    @property
    def base_needs(self) -> tuple[type[Fact], ...]:
        """Every fact type the rule needs of the base release."""
        asked = tuple(kind for way in self.ways for formula in way for kind in formula.facts)
        # A condition is asked of the base too, so what it reads of the release is needed of the base.
        read = (*asked, *(kind for formula in self.formulas for kind in formula.base_facts))
        if self.judges is None or not (self.check is None or self.check.against_base):
            return read
        return (self.judges, *read)


@cache
def area(name: str) -> Area:
    """Import one area."""
    return AREAS[name]()


def sections() -> dict[str, SectionType]:
    """Every manifest section with the function that imports its claims model."""

    def lazy(key: str, owner: str) -> SectionType:
        def section_type() -> type[BaseModel]:
            return area(owner).sections[key]()

        return section_type

    return {key: lazy(key, owner) for key, owner in SECTION_OWNERS.items()}


@cache
def fact_types() -> Mapping[str, type[Fact]]:
    """Every fact type of every area by its name, for reading records back."""
    return {kind.name: kind for name in AREAS for kind in area(name).fact_types}


def bind_rules(rules: Iterable[PolicyRule], values: Values | None = None) -> tuple[BoundRule, ...]:
    """Bind each rule to its check or expression, which may read the parameters in `values`.

    Raises PolicyError with every unknown check, every wrong limit and every wrong expression.
    """
    bound: list[BoundRule] = []
    problems: list[Problem] = []
    for one in rules:
        decided = _by_assertion(one, values or {}, problems) if one.rule.assertion else _by_check(one, values, problems)
        if decided is not None:
            bound.append(decided)
    if problems:
        raise PolicyError(problems)
    return tuple(bound)


def _by_check(one: PolicyRule, values: Values | None, problems: list[Problem]) -> BoundRule | None:
    check = find_check(one.rule.check_name)
    if check is None:
        message = f"there is no check '{one.rule.check_name}'"
        problems.append(problem(one.document, f"{one.pointer}/check", message, _nearest_checks(one.rule.check_name)))
        return None
    if check.judges in area(one.rule.area).own_facts and one.document.path != f"{ALWAYS}.yaml":
        message = f"check '{one.rule.check_name}' judges policies themselves, which only {ALWAYS} does"
        problems.append(problem(one.document, f"{one.pointer}/check", message, f"include {ALWAYS} to raise its modes"))
        return None
    limits, wrong = _limits(one, check)
    problems.extend(wrong)
    problems.extend(_wrong_directions(one, check, values or {}))
    return BoundRule(
        policy_rule=one,
        check=check,
        limits=limits,
        limit_place=_limit_place(one),
        ways=_ways(one, values or {}, problems),
    )


def _by_assertion(one: PolicyRule, values: Values, problems: list[Problem]) -> BoundRule | None:
    rule = one.rule
    each = fact_types().get(rule.each) if rule.each else None
    if rule.each and each is None:
        near = _nearest(rule.each, fact_types())
        problems.append(problem(one.document, f"{one.pointer}/each", f"there is no fact type '{rule.each}'", near))
        return None
    names = Names(fact_types(), tuple(values))
    asserted = Condition(text=rule.assertion or "", document=one.document, pointer=f"{one.pointer}/assert")
    formula = bind_formula(asserted, names, problems, each)
    said = Condition(text=rule.message or "", document=one.document, pointer=f"{one.pointer}/message")
    message = bind_message(said, names, problems, each) if rule.message else None
    if formula is None:
        return None
    return BoundRule(
        policy_rule=one,
        check=None,
        limits=None,
        limit_place=place_of(one.document, f"{one.pointer}/assert", "policy"),
        assertion=Assertion(formula=formula, message=message, each=each),
        ways=_ways(one, values, problems),
    )


def _ways(one: PolicyRule, values: Values, problems: list[Problem]) -> tuple[tuple[Formula, ...], ...]:
    if not one.ways:
        return ()
    ways = []
    for way in one.ways:
        formulas = [bind_condition(condition, values, problems) for condition in way]
        ways.append(tuple(formula for formula in formulas if formula is not None))
    return tuple(ways)


def bind_condition(condition: Condition, values: Values, problems: list[Problem]) -> Formula | None:
    """Bind one `when`; what is wrong is added to `problems`."""
    names = Names(fact_types(), tuple(values))
    return bind_formula(condition, names, problems)


def direction_of(check_name: str, limit_name: str) -> Stricter:
    """Which way a limit of a check tightens; "" for what has no direction or does not exist."""
    check = find_check(check_name)
    if check is None or check.limits is None:
        return ""
    directions: dict[str, Stricter] = {one.name: one.metadata["stricter"] for one in fields(check.limits)}
    return directions.get(limit_name, "")


def _wrong_directions(one: PolicyRule, check: Check, values: Values) -> Iterator[Problem]:
    """A parameter that says it tightens another way than the limit it fills would turn loosening into tightening."""
    if check.limits is None:
        return
    for limit_name, parameter_name in parameters_used(one.rule):
        value = values.get(parameter_name)
        wanted = direction_of(one.rule.check_name, limit_name)
        if value is not None and value.parameter.stricter != wanted:
            said = value.parameter.stricter or "no direction"
            message = (
                f"parameter '{parameter_name}' says stricter: {said}; the limit '{limit_name}' has {wanted or 'none'}"
            )
            yield problem(value.document, value.pointer, message)


def find_check(name: str) -> Check | None:
    """The check of a name, or None: the caller says where the name stands."""
    owner = name.partition(".")[0]
    return area(owner).checks.get(name) if owner in AREAS else None


def _nearest_checks(name: str) -> str:
    return _nearest(name, [check for owner in AREAS for check in area(owner).checks])


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib  # only a misspelt policy pays for it

    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}"


def _limit_place(one: PolicyRule) -> Place | None:
    for setting in one.limits.values():
        return place_of(setting.document, setting.pointer, "policy")
    return None


def _limits(one: PolicyRule, check: Check) -> tuple[object, list[Problem]]:
    given = {name: setting.value for name, setting in one.limits.items()}
    if check.limits is None:
        if not given:
            return None, []
        return None, [problem(one.document, f"{one.pointer}/check", f"check '{one.rule.check_name}' takes no limits")]
    limits, wrong = bind_limits(check.limits, given)
    problems = []
    for name, message in wrong:
        setting = one.limits.get(name)
        if setting is None:
            problems.append(problem(one.document, f"{one.pointer}/check", message))
        else:
            problems.append(problem(setting.document, setting.pointer, message))
    return limits, problems
