"""What a privacy claim costs a check: one that closed forms and Renyi bounds prove loads no numeric library."""

from __future__ import annotations

import pytest
from test_house import HEAVY, MANIFEST, command, imported

CLAIM = """\
privacy:
  claim_type: central-dp
  claim: {{epsilon: {epsilon}, delta: 1.0e-6}}
  unit: {{kind: user, max_records_per_unit: 1}}
  adjacency: add-or-remove-one
  population: {{id: kws-users, size: 85000}}
  phases:
    - id: train
      mechanism: dp-sgd
      noise_multiplier: 0.9
      clip_norm: 1.0
      microbatch: 1
      steps: 6640
      sampling: {{scheme: poisson, batch_size: 512, dataset_size: 85000}}
  tuning: {{data: public, trials: 0}}
"""


def modules_of_a_check(folder, epsilon: float) -> set[str]:
    (folder / "release.yaml").write_text(MANIFEST + CLAIM.format(epsilon=epsilon))
    (folder / "kws.bin").write_bytes(b"labels")
    return imported(command("check", "--policy", "builtin:privacy", "--no-base"), folder)


@pytest.mark.parametrize("epsilon", [4.23, 8.0])
def test_a_claim_that_stage_one_proves_loads_no_numeric_library(tmp_path, epsilon) -> None:
    modules = modules_of_a_check(tmp_path, epsilon)
    assert "policy_gate.areas.privacy.accounting.proving" in modules
    assert not modules & (HEAVY | {"dp_accounting", "scipy"})
    assert "policy_gate.areas.privacy.accounting.tight" not in modules


def test_a_claim_that_needs_stage_two_loads_numpy_and_nothing_else(tmp_path) -> None:
    modules = modules_of_a_check(tmp_path, 3.89)
    assert "policy_gate.areas.privacy.accounting.tight" in modules
    assert modules & (HEAVY | {"dp_accounting", "scipy"}) == {"numpy"}
