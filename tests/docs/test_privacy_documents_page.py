"""The page about privacy without a guarantee shows what the gate reads, and says what its rules do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml

from policy_gate.areas.privacy import AREA
from policy_gate.areas.privacy.checks_assessment import AssessmentLimits
from policy_gate.areas.privacy.checks_documents import _NEED_SAFEGUARDS, PurposeLimits
from policy_gate.areas.privacy.claims import PrivacyClaims
from policy_gate.areas.privacy.claims_documents import Condition
from policy_gate.catalogue import area
from policy_gate.policy.packs import builtin_names

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "privacy-without-dp.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_every_section_that_the_page_shows_is_one_the_gate_reads() -> None:
    nobody, people, special = BLOCKS
    assert PrivacyClaims.model_validate_json(_json(nobody["privacy"])).claim_type == "none"
    area("lineage").sections["lineage"]().model_validate_json(_json(nobody["lineage"]))
    stated = PrivacyClaims.model_validate_json(_json(people["privacy"]))
    assert stated.assessment is not None
    assert stated.assessment.covers == ("dataset:speech",)
    whole = {"claim_type": "none", **special}
    assert PrivacyClaims.model_validate_json(_json(whole)).special_categories is not None


def _json(content: object) -> str:
    import json

    return json.dumps(content)


def test_the_page_lists_every_condition_and_those_that_need_safeguards() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| \(([a-j])\) \| (yes)? ?\|$", PAGE, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(get_args(Condition))
    assert "".join(letter for _, letter, _ in rows) == "abcdefghij"
    assert {name for name, _, needs in rows if needs} == _NEED_SAFEGUARDS


def test_the_page_says_the_limits_that_hold() -> None:
    assert (PurposeLimits().min_words, AssessmentLimits().min_words, AssessmentLimits().max_age_days) == (4, 60, 365)
    assert all(words in PAGE for words in ("Four different words", "60 different words", "| 365 |"))


def test_no_rule_about_privacy_is_in_the_baseline() -> None:
    from policy_gate.errors import PolicyError
    from policy_gate.policy.loading import Setup, load_policy

    def nothing(path: str) -> bytes:
        raise PolicyError(f"a shipped pack reads no file, not {path}")

    assert "edge-baseline" in builtin_names()
    policy = load_policy(nothing, Setup(names=("builtin:edge-baseline",), source="builtin", complete=False))
    own = {rule.rule.check_name for rule in policy.rules} & set(AREA.checks)
    assert own == set()
