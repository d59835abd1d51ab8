"""Recognises accountants that report less than was spent, and computes what they report.

The central limit theorem of Gaussian differential privacy: Bu, Dong, Long, Su, "Deep Learning with Gaussian
Differential Privacy" (2020), corollary 5.4. It is a limit, not a bound: for finitely many steps the true epsilon may
be above it, as Gopi, Lee, Wutschitz, "Numerical Composition of Differential Privacy" (2021), show.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Evidence
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.facts import PrivacyBound
from policy_gate.areas.privacy.facts_evidence import UnderReporting
from policy_gate.errors import EvidenceError
from policy_gate.model import RELEASE, Basis, Fact, Missing

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import Accountant, PrivacyClaims
    from policy_gate.areas.privacy.claims_phases import Phase

_WORDS = frozenset({"gdp", "clt", "gdpaccountant"})
_NAMES = ("computemupoisson", "computeepspoisson", "computemuuniform", "computeepsuniform")
"""Functions of TensorFlow Privacy's `gdp_accountant`, without their underscores."""
_LEAST_NOISE = 0.04
"""Below it e^(1/sigma^2) is beyond what a double holds."""
_SHOWN_CHARS = 40


def under_reporting(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One fact about the accountant that the claim rests on, as the manifest or an accountant's history names it."""
    claims = claims_of(evidence, UnderReporting)
    if isinstance(claims, tuple):
        yield from claims
        return
    name, source = _named(evidence, claims)
    bound = evidence.facts.get(PrivacyBound, RELEASE)
    certified = (0.0, 0.0, 0.0)
    if not isinstance(bound, Missing):
        certified = (bound.claimed_epsilon, bound.epsilon_lower, bound.epsilon_upper)
    if not name:
        pointer = "/privacy/accountant/name" if claims.accountant is not None else "/privacy/claim_type"
        yield _fact(pointer, ("", ""), 0.0, certified)
        return
    if isinstance(bound, Missing):
        yield replace(bound, fact=UnderReporting.name)
        return
    pointer = "/privacy/accountant" if source == "the manifest" else "/privacy/claim/epsilon"
    reported = clt_epsilon(claims.phases, bound.delta)
    yield _fact(pointer, (ascii(name)[1:-1][:_SHOWN_CHARS], source), reported, certified)


def _fact(
    pointer: str, named: tuple[str, str], reported: float, certified: tuple[float, float, float]
) -> UnderReporting:
    return UnderReporting(
        subject=RELEASE,
        pointer=pointer,
        basis=Basis.DECLARED,
        accountant=named[0],
        source=named[1],
        reported_epsilon=reported,
        claimed_epsilon=certified[0],
        epsilon_lower=certified[1],
        epsilon_upper=certified[2],
    )


def reports_too_little(name: str) -> bool:
    """Whether a name is one under which this approximation goes: a word of it, or one of its functions."""
    folded = name.casefold()
    words = re.split(r"[^a-z0-9]+", folded)
    joined = "".join(words)
    return not _WORDS.isdisjoint(words) or any(one in joined for one in (*_NAMES, "gdpaccountant"))


def _named(evidence: Evidence, claims: PrivacyClaims) -> tuple[str, str]:
    """The name of such an accountant and where it stands, or two empty texts."""
    if claims.accountant is not None:
        found = next((one for one in _names_of(claims.accountant) if reports_too_little(one)), "")
        if found:
            return found, "the manifest"
    for mechanism, path in _of_histories(evidence, claims):
        if reports_too_little(mechanism):
            return mechanism, path
    return "", ""


def _names_of(accountant: Accountant) -> tuple[str, ...]:
    return (accountant.name, accountant.library) if accountant.library is not None else (accountant.name,)


def _of_histories(evidence: Evidence, claims: PrivacyClaims) -> Iterator[tuple[str, str]]:
    """How the accountants call themselves whose histories phases name; one that is unreadable is another's finding."""
    from policy_gate.areas.privacy.accountant_history import read_history  # only a manifest with a claim pays
    from policy_gate.areas.privacy.training_files import TrainingFiles

    files = TrainingFiles(evidence)
    for phase in claims.phases:
        for source in phase.evidence:
            if source.history is None:
                continue
            try:
                document = files.load(source)
                yield read_history(document, source.history).mechanism, document.path
            except EvidenceError:
                continue


def clt_epsilon(phases: Sequence[Phase], delta: float) -> float:
    """The figure of the approximation for phases of noise, rate and steps; 0 where it gives none.

    mu of one phase is q sqrt(T (e^(1/sigma^2) - 1)); the squares of several add up.
    """
    from policy_gate.areas.privacy.accounting.gaussian import gaussian_epsilon  # only such an accountant pays
    from policy_gate.areas.privacy.collect_history import WITH_HISTORY, stated_run

    squares = 0.0
    for phase in phases:
        if phase.mechanism not in WITH_HISTORY:
            return 0.0
        try:
            run = stated_run(phase)
        except EvidenceError:
            return 0.0
        if run.noise_multiplier < _LEAST_NOISE:
            return 0.0
        squares += run.rate**2 * run.steps * math.expm1(run.noise_multiplier**-2)
    mu = math.sqrt(squares)
    if not 0.0 < mu < math.inf:
        return 0.0
    epsilon = sum(gaussian_epsilon(mu, delta)) / 2
    return float(f"{epsilon:.6g}") if math.isfinite(epsilon) else 0.0
