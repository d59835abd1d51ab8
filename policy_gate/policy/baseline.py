"""The baseline: findings that were there when the gate was adopted, which block only when they get worse."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from policy_gate.document import Limits, bind, join, problem
from policy_gate.errors import PolicyError, Problem, Reason, UsageError
from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Outcome, Record, ReleaseIdentity, Scalar
from policy_gate.policy.exceptions import is_number, number_words, read_day
from policy_gate.policy.pack import Items, PolicyModel
from policy_gate.policy.waiver_file import BASELINE_ID
from policy_gate.policy.waivers import UNWAIVABLE_AREAS, UNWAIVABLE_PREFIXES

if TYPE_CHECKING:
    from policy_gate.document import Document

API_VERSION = "policy-gate/v1alpha1"
MAX_FINDINGS = 20_000
LIMITS = Limits(max_bytes=16 * 1024 * 1024, max_nodes=500_000)
"""What a baseline file is loaded with: a finding takes 19 nodes and about 400 bytes."""

COVERED = (Outcome.FAIL, Outcome.UNKNOWN)
"""What may be known; an error is the gate's own failure, and never known."""

Text = Annotated[str, Field(max_length=8192)]
Measure: TypeAlias = str | bool | int | float | None


class KnownFinding(PolicyModel):
    """One finding as it was: told by its id, and everything that could get worse about it."""

    id: Annotated[Text, Field(min_length=1)]
    release: Annotated[Text, Field(min_length=1)]
    rule: Annotated[str, Field(min_length=1, max_length=64)]
    outcome: Literal["fail", "unknown"]
    reason: Annotated[Reason, Field(strict=False)] | None
    measured: Measure
    limit: Measure
    unit: Text
    message_digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Baseline(PolicyModel):
    """A baseline file: the day it was made, by which version of the tool, and the findings known on that day."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["Baseline"]
    made: Annotated[str, Field(max_length=10)]
    tool_version: Annotated[str, Field(min_length=1, max_length=64)]
    findings: Annotated[Items[KnownFinding], Field(max_length=MAX_FINDINGS)]


class KnownStatus(StrEnum):
    """What became of a known finding."""

    SAME = "still there"
    BETTER = "still there, and better than recorded"
    WORSE = "worse than recorded"
    GONE = "gone"
    NOT_JUDGED = "its rule is not judged here"
    NEVER_KNOWN = "of a rule that no baseline covers"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownState:
    """What became of one entry of the baseline; `id` is that of the finding."""

    id: str
    rule: str
    status: KnownStatus
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Judgements in their order, those that are known now waived; what became of each entry for this release."""

    judgements: tuple[Judgement, ...]
    states: tuple[KnownState, ...]


def load_baseline(document: Document) -> Baseline:
    """Read a baseline file; raises PolicyError with every problem and its place."""
    baseline = bind(document, Baseline, error=PolicyError)
    problems: list[Problem] = []
    try:
        read_day(baseline.made)
    except ValueError as error:
        problems.append(problem(document, "/made", f"made {error}"))
    for position, finding in enumerate(baseline.findings):
        if not finding.id.startswith(f"{finding.rule}:"):
            pointer = join("/findings", position, "id")
            problems.append(problem(document, pointer, f"the id is not one of a finding of {finding.rule}"))
    if problems:
        raise PolicyError(problems)
    return baseline


