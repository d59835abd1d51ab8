"""Waivers: the one function that decides whether a reviewed, expiring exception covers a finding; pure and total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from policy_gate.frozen import dataclass
from policy_gate.model import Judgement, Outcome, ReleaseIdentity, Subject
from policy_gate.policy.exceptions import (
    Approval,
    Days,
    NoDays,
    Proof,
    Proven,
    WaiverLimits,
    days_between,
    is_number,
    number_words,
    same_person,
    short,
)
from policy_gate.policy.versions import contains, parse_range

if TYPE_CHECKING:
    from policy_gate.document import Document

UNWAIVABLE_PREFIXES = ("SIG-", "POL-")
UNWAIVABLE_AREAS = frozenset(("signature", "policy"))
"""What decides who is trusted and who may change the judge is never waived, under whatever rule id it runs."""

_BETWEEN_NAMES = " x "


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry of a waiver file; optional text is "" where the entry leaves it out.

    `accept` is in the unit of the finding; `found` is the text that a finding without a number found. `digest` is what
    an approver signs: the entry without `approval`.
    """

    id: str
    rule: str
    release: str
    subject: str
    owner: str
    approved_by: tuple[str, ...]
    reason: str
    expires: str
    granted: str = ""
    versions: str = ""
    artifact: str = ""
    accept: float | None = None
    found: str = ""
    approval: str = ""
    reference: str = ""
    digest: str
    document: Document
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a waiver is held against: the release, the digests of its artifacts by id, the day, the policy's limits.

    `artifacts` are digests the gate computed; an artifact whose digest it could not compute is left out.
    """

    release: ReleaseIdentity
    artifacts: Mapping[str, str]
    today: date
    limits: WaiverLimits


class Status(StrEnum):
    """What a waiver is worth; only COVERS waives a finding."""

    COVERS = "covers"
    IN_FORCE = "in force"
    OTHER_RELEASE = "for another release"
    OTHER_VERSION = "for other versions"
    OTHER_ARTIFACT = "for another artifact"
    NOT_WAIVABLE = "for a rule that cannot be waived"
    NO_SUCH_DAY = "its days are no days"
    EXPIRED = "expired"
    NOT_YET = "granted in the future"
    TOO_LONG = "granted for too long"
    NOT_APPROVED = "not approved"
    TOO_MANY = "one of too many"
    OTHER_RULE = "for another rule"
    OTHER_SUBJECT = "for another subject"
    NOT_A_FAIL = "no failure is known to be waived"
    PAST_ACCEPT = "not accepted that far"
    NOT_NEEDED = "not needed"
    NOT_JUDGED = "its rule is not judged at this stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a waiver covers a finding, and why in words."""

    status: Status
    message: str

    @property
    def covers(self) -> bool:
        """Whether the finding is waived."""
        return self.status is Status.COVERS


def decide(
    waiver: Waiver, judgement: Judgement, proof: Proof, circumstances: Circumstances, *, running: int
) -> Decision:
    """Decide whether a waiver covers a judgement; the only way a finding becomes waived by a waiver.

    `running` is what `number_running` counts: with more than the policy allows none covers anything, since which of
    them to leave out would depend on their order. Pure; never raises.
    """
    if judgement.rule != waiver.rule:
        return Decision(status=Status.OTHER_RULE, message=f"it is for rule {waiver.rule}")
    if subject_words(judgement.subject) != waiver.subject:
        return Decision(status=Status.OTHER_SUBJECT, message=f"it is for {waiver.subject}")
    if judgement.area in UNWAIVABLE_AREAS:
        return Decision(status=Status.NOT_WAIVABLE, message=f"what the area {judgement.area} finds is never waived")
    if judgement.outcome in (Outcome.UNKNOWN, Outcome.ERROR):
        message = f"it covers fail, and the outcome is {judgement.outcome}: what is not known cannot be accepted"
        return Decision(status=Status.NOT_A_FAIL, message=message)
    if judgement.outcome is not Outcome.FAIL:
        return Decision(status=Status.NOT_NEEDED, message=f"the outcome is {judgement.outcome} without it")
    held = standing(waiver, proof, circumstances)
    if held.status is not Status.IN_FORCE:
        return held
    if running > circumstances.limits.waivers_max:
        most = circumstances.limits.waivers_max
        message = f"{running} waivers run for this release and the policy allows {most}: none counts"
        return Decision(status=Status.TOO_MANY, message=message)
    if not _is_bound_to(waiver, judgement.subject, circumstances.artifacts):
        return Decision(status=Status.OTHER_ARTIFACT, message=f"it is for the file {waiver.artifact} only")
    return _accepted(waiver, judgement)


