"""Chooses the finding that a waiver is wished for: exactly one, or a refusal that lists what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy_gate.errors import Problem, UsageError
from policy_gate.excepting.findings import Findings, Found
from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Outcome
from policy_gate.policy.exceptions import is_number, number_words
from policy_gate.policy.waivers import UNWAIVABLE_AREAS, UNWAIVABLE_PREFIXES, subject_words

SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a waiver would cover: every failure of one rule for one subject of one release, never none."""

    found: Found
    judgements: tuple[Judgement, ...]

    @property
    def worst(self) -> Judgement:
        """The failure farthest from its limit; raises UsageError where they cannot be accepted by one number."""
        first = self.judgements[0]
        if len(self.judgements) == 1 or not any(is_number(one.measured) for one in self.judgements):
            return first
        sides = {_side(one) for one in self.judgements}
        if len(sides) != 1 or None in sides:
            problems = [_listed(self.found, one) for one in self.judgements]
            what = f"one waiver would cover {len(self.judgements)} findings, and no one number accepts them all"
            raise UsageError([Problem(what), *problems])
        return max(self.judgements, key=_distance)


def _side(judgement: Judgement) -> tuple[bool, str] | None:
    """On which side of its limit a finding is, and in which unit; None for one without numbers."""
    measured, limit = judgement.measured, judgement.limit
    if not is_number(measured) or not is_number(limit) or measured == limit:
        return None
    return measured > limit, judgement.unit


def _distance(judgement: Judgement) -> float:
    measured, limit = judgement.measured, judgement.limit
    if not is_number(measured) or not is_number(limit):
        return 0
    return measured if measured > limit else -measured


def choose(findings: Findings, rule: str, subject: str) -> Chosen:
    """Find the failure of a rule, for a subject where one is named; raises UsageError unless there is exactly one."""
    _refuse_unwaivable(findings, rule)
    groups: dict[tuple[str, str], list[Judgement]] = {}
    for found, judgement in _of_rule(findings.releases, rule):
        words = subject_words(judgement.subject)
        if judgement.outcome is Outcome.FAIL and subject in ("", words):
            groups.setdefault((found.record.release.path, words), []).append(judgement)
    if not groups:
        raise _nothing_fails(findings, rule, subject)
    if len(groups) > 1:
        raise _several(findings, rule, groups)
    ((path, words), judgements) = groups.popitem()
    if not words:
        raise UsageError(f"no waiver can name '{judgements[0].subject}': two subjects could have these words")
    found = next(one for one in findings.releases if one.record.release.path == path)
    return Chosen(found=found, judgements=tuple(judgements))


def _of_rule(releases: Iterable[Found], rule: str) -> Iterator[tuple[Found, Judgement]]:
    return ((found, one) for found in releases for one in found.record.judgements if one.rule == rule)


def _refuse_unwaivable(findings: Findings, rule: str) -> None:
    chosen = next((one for one in (*findings.policy.rules, *findings.policy.own_rules) if one.rule.id == rule), None)
    area = chosen.rule.area if chosen is not None else ""
    if rule.startswith(UNWAIVABLE_PREFIXES) or area in UNWAIVABLE_AREAS:
        hint = "Rules about signatures, trust and changes of policy hold for everybody."
        raise UsageError(Problem(f"rule {rule} cannot be waived", hint=hint))
    if chosen is None:
        raise UsageError(Problem(f"the policy has no rule {rule}", hint=nearest(rule, _rule_ids(findings))))


def _rule_ids(findings: Findings) -> list[str]:
    return [one.rule.id for one in findings.policy.rules]


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint at what a misspelt word should have been."""
    import difflib

    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"


def _nothing_fails(findings: Findings, rule: str, subject: str) -> UsageError:
    """Say what the rule found instead of a failure."""
    judged = list(_of_rule(findings.releases, rule))
    if not judged:
        stages = next(" and ".join(one.rule.stages) for one in findings.policy.rules if one.rule.id == rule)
        what = f"{rule} judges nothing here: nothing is there to be waived"
        return UsageError([Problem(what, hint=f"it is judged at stage {stages}; see --stage"), *findings.problems])
    named = [pair for pair in judged if subject in ("", subject_words(pair[1].subject))]
    if not named:
        hint = nearest(subject, {subject_words(one.subject) for _, one in judged})
        return UsageError(Problem(f"{rule} judges no subject '{subject}'", hint=hint))
    doubtful = [pair for pair in named if pair[1].outcome in (Outcome.UNKNOWN, Outcome.ERROR)]
    if doubtful:
        what = f"{rule} does not fail: it could not be decided. A waiver covers fail; what is not known is not accepted"
        return UsageError([Problem(what), *_some(doubtful)])
    where = f" for {subject}" if subject else ""
    return UsageError(f"{rule} does not fail{where}: there is nothing to waive")


def _several(findings: Findings, rule: str, groups: Iterable[tuple[str, str]]) -> UsageError:
    wanted = set(groups)
    pairs = {
        key: (found, one)
        for found, one in _of_rule(findings.releases, rule)
        if (key := (found.record.release.path, subject_words(one.subject))) in wanted and one.outcome is Outcome.FAIL
    }
    what = f"{rule} fails {len(pairs)} times: name one manifest and one --subject, since a waiver is for one of them"
    return UsageError([Problem(what), *_some(list(pairs.values()))])


def _some(pairs: Sequence[tuple[Found, Judgement]]) -> Iterator[Problem]:
    yield from (_listed(*pair) for pair in pairs[:SHOWN])
    if len(pairs) > SHOWN:
        yield Problem(f"and {len(pairs) - SHOWN} more")


def _listed(found: Found, judgement: Judgement) -> Problem:
    place = judgement.place
    what = f"{judgement.outcome.value}: {judgement.message}"
    path = place.path or found.record.release.path
    return Problem(what, path, place.line, place.column, f'--subject "{subject_words(judgement.subject)}"')


def number_with_unit(number: object, unit: str) -> str:
    """A number for a reader, with its unit; text as it is."""
    shown = number_words(number) if is_number(number) else str(number)
    return f"{shown} {unit}" if unit else shown
