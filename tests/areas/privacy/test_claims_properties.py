"""A claim is confirmed by its parameters alone: a little less than the truth never is, a little more always."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from privacy_world import facts_of, only, phase_of, privacy_of

from policy_gate.areas.privacy import checks_bound as checks
from policy_gate.areas.privacy.facts import PrivacyBound
from policy_gate.model import Outcome

SIZE = 85_000
shared_folder = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def bound_of(folder, claim: float, *, noise: float, batch: int, steps: int, **changes) -> PrivacyBound:
    """What the area's own collectors make of a manifest."""
    sampling = {"scheme": "poisson", "batch_size": batch, "dataset_size": SIZE}
    phase = phase_of(noise_multiplier=noise, steps=steps, sampling=sampling, evidence=None)
    content = privacy_of(claim={"epsilon": claim, "delta": 1e-6}, phases=[phase], **changes)
    return only(facts_of(folder, content), PrivacyBound)


@given(noise=st.floats(0.6, 4.0), batch=st.integers(8, 4096), steps=st.integers(10, 20_000), records=st.integers(1, 3))
@shared_folder
def test_no_manifest_gets_a_claim_confirmed_two_percent_below_what_is_certain(tmp_path, noise, batch, steps, records):
    unit = {"kind": "user", "max_records_per_unit": records}
    asked = {"noise": noise, "batch": batch, "steps": steps, "unit": unit}
    best = bound_of(tmp_path, 1e-9, **asked)
    assume(best.epsilon_lower > 1e-6)
    lied = bound_of(tmp_path, 0.98 * best.epsilon_lower, **asked)
    assert checks.claim_confirmed(lied).outcome is Outcome.FAIL
    honest = bound_of(tmp_path, best.epsilon_upper, **asked)
    assert checks.claim_confirmed(honest).outcome is Outcome.PASS


@given(claim=st.floats(1e-9, 1e9), noise=st.floats(0.6, 4.0), steps=st.integers(10, 20_000))
@shared_folder
def test_a_claim_never_changes_what_is_provable_only_how_hard_it_is_looked_for(tmp_path, claim, noise, steps):
    asked = {"noise": noise, "batch": 512, "steps": steps}
    found, best = bound_of(tmp_path, claim, **asked), bound_of(tmp_path, 1e-9, **asked)
    assert found.epsilon_lower <= best.epsilon_upper
    assert best.epsilon_lower <= found.epsilon_upper
    is_confirmed = checks.claim_confirmed(found).outcome is Outcome.PASS
    assert not is_confirmed or claim >= best.epsilon_lower
    assert is_confirmed or claim < best.epsilon_upper * 1.01


@pytest.mark.parametrize("advice", [0.98, 0.5])
def test_the_noise_that_a_refused_claim_is_advised_confirms_it(tmp_path, advice):
    asked = {"batch": 512, "steps": 6640}
    claim = advice * bound_of(tmp_path, 1e-9, noise=0.9, **asked).epsilon_lower
    refused = bound_of(tmp_path, claim, noise=0.9, **asked)
    (raised,) = refused.noise_advice
    assert raised.noise_multiplier > 0.9
    followed = bound_of(tmp_path, claim, noise=raised.noise_multiplier, **asked)
    assert checks.claim_confirmed(followed).outcome is Outcome.PASS
