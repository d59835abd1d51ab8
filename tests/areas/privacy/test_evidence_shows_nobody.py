"""A pointer into a file of the training may lead to a person's record: no finding repeats it."""

from __future__ import annotations

import pytest
from privacy_world import TRAIN_YAML, facts_of, privacy_of

from policy_gate.areas.privacy.facts import PhaseEvidence


@pytest.mark.parametrize("written", ["ab" * 32, "'jo@example.invalid'", "sha256:" + "0a" * 32, "jo smith"])
def test_a_text_that_is_no_number_is_not_shown_where_a_number_should_be(tmp_path, written) -> None:
    (tmp_path / "configs").mkdir()
    text = TRAIN_YAML.replace("batch_size: 512", f"batch_size: {written}")
    (tmp_path / "configs" / "train.yaml").write_text(text, encoding="utf-8")
    (wrong,) = [one for one in facts_of(tmp_path, privacy_of()).known(PhaseEvidence) if not one.agrees]
    bare = written.strip("'")
    assert wrong.found == f"a text of {len(bare)} characters"
