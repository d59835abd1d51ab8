"""The areas of the gate: binds check names of policies to functions, and their limits to types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from policy_gate.document import problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.policy.limits import bind_limits
from policy_gate.policy.loading import PolicyRule, place_of

if TYPE_CHECKING:
    from pydantic import BaseModel

    from policy_gate.area import Area, Check
    from policy_gate.manifest import SectionType
    from policy_gate.model import Fact, Place


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


# An area is imported only when a selected rule or a section of the manifest needs it.
AREAS: Mapping[str, Callable[[], Area]] = {
    "fingerprint": _fingerprint,
    "signature": _signature,
    "cost": _cost,
    "privacy": _privacy,
    "lineage": _lineage,
    "release": _release,
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
    """A rule of the policy with the check that decides and its typed limits (None where the check takes none).

    `limit_place` is where its first limit stands; None for a rule without limits.
    """

    policy_rule: PolicyRule
    check: Check
    limits: object
    limit_place: Place | None


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


def bind_rules(rules: Iterable[PolicyRule]) -> tuple[BoundRule, ...]:
    """Bind each rule to its check; raises PolicyError with every unknown check and every wrong limit."""
    bound: list[BoundRule] = []
    problems: list[Problem] = []
    for one in rules:
        check = find_check(one.rule.check_name)
        if check is None:
            message = f"there is no check '{one.rule.check_name}'"
            problems.append(
                problem(one.document, f"{one.pointer}/check", message, _nearest_checks(one.rule.check_name))
            )
            continue
        limits, wrong = _limits(one, check)
        problems.extend(wrong)
        bound.append(BoundRule(policy_rule=one, check=check, limits=limits, limit_place=_limit_place(one)))
    if problems:
        raise PolicyError(problems)
    return tuple(bound)


def find_check(name: str) -> Check | None:
    """The check of a name, or None: the caller says where the name stands."""
    owner = name.partition(".")[0]
    return area(owner).checks.get(name) if owner in AREAS else None


def _nearest_checks(name: str) -> str:
    import difflib  # only a misspelt policy pays for it

    known = [check for owner in AREAS for check in area(owner).checks]
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"checks: {', '.join(sorted(known))}"


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
