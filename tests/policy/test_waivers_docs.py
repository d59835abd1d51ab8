from __future__ import annotations

import re
from pathlib import Path

from waiver_world import decided

from policy_gate.document import load
from policy_gate.policy.exceptions import Proven
from policy_gate.policy.waiver_file import WaiverEntry, load_waivers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "waivers.md"


def test_the_waiver_shown_is_one_the_gate_reads_and_shows_every_key_there_is() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    document = load(blocks[1].encode(), "waivers.yaml")
    (waiver,) = load_waivers(document)
    # `found` is in the place of `accept`, as the page says below the example.
    assert set(document.get("/waivers/0")) == set(WaiverEntry.model_fields) - {"found"}
    assert decided(waiver, proof=Proven(by=("security",))).covers
