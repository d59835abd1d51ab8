"""Judges how data leaves: raw on request, through a Collector, with noise of the device, in lists of records."""

from __future__ import annotations

from policy_gate.areas.privacy.facts_telemetry import (
    CollectorPipelines,
    CollectorProblem,
    CollectorUse,
    KeyedList,
    LocalSpend,
    OnDemandAccess,
)
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Answer, Fix, Outcome
from policy_gate.policy.limits import flag, limit, number, whole_number

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandLimits:
    """How long one permission to fetch raw data may last."""

    max_days: int = limit(
        whole_number(minimum=0), "days until a permission to fetch raw data ends", stricter="lower", default=30
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorLimits:
    """Whether every stream has to name the configuration that keeps it small."""

    require_collector: bool = limit(
        flag(), "whether every stream names a Collector's configuration", stricter="true", default=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLimits:
    """What noise on the device may cost one unit."""

    max_epsilon: float = limit(
        number(above=0, maximum=1e6), "largest epsilon of one unit's reports", stricter="lower", default=10.0
    )
    min_window_days: int = limit(
        whole_number(minimum=1), "shortest window in days that reports are counted in", stricter="higher", default=1
    )


def on_demand_bounded(access: OnDemandAccess, limits: OnDemandLimits) -> Answer:
    """Raw data is fetched from single devices only with an approver, a scope, a last day and a log of it.

    State all four under `on_demand`, or set `enabled: false`.
    """
    if not access.enabled:
        return Answer(outcome=Outcome.PASS, message="no raw data is fetched from single devices", measured=False)
    found = _on_demand_faults(access, limits)
    if not found:
        message = f"raw data may be fetched until {access.expiry}, by leave of {access.approver}"
        return Answer(outcome=Outcome.PASS, message=message, measured=access.days_left, limit=limits.max_days)
    key, message, fix = found[0]
    return Answer(
        outcome=Outcome.FAIL,
        message=message,
        measured=access.days_left if key == "expiry" and access.expiry else None,
        limit=limits.max_days if key == "expiry" else None,
        unit="days" if key == "expiry" else "",
        pointer=f"{access.pointer}/{key}",
        causes=tuple(words for _, words, _ in found[1:]),
        fixes=(Fix(text=fix), Fix(text="or set `enabled: false`")),
    )


def _on_demand_faults(access: OnDemandAccess, limits: OnDemandLimits) -> list[tuple[str, str, str]]:
    """The key at fault, what is wrong, and what to do, gravest first."""
    found = [
        (key, f"raw data can be fetched, and no {key.replace('_', ' ')} is stated", f"state `{key}`")
        for key in access.unstated
    ]
    most = f"within {limits.max_days} days"
    if access.expiry and access.days_left < 0:
        found.append(
            ("expiry", f"the permission to fetch raw data was over on {access.expiry}", f"set `expiry` {most}")
        )
    elif access.expiry and access.days_left > limits.max_days:
        words = f"raw data may be fetched for {access.days_left} days more; policy allows {limits.max_days}"
        found.append(("expiry", words, f"set `expiry` {most}"))
    if access.log_problem:
        found.append(
            ("audit_log", f"the log of what is fetched cannot be read: {access.log_problem}", "commit the audit log")
        )
    return found


def collector_keeps(flow: CollectorPipelines, limits: CollectorLimits) -> Answer:
    """The Collector sends on the declared fields only, and no larger share than is declared.

    Give every pipeline a redaction processor whose `allowed_keys` are declared fields, and pipelines of traces a
    probabilistic_sampler.
    """
    if not flow.file:
        return _no_collector(flow, limits)
    if not flow.problems:
        return Answer(
            outcome=Outcome.PASS,
            message=f"{flow.file} sends on declared fields only: {_listed(flow.exporting)}",
            measured=0,
            causes=_beyond_the_collector(flow),
        )
    proven = [one for one in flow.problems if one.proven]
    told = [*proven, *(one for one in flow.problems if not one.proven)]
    fixes = dict.fromkeys(one.fix for one in told[:SHOWN] if one.fix)
    more = flow.found - min(len(told), SHOWN + 1)
    return Answer(
        outcome=Outcome.FAIL if proven else Outcome.UNKNOWN,
        reason=None if proven else Reason.NOT_PROVEN,
        message=_at(flow, told[0]),
        measured=flow.found,
        limit=0,
        unit="problems",
        causes=(*(_at(flow, one) for one in told[1 : SHOWN + 1]), *([f"and {more} more"] if more else [])),
        fixes=tuple(Fix(text=text) for text in fixes),
    )


def _beyond_the_collector(flow: CollectorPipelines) -> tuple[str, ...]:
    """What a reader may take from a pass and should not."""
    rates = tuple(f"nothing here confirms the rate of {signal}: it is only declared" for signal in flow.unsampled)
    has_logs = any(name.partition("/")[0] == "logs" for name in flow.exporting)
    return (*rates, *(["a redaction does not shorten the body of a log record that is a text"] if has_logs else []))


def _no_collector(flow: CollectorPipelines, limits: CollectorLimits) -> Answer:
    if limits.require_collector and flow.streams:
        return Answer(
            outcome=Outcome.FAIL,
            message="the stream names no Collector configuration; policy asks for one",
            measured=False,
            limit=True,
            fixes=(Fix(text="commit the Collector's configuration, and name it as `collector_config`"),),
        )
    message = "the stream names no Collector configuration" if flow.streams else "nothing is sent"
    return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.NOTHING_TO_JUDGE, message=message)


def collector_still_named(use: CollectorUse, base: CollectorUse) -> Answer:
    """Where telemetry of the base release goes through a Collector, no stream of this one goes around it.

    Name the Collector's configuration as `collector_config` of every stream.
    """
    around = tuple(one for one in use.without if one not in base.without) if base.naming else ()
    if not around:
        message = "no stream goes around the Collector" if base.naming else "the base release names no Collector"
        return Answer(outcome=Outcome.PASS, message=message, measured=0)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{_listed(around)} names no Collector configuration; streams of the base release do",
        measured=len(around),
        limit=0,
        base=len(base.naming),
        unit="streams",
        fixes=(Fix(text="name the Collector's configuration as `collector_config`"),),
    )


