"""Every waiver of the trusted file with its state today: what it covers, what it misses, how long it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_gate.area import FactBook
from policy_gate.areas.policy.facts import ListedWaiver
from policy_gate.excepting.findings import Findings, Found
from policy_gate.frozen import dataclass
from policy_gate.gate.exempting import Exceptions, read_exceptions
from policy_gate.policy.exceptions import Days, NoDays, days_between
from policy_gate.policy.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One waiver and its days; `state` is None where no release of its name is judged here."""

    waiver: Waiver
    state: ListedWaiver | None
    days: Days | NoDays


def list_waivers(findings: Findings) -> tuple[Listed, ...]:
    """Every waiver in the order of its file; raises GateError where the file cannot be read."""
    exceptions = read_exceptions(findings.files("baseline"))
    states = dict(_states(exceptions, findings))
    return tuple(_listed(one, states, findings) for one in exceptions.waivers)


def _states(exceptions: Exceptions, findings: Findings) -> Iterator[tuple[str, ListedWaiver]]:
    for found in findings.releases:
        for state in waiver_states(exceptions, found):
            yield state.waiver, state


def waiver_states(exceptions: Exceptions, found: Found) -> Iterator[ListedWaiver]:
    """The state of each waiver for one release."""
    exempt = exceptions.for_release(found.record.release, found.policy)
    if exempt is None:
        return
    exempted = exempt(found.record.judgements, FactBook(found.record.facts))
    yield from (one for one in exempted.states if isinstance(one, ListedWaiver) and one.waiver)


def _listed(waiver: Waiver, states: Mapping[str, ListedWaiver], findings: Findings) -> Listed:
    days = days_between(waiver.granted, waiver.expires, findings.request.today)
    return Listed(waiver=waiver, state=states.get(waiver.id), days=days)
