"""Which exceptions speak of a rule, and whether its failures can be waived at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from policy_gate.explaining.provenance import SOURCE
from policy_gate.explanation import ExplainedException
from policy_gate.gate.exempting import Exceptions
from policy_gate.model import Place, ReleaseIdentity
from policy_gate.policy.exceptions import WaiverLimits
from policy_gate.policy.loading import Policy, place_of
from policy_gate.policy.waivers import UNWAIVABLE_AREAS, UNWAIVABLE_PREFIXES, Circumstances, Status, Waiver, standing

if TYPE_CHECKING:
    from datetime import date

    from policy_gate.policy.pack import Rule


def explained_exceptions(
    rule: Rule, parameters: Collection[str], policy: Policy, exceptions: Exceptions, today: date
) -> Iterator[ExplainedException]:
    """Loosenings of the rule and of its parameters, waivers of it for any release, and what the baseline knows."""
    wanted = {f"rule {rule.id}", *(f"parameter {name}" for name in parameters)}
    for one in policy.loosenings:
        if one.what in wanted:
            yield ExplainedException(
                kind="loosens",
                name=one.what,
                state=one.state.value,
                words=one.detail,
                place=place_of(one.document, one.pointer, SOURCE),
            )
    for waiver in exceptions.waivers:
        if waiver.rule == rule.id:
            yield _waiver(waiver, exceptions, policy.exceptions, today)
    yield from _known(rule.id, exceptions)


def _waiver(waiver: Waiver, exceptions: Exceptions, limits: WaiverLimits, today: date) -> ExplainedException:
    """One waiver as it stands today, whatever version of its release is judged and whatever bytes that has."""
    release = ReleaseIdentity(
        name=waiver.release, version="", sequence=0, manifest_digest="", path="", source=exceptions.source
    )
    circumstances = Circumstances(release=release, artifacts={}, today=today, limits=limits)
    held = standing(_anywhere(waiver), exceptions.proofs[waiver.id], circumstances)
    accepts = "" if waiver.accept is None else f", up to {waiver.accept}"
    only = "".join(f", only {one}" for one in (waiver.versions, waiver.artifact) if one)
    words = f"{waiver.subject} of {waiver.release}{accepts}{only}, owner {waiver.owner}: {waiver.reason}"
    return ExplainedException(
        kind="waiver",
        name=waiver.id,
        state=held.message if held.status is Status.IN_FORCE else f"{held.status.value}: {held.message}",
        words=words,
        place=place_of(waiver.document, waiver.pointer, SOURCE),
    )


def _anywhere(waiver: Waiver) -> Waiver:
    from dataclasses import replace

    return replace(waiver, versions="", artifact="")


def _known(rule_id: str, exceptions: Exceptions) -> Iterator[ExplainedException]:
    if exceptions.baseline is None:
        return
    counts = Counter(one.release for one in exceptions.baseline.findings if one.rule == rule_id)
    for release, number in sorted(counts.items()):
        yield ExplainedException(
            kind="baseline",
            name=release,
            state=f"known since {exceptions.baseline.made}",
            words=f"{number} {'finding blocks' if number == 1 else 'findings block'} only when worse than recorded",
            place=Place(source=exceptions.source, path=exceptions.baseline_path),
        )


def waivable_words(rule: Rule, limits: WaiverLimits) -> str:
    """Say whether failures of a rule can be waived, and on what terms."""
    if rule.id.startswith(UNWAIVABLE_PREFIXES) or rule.area in UNWAIVABLE_AREAS:
        return "cannot be waived: rules about signatures, trust and changes of policy hold for everybody"
    if rule.id in limits.protected:
        return "cannot be waived: it is a rule of the floor"
    if not isinstance(limits.waivable, str) and rule.id not in limits.waivable:
        return "cannot be waived: the policy lists the rules that can, and not this one"
    if not limits.waivers_max or not limits.waiver_days_max:
        return "cannot be waived: the policy allows no waiver"
    return (
        f"a failure can be waived for at most {limits.waiver_days_max} days, with a {limits.approval.value} approval, "
        f"by one of at most {limits.waivers_max} waivers for a release"
    )
