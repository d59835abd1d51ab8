"""Accountants that are known to report less than was spent, beside what is certified."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from privacy_world import facts_of, only, phase_of, privacy_of

from policy_gate.areas.privacy.checks_evidence import accountant_reports_enough
from policy_gate.areas.privacy.facts_evidence import UnderReporting
from policy_gate.areas.privacy.under_reporting import clt_epsilon, reports_too_little
from policy_gate.errors import Reason
from policy_gate.model import Missing, Outcome
from policy_gate.record import _decode_fact, as_tree, canonical

ROWS = Path(__file__).resolve().parents[4] / "shared" / "data" / "privacy_dev.csv"


def claimed(epsilon: float, delta: float = 1e-6, accountant: dict | None = None, **phase) -> dict:
    named = {"accountant": accountant} if accountant is not None else {}
    return privacy_of(claim={"epsilon": epsilon, "delta": delta}, phases=[phase_of(**phase)], **named)


def judged(folder, privacy: dict):
    return accountant_reports_enough(only(facts_of(folder, privacy), UnderReporting))


@pytest.mark.parametrize(
    "name",
    ["gdp", "GDP", "gdp-clt", "GDP CLT", "Opacus gdp", "mu_GDP", "clt", "GDPAccountant", "compute_eps_poisson"],
)
def test_the_approximation_is_known_by_its_names(name) -> None:
    assert reports_too_little(name)


@pytest.mark.parametrize("name", ["rdp", "prv", "pld", "dp-accounting", "moments", "eclat", "gdprtool", "", "poisson"])
def test_other_accountants_are_not_taken_for_it(name) -> None:
    assert not reports_too_little(name)


@pytest.mark.skipif(not ROWS.is_file(), reason="the shared table of published figures is not here")
def test_both_published_figures_of_the_approximation_are_reproduced_and_refused(tmp_path) -> None:
    with ROWS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["published_accountant"].startswith("GDP-CLT")]
    assert len(rows) == 2
    for row in rows:
        sampling = {"scheme": "poisson", "rate": float(row["sampling_rate"])}
        privacy = claimed(
            float(row["published_eps"]),
            float(row["delta"]),
            {"name": "gdp", "library": "opacus"},
            noise_multiplier=float(row["noise_multiplier"]),
            steps=int(row["steps"]),
            sampling=sampling,
        )
        fact = only(facts_of(tmp_path, privacy), UnderReporting)
        assert fact.reported_epsilon == pytest.approx(float(row["published_eps"]), rel=2e-3)
        assert fact.reported_epsilon < float(row["pld_dp_accounting"])
        answer = accountant_reports_enough(fact)
        assert answer.outcome is Outcome.FAIL
        assert f"gives {fact.reported_epsilon:g}; what is certified lies between" in answer.message


def test_a_claim_that_is_proven_passes_whoever_computed_it(tmp_path) -> None:
    answer = judged(tmp_path, claimed(4.23, accountant={"name": "gdp"}))
    assert answer.outcome is Outcome.PASS
    assert "holds all the same" in answer.message


def test_a_library_or_a_history_names_the_accountant_as_well(tmp_path) -> None:
    assert judged(tmp_path, claimed(3.0, accountant={"name": "x", "library": "opacus gdp"})).outcome is Outcome.FAIL
    history = {"history": [[0.9, 512 / 85000, 6640]], "mechanism": "gdp"}
    (tmp_path / "accountant.json").write_text(json.dumps(history), encoding="utf-8")
    evidence = [{"file": "accountant.json", "history": ""}]
    answer = judged(tmp_path, claimed(3.0, accountant={"name": "rdp"}, evidence=evidence))
    assert answer.outcome is Outcome.FAIL
    assert answer.causes == ("gdp is named in accountant.json",)


def test_any_other_accountant_is_not_this_rules_matter(tmp_path) -> None:
    for accountant in (None, {"name": "rdp"}):
        assert judged(tmp_path, claimed(3.0, accountant=accountant)).outcome is Outcome.NOT_APPLICABLE


def test_without_a_bound_nothing_is_known_of_the_claim(tmp_path) -> None:
    privacy = claimed(3.0, accountant={"name": "gdp"}, clip_norm=None)
    entry = only(facts_of(tmp_path, privacy), UnderReporting)
    assert isinstance(entry, Missing)
    assert entry.reason is Reason.NOT_DECLARED


class Stated:
    """A phase as the figure needs it, with values that a manifest may hold."""

    mechanism = "gaussian"
    sampling = None
    epochs = None

    def __init__(self, noise_multiplier: float, steps: int) -> None:
        self.noise_multiplier, self.steps = noise_multiplier, steps


@pytest.mark.parametrize("noise", [1e-300, 0.01, 1e6])
@pytest.mark.parametrize("steps", [1, 10**9])
@pytest.mark.parametrize("delta", [1e-300, 1e-6, 1 - 1e-16])
def test_extreme_parameters_give_a_finite_figure_or_none(noise, steps, delta) -> None:
    figure = clt_epsilon([Stated(noise, steps)], delta)
    assert 0.0 <= figure < float("inf")


def test_what_is_known_of_an_accountant_survives_the_record(tmp_path) -> None:
    fact = only(facts_of(tmp_path, claimed(3.0, accountant={"name": "gdp"})), UnderReporting)
    assert _decode_fact(json.loads(canonical(as_tree(fact))), {UnderReporting.name: UnderReporting}) == fact