def _at(flow: CollectorPipelines, problem: CollectorProblem) -> str:
    return f"{flow.file}:{problem.line}: {problem.words}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def local_reports_within(spend: LocalSpend, limits: LocalLimits) -> Answer:
    """All reports of one unit together cost no more epsilon than policy allows, however little one report costs.

    Report less often, with more noise, or over fewer streams.
    """
    if not spend.parts:
        message = "no unit reports with noise of its own"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    short = next((part for part in spend.parts if part.window_days < limits.min_window_days), None)
    if short is not None:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{short.source}: reports are counted in {short.window_days} days; "
            f"policy asks for {limits.min_window_days} at least",
            measured=short.window_days,
            limit=limits.min_window_days,
            unit="days",
            pointer=short.pointer,
            fixes=(Fix(text=f"count the reports of {limits.min_window_days} days"),),
        )
    costly = max(spend.parts, key=lambda part: part.epsilon_per_report * part.reports / part.window_days)
    fits = spend.epsilon <= limits.max_epsilon
    shown = [
        f"{part.source}: {part.epsilon_per_report:g} x {part.reports} reports in {_days(part.window_days)}"
        for part in spend.parts
    ]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{'; '.join(shown[:SHOWN])}{more}: epsilon {spend.epsilon:g}; policy allows {limits.max_epsilon:g}",
        measured=spend.epsilon,
        limit=limits.max_epsilon,
        unit="epsilon",
        pointer=costly.pointer,
        fixes=() if fits else (Fix(text=f"report less often or with more noise; {costly.source} costs most"),),
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def lists_keyed(listed: KeyedList) -> Answer:
    """Lists of people's records hold keyed digests, all made with one key, so that nobody is found by trying names.

    Make each digest as HMAC-SHA-256 of the record's id, keep the key out of the repository, and begin the list with
    `# hmac-sha256 key=NAME`.
    """
    if not listed.file:
        message = "no node names a list of records or withdrawals"
        return Answer(outcome=Outcome.NOT_APPLICABLE, reason=Reason.OUT_OF_SCOPE, message=message)
    if listed.other_key:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{listed.file} was made with the key {listed.key_id}, and {listed.other_file} with "
            f"{listed.other_key}: what is in both cannot be found",
            measured=listed.key_id,
            limit=listed.other_key,
            fixes=(Fix(text=f"make both lists with one key, such as {listed.other_key}"),),
        )
    if listed.key_id:
        message = f"{listed.file} is made with the key {listed.key_id}"
        return Answer(outcome=Outcome.PASS, message=message, measured=listed.key_id)
    return _plain(listed)


def _plain(listed: KeyedList) -> Answer:
    if listed.holds == "none":
        return Answer(outcome=Outcome.PASS, message=f"{listed.file} lists records of no people", measured="")
    fix = Fix(text=f"make {listed.file} again with HMAC-SHA-256 under `# hmac-sha256 key=NAME`")
    if listed.holds == "personal":
        message = f"{listed.file} has plain digests of people's records: who guesses a record finds its person"
        return Answer(outcome=Outcome.FAIL, message=message, measured="", fixes=(fix,))
    return Answer(
        outcome=Outcome.UNKNOWN,
        reason=Reason.NOT_DECLARED,
        message=f"{listed.file} has plain digests, and nothing says whether {listed.node} holds personal data",
        fixes=(Fix(text=f"state `personal_data` of {listed.node} or of what it was made from"), fix),
    )
