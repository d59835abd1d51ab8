"""An explanation of one rule as frozen data: where its limits come from, and what decided about one release."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.model import Basis, Judgement, Mode, Place, ReleaseIdentity, Severity, Stage

SCHEMA = "policy-gate/explanation/v1alpha1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStep:
    """One place that gives a value, from the pack outward to the configuration; `holds` is the one in force."""

    value: object
    origin: str
    place: Place
    holds: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLimit:
    """One value that judges: a limit of the check (`name`), a parameter of the packs (`parameter`), or both.

    `value` is as a policy writes it; `steps` is empty for the check's own default. `stricter` says which way it
    tightens, "" where it has no direction. `floor` is what a pack of the organisation holds it to: one step or none.
    """

    name: str
    parameter: str
    value: object
    words: str
    kind: str
    stricter: str
    steps: tuple[ValueStep, ...]
    floor: tuple[ValueStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedCondition:
    """One `when` and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedException:
    """A waiver, an entry of the baseline or a `loosens` entry that speaks of the rule; `state` is that of today."""

    kind: str
    name: str
    state: str
    words: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedReading:
    """One place that an expression read, its value in short, whether it decided, and where it stands."""

    path: str
    value: str
    decided: bool
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedFormula:
    """One expression as it was evaluated: `answer` is true, false or unknown, and why where it is unknown.

    `side` says whose manifest it read: a condition is asked of this release and of its base.
    """

    side: str
    text: str
    answer: str
    readings: tuple[ExplainedReading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedFact:
    """The evidence that a subject was judged by, of this release or of its base: field by field, in short."""

    side: str
    name: str
    basis: Basis
    values: tuple[tuple[str, str], ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedWaiver:
    """A waiver of the rule for this release, and whether it covers one subject."""

    id: str
    covers: bool
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedJudgement:
    """What was decided about one subject, and everything it was decided by."""

    judgement: Judgement
    facts: tuple[ExplainedFact, ...] = ()
    assertion: tuple[ExplainedFormula, ...] = ()
    waivers: tuple[ExplainedWaiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRelease:
    """One release by the rule; `note` says why it was not judged by it, where there is no judgement."""

    release: ReleaseIdentity
    base_note: str
    stage: Stage
    today: str
    conditions: tuple[ExplainedFormula, ...]
    judgements: tuple[ExplainedJudgement, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """Everything there is to say about one rule; `releases` holds one where a manifest was named, else none.

    `decided_by` is the name of a check, or the text of an expression about each fact of the type `each`, if any.
    `absent` says why the rule is not part of the policy, where it is none. `waivable` says whether and how its failures
    can be waived. `rollout_days` are left until the mode changes to `mode_after`, 0 where it does not.
    """

    schema: str
    rule: str
    title: str
    severity: Severity
    mode: Mode
    mode_after: Mode
    mode_steps: tuple[ValueStep, ...]
    rollout_days: int
    stages: tuple[Stage, ...]
    floor: bool
    decided_by: str
    is_expression: bool
    each: str
    place: Place
    absent: str
    promise: str
    rationale: str
    remediation: str
    limits: tuple[ExplainedLimit, ...]
    ways: tuple[tuple[ExplainedCondition, ...], ...]
    exceptions: tuple[ExplainedException, ...]
    waivable: str
    releases: tuple[ExplainedRelease, ...]