def make_baseline(records: Iterable[Record], protected: Collection[str] = ()) -> str:
    """Write the baseline of some records as JSON: sorted, a line a value, the same bytes for the same records.

    A finding whose number no file can hold is left out, and goes on blocking. Raises UsageError for no record, and for
    records that were judged with a baseline: their known findings would be lost from the new one.
    """
    made = list(records)
    if not made:
        raise UsageError("a baseline is made of at least one record")
    if any(judgement.waiver == BASELINE_ID for record in made for judgement in record.judgements):
        raise UsageError("a baseline is made of records that were judged without one")
    findings = [
        _finding_as_tree(record, judgement)
        for record in made
        for judgement in record.judgements
        if _may_be_known(judgement, protected) and _fits(judgement.measured) and _fits(judgement.limit)
    ]
    if len(findings) > MAX_FINDINGS:
        raise UsageError(f"there are {len(findings)} findings, and a baseline holds {MAX_FINDINGS}")
    tree = {
        "apiVersion": API_VERSION,
        "kind": "Baseline",
        "made": max(record.today for record in made),
        "tool_version": max(record.tool_version for record in made),
        "findings": sorted(findings, key=lambda one: json.dumps(one, sort_keys=True)),
    }
    return json.dumps(tree, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _fits(value: Scalar) -> bool:
    """Tell whether a document can hold a value: numbers there are finite, and whole ones have 64 bits."""
    if isinstance(value, float):
        return is_number(value)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _finding_as_tree(record: Record, judgement: Judgement) -> dict[str, Scalar]:
    return {
        "id": _id_of(judgement),
        "release": record.release.name,
        "rule": judgement.rule,
        "outcome": judgement.outcome.value,
        "reason": judgement.reason.value if judgement.reason else None,
        "measured": _carried(judgement.measured),
        "limit": _carried(judgement.limit),
        "unit": judgement.unit,
        "message_digest": _message_digest(judgement),
    }


def _id_of(judgement: Judgement) -> str:
    return str(_carried(judgement.finding_id))


def _carried(value: Scalar) -> Scalar:
    """Text as a file can carry it: half a surrogate pair, as in a name that is no text, stands as an escape."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def _message_digest(judgement: Judgement) -> str:
    content = judgement.message.encode("utf-8", "backslashreplace")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _may_be_known(judgement: Judgement, protected: Collection[str]) -> bool:
    return (
        judgement.outcome in COVERED
        and judgement.area not in UNWAIVABLE_AREAS
        and not _is_never_known(judgement.rule, protected)
    )


def _is_never_known(rule: str, protected: Collection[str]) -> bool:
    return rule.startswith(UNWAIVABLE_PREFIXES) or rule in protected


def apply_baseline(
    judgements: Sequence[Judgement], release: ReleaseIdentity, baseline: Baseline, protected: Collection[str]
) -> Known:
    """Turn the findings that are known, and no worse than recorded, into waived ones. Pure; never raises.

    An id that stands for several findings is known only where each of them is recorded exactly as it is.
    """
    recorded: dict[str, list[KnownFinding]] = {}
    for finding in baseline.findings:
        if finding.release == release.name:
            recorded.setdefault(finding.id, []).append(finding)
    present = _by_id(judgements, protected)
    compared = {
        finding_id: _compare(findings, present[finding_id])
        for finding_id, findings in recorded.items()
        if finding_id in present
    }
    judged_rules = {judgement.rule for judgement in judgements}
    return Known(
        judgements=tuple(_judged(one, compared, baseline.made, protected) for one in judgements),
        states=tuple(
            _state(findings[0], compared, judged_rules, protected) for _, findings in sorted(recorded.items())
        ),
    )


def _by_id(judgements: Iterable[Judgement], protected: Collection[str]) -> dict[str, list[Judgement]]:
    present: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if _may_be_known(judgement, protected):
            present.setdefault(_id_of(judgement), []).append(judgement)
    return present


@dataclass(frozen=True, slots=True)
class _Comparison:
    status: KnownStatus
    words: str

    @property
    def covers(self) -> bool:
        return self.status in (KnownStatus.SAME, KnownStatus.BETTER)


def _compare(recorded: Sequence[KnownFinding], present: Sequence[Judgement]) -> _Comparison:
    if len(recorded) == len(present) == 1:
        return _compare_one(recorded[0], present[0])
    # Which of several is which is not known: exactly the same ones, or fewer of them.
    more = Counter(map(_exactly, present)) - Counter(map(_exactly_recorded, recorded))
    if more:
        return _Comparison(KnownStatus.WORSE, "it stands for several findings, and one is not as recorded")
    return _Comparison(KnownStatus.SAME, "as recorded")


def _exactly(judgement: Judgement) -> tuple[object, ...]:
    numbers = _typed(judgement.measured), _typed(judgement.limit)
    return judgement.outcome.value, judgement.reason, *numbers, judgement.unit, _message_digest(judgement)


def _exactly_recorded(known: KnownFinding) -> tuple[object, ...]:
    numbers = _typed(known.measured), _typed(known.limit)
    return known.outcome, known.reason, *numbers, known.unit, known.message_digest


def _typed(value: Scalar) -> tuple[str, Scalar]:
    """Tell 1 from true, which Python calls equal."""
    return type(value).__name__, _carried(value)


def _compare_one(known: KnownFinding, now: Judgement) -> _Comparison:
    """Hold one finding against its record: by its number where it has one, else by every word of it."""
    if now.outcome.value != known.outcome or now.reason != known.reason:
        was = f"{known.outcome} ({known.reason})" if known.reason else known.outcome
        return _Comparison(KnownStatus.WORSE, f"it was {was} when it was recorded")
    if now.unit != known.unit:
        return _Comparison(KnownStatus.WORSE, f"it was measured in '{known.unit}' when it was recorded")
    if is_number(known.measured) and is_number(known.limit):
        return _compare_numbers(known.measured, known.limit, now)
    if _exactly(now) == _exactly_recorded(known):
        return _Comparison(KnownStatus.SAME, "as recorded")
    return _Comparison(KnownStatus.WORSE, "what it says is not what was recorded")


def _compare_numbers(recorded: float, recorded_limit: float, now: Judgement) -> _Comparison:
    """Neither the number nor its distance from the limit may grow: a looser limit is no room for a worse number."""
    measured, limit = now.measured, now.limit
    if not is_number(measured) or not is_number(limit):
        return _Comparison(KnownStatus.WORSE, f"it was {number_words(recorded)}, and now there is no number to compare")
    was = f"it was {number_words(recorded)} with the limit {number_words(recorded_limit)}"
    if measured == recorded and limit == recorded_limit:
        return _Comparison(KnownStatus.SAME, was)
    if measured == limit or recorded == recorded_limit or (measured > limit) is not (recorded > recorded_limit):
        return _Comparison(KnownStatus.WORSE, f"{was} when it was recorded: the direction is another")
    has_grown = measured > recorded if recorded > recorded_limit else measured < recorded
    if has_grown or _is_farther(measured, limit, recorded, recorded_limit):
        return _Comparison(KnownStatus.WORSE, f"{was} when it was recorded")
    return _Comparison(KnownStatus.SAME if measured == recorded else KnownStatus.BETTER, was)


def _is_farther(measured: float, limit: float, recorded: float, recorded_limit: float) -> bool:
    from fractions import Fraction  # exact, since a float takes neither every whole number nor every difference

    return abs(Fraction(measured) - Fraction(limit)) > abs(Fraction(recorded) - Fraction(recorded_limit))


def _judged(
    judgement: Judgement, compared: Mapping[str, _Comparison], made: str, protected: Collection[str]
) -> Judgement:
    found = compared.get(_id_of(judgement))
    if found is None or not _may_be_known(judgement, protected):
        return judgement
    if not found.covers:
        note = f"known since {made}, and worse: {found.words}"
        return replace(judgement, note=judgement.note or note)
    note = f"known since {made}: {found.words}; blocks when it gets worse"
    return replace(judgement, outcome=Outcome.WAIVED, waiver=BASELINE_ID, note=note)


def _state(
    known: KnownFinding, compared: Mapping[str, _Comparison], judged_rules: Collection[str], protected: Collection[str]
) -> KnownState:
    if _is_never_known(known.rule, protected):
        found = _Comparison(KnownStatus.NEVER_KNOWN, f"{known.rule} holds for everybody")
    elif known.id in compared:
        found = compared[known.id]
    elif known.rule in judged_rules:
        found = _Comparison(KnownStatus.GONE, "it is no finding any more: make the baseline again to keep it so")
    else:
        found = _Comparison(KnownStatus.NOT_JUDGED, f"{known.rule} is not judged here")
    return KnownState(id=known.id, rule=known.rule, status=found.status, message=found.words)