def standing(waiver: Waiver, proof: Proof, circumstances: Circumstances) -> Decision:
    """Say whether a waiver is in force for a release today, whatever its findings are; never raises."""
    limits = circumstances.limits
    if elsewhere := addressed(waiver, circumstances):
        return elsewhere
    if not _is_waivable(waiver.rule, limits):
        return Decision(status=Status.NOT_WAIVABLE, message=f"the policy does not let {waiver.rule} be waived")
    days = _running_days(waiver, circumstances.today)
    if isinstance(days, Decision):
        return days
    if days.lifetime > limits.waiver_days_max:
        message = f"it is for {days.lifetime} days, and the policy allows {limits.waiver_days_max}"
        return Decision(status=Status.TOO_LONG, message=message)
    if objection := approval_objection(waiver, proof, limits):
        return Decision(status=Status.NOT_APPROVED, message=objection)
    return Decision(status=Status.IN_FORCE, message=f"until {waiver.expires}, {days.left} days left")


def addressed(waiver: Waiver, circumstances: Circumstances) -> Decision | None:
    """Say why a waiver is for something else than this release; None when it is for it."""
    release = circumstances.release
    if waiver.release != release.name:
        return Decision(status=Status.OTHER_RELEASE, message=f"it is for the release {waiver.release}")
    if not _is_for_version(waiver, release.version):
        message = f"it is for versions {waiver.versions}, and this is {short(release.version)}"
        return Decision(status=Status.OTHER_VERSION, message=message)
    if waiver.artifact and waiver.artifact not in circumstances.artifacts.values():
        message = f"it is for the file {waiver.artifact}, which this release does not have"
        return Decision(status=Status.OTHER_ARTIFACT, message=message)
    return None


def _running_days(waiver: Waiver, today: date) -> Days | Decision:
    """Count a waiver's days; a decision where today is none of them."""
    days = days_between(waiver.granted, waiver.expires, today)
    if isinstance(days, NoDays):
        return Decision(status=Status.NO_SUCH_DAY, message=days.words)
    if days.left < 0:
        return Decision(status=Status.EXPIRED, message=f"it expired on {waiver.expires}")
    if days.since_granted < 0:
        return Decision(status=Status.NOT_YET, message=f"it was granted on {waiver.granted}, which is still to come")
    return days


def number_running(waivers: Iterable[Waiver], circumstances: Circumstances) -> int:
    """Count the waivers for this release that today is a day of, needed or not, approved or not.

    What the policy demands of a waiver does not decide whether it is counted: else a stricter demand would leave fewer
    to be counted, and by that let others cover.
    """
    return sum(
        addressed(waiver, circumstances) is None and isinstance(_running_days(waiver, circumstances.today), Days)
        for waiver in waivers
    )


def approval_objection(waiver: Waiver, proof: Proof, limits: WaiverLimits) -> str:
    """Say why a waiver is not approved; "" when it is. A proof that is named has to hold, even if none is demanded."""
    if not waiver.approved_by or any(same_person(waiver.owner, one) for one in waiver.approved_by):
        return f"{short(waiver.owner)} owns it, and who proposes a waiver cannot approve it"
    if isinstance(proof, Proven):
        if any(not same_person(waiver.owner, one) for one in proof.by):
            return ""
        return f"only {short(waiver.owner)} signed it, and who proposes a waiver cannot approve it"
    if waiver.approval:
        return f"its approval {short(waiver.approval)} is not proven: {proof.reason}"
    if limits.approval != Approval.DECLARED:
        return "its approval is typed, and the policy wants it proven by a signature"
    return ""


