"""Accounts for what a manifest claims, alone and together with the ledger's lines about the same people."""

from __future__ import annotations

from dataclasses import replace

from policy_gate.area import Evidence
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.claims import PrivacyClaims
from policy_gate.areas.privacy.ledger.chain import read_ledger
from policy_gate.areas.privacy.ledger.own import own_entry
from policy_gate.areas.privacy.ledger.window import Window, same_people
from policy_gate.errors import EvidenceError, Problem, UsageError
from policy_gate.gate import Request
from policy_gate.gate.trusted import Configuration
from policy_gate.spending.accounts import account_of
from policy_gate.spending.limits import Budget, budget_of
from policy_gate.spending.looking import open_evidence
from policy_gate.spending.windows import spend_of
from policy_gate.spent import Account, NoInterval, Spend


def account_of_manifest(request: Request) -> Account:
    """Account for the one manifest of a request and its window; raises GateError where it claims nothing."""
    with open_evidence(request, PersonalDataset) as (evidence, configuration):
        claims = claims_in(evidence)
        window = _window(evidence, configuration)
    return account_of(claims, evidence.manifest.path, claimed=True, window=window)


def claims_in(evidence: Evidence) -> PrivacyClaims:
    """The privacy section of a manifest; raises UsageError where it has none, or claims no differential privacy."""
    claims, path = evidence.section("privacy"), evidence.manifest.path
    if not isinstance(claims, PrivacyClaims):
        raise UsageError(Problem("the manifest has no privacy section", path))
    if claims.claim_type == "none":
        raise UsageError(Problem("claim_type is none: the release claims no differential privacy", path))
    return claims


def _window(evidence: Evidence, configuration: Configuration) -> Spend:
    """What the release and all lines about the same people cost them; a ledger that is broken is refused."""
    budget = _widened(budget_of(configuration, evidence.today), claims_in(evidence))
    trusted = evidence.trusted
    lines = [line for one in (trusted.ledger, *trusted.ledgers) for line in read_ledger(one.content, one.path)]
    try:
        own = own_entry(evidence, evidence.today.isoformat())
    except EvidenceError as error:
        return _unknown(evidence, budget, NoInterval(reason=error.reason.value, detail=error.detail, fix=error.fix))
    # The release counts once, by what its manifest says now.
    others = [line for line in lines if line.entry.identity != own.identity or line.path != trusted.ledger.path]
    related = same_people(own, others, trusted.ledger.path)
    return spend_of(own, related, budget, landed=False)


def _widened(budget: Budget, claims: PrivacyClaims) -> Budget:
    """The budget over the window of the manifest where that is longer: a release may promise more than policy asks."""
    stated = claims.population.window_days if claims.population is not None else None
    window = budget.window
    return replace(budget, window=Window(window.until, max(window.days, stated or 0)))


def _unknown(evidence: Evidence, budget: Budget, refused: NoInterval) -> Spend:
    claims = claims_in(evidence)
    return Spend(
        population=claims.population.id if claims.population is not None else "an unnamed population",
        releases=0,
        since="",
        until=budget.window.until.isoformat(),
        delta=0.0,
        epsilon=refused,
        plain_sum=None,
        max_epsilon=budget.max_epsilon,
        rule=budget.rule,
        room=0,
        forecast=(),
        leaves="",
    )