def subject_words(subject: Subject) -> str:
    """The words a waiver names a subject by; "" where two subjects could have the same words."""
    is_unclear = any(name != "x" and _BETWEEN_NAMES in f" {name} " for name in subject.names)
    return "" if is_unclear else str(subject)


def _is_for_version(waiver: Waiver, version: str) -> bool:
    if not waiver.versions:
        return True
    try:
        return contains(parse_range(waiver.versions), version)
    except ValueError:
        return False


def _is_waivable(rule: str, limits: WaiverLimits) -> bool:
    if rule.startswith(UNWAIVABLE_PREFIXES) or rule in limits.protected:
        return False
    return isinstance(limits.waivable, str) or rule in limits.waivable


def _is_bound_to(waiver: Waiver, subject: Subject, artifacts: Mapping[str, str]) -> bool:
    """Hold a digest against the artifact that a subject names, or any of the release where it names none."""
    if not waiver.artifact:
        return True
    named = artifacts_named(subject)
    digests = [artifacts.get(one) for one in named] if named else list(artifacts.values())
    return waiver.artifact in digests


def artifacts_named(subject: Subject) -> tuple[str, ...]:
    """Ids of the artifacts a subject names: `artifact kws`, or the second name of `target node-v2 x kws`."""
    if subject.kind == "artifact":
        return subject.names
    return subject.names[1:] if subject.kind == "target" else ()


def _accepted(waiver: Waiver, judgement: Judgement) -> Decision:
    """Hold what was measured against `accept`; without a limit no direction is known, and only equal is accepted.

    A text, such as a digest or a licence, is accepted word for word. Where nothing was measured, nothing but the
    bytes of an artifact tells one finding from a worse one, so a subject that names an artifact needs its digest.
    """
    accept, measured, limit = waiver.accept, judgement.measured, judgement.limit
    if _is_broken(measured) or _is_broken(limit):
        return _not_accepted("what was measured is no finite number")
    if not is_number(measured):
        if accept is not None:
            return _not_accepted("it accepts a number, and the finding has none")
        if measured is not None:
            return _found(waiver.found, measured)
        if waiver.found:
            return _not_accepted(
                f"it is for what was found to be {short(waiver.found)!a}, and the finding says nothing"
            )
        if artifacts_named(judgement.subject) and not waiver.artifact:
            return _not_accepted("nothing was measured, so it needs the digest under `artifact` of the file it is for")
        return Decision(status=Status.COVERS, message="it is accepted")
    if waiver.found:
        return _not_accepted(f"it is for what was found to be {short(waiver.found)!a}, and the finding has a number")
    unit = f" {judgement.unit}" if judgement.unit else ""
    seen = f"{number_words(measured)}{unit} was measured"
    if not is_number(accept):
        return _not_accepted(f"it has no `accept`, and {seen}")
    is_over, is_under = is_number(limit) and measured > limit, is_number(limit) and measured < limit
    accepts = f"it accepts {number_words(accept)}{unit}"
    if measured == accept or (is_over and measured < accept) or (is_under and measured > accept):
        return Decision(status=Status.COVERS, message=accepts)
    return _not_accepted(f"{accepts}, and {seen}")


def _found(wanted: str, measured: object) -> Decision:
    """Hold a text that was found, such as a digest or a licence, against the one that was reviewed."""
    seen = f"{short(str(measured))!a} was found"
    if isinstance(measured, str) and wanted == measured:
        return Decision(status=Status.COVERS, message=f"it is for this: {seen}")
    if not wanted:
        return _not_accepted(f"it has no `found`, and {seen}")
    return _not_accepted(f"it is for {short(wanted)!a}, and {seen}")


def _not_accepted(message: str) -> Decision:
    return Decision(status=Status.PAST_ACCEPT, message=message)


def _is_broken(value: object) -> bool:
    return isinstance(value, float) and not is_number(value)
