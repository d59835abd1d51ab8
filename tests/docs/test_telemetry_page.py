"""The page about telemetry shows what the gate reads, and its limits are those that hold."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from policy_gate.areas.lineage.digest_list import read_digests
from policy_gate.areas.privacy.collect_collector import _declared
from policy_gate.areas.privacy.collector_config import read_collector
from policy_gate.areas.privacy.telemetry_claims import LocalDp, OnDemand, TelemetryClaims
from policy_gate.areas.privacy.telemetry_flow_checks import LocalLimits, OnDemandLimits
from policy_gate.document import load

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "telemetry.md").read_text(encoding="utf-8")


def shown(language: str, start: str) -> str:
    (block,) = (one for one in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if one.startswith(start))
    return block


def document(start: str):
    return load(shown("yaml", start).encode(), "page.yaml")


def test_the_streams_and_permissions_that_the_page_shows_are_valid() -> None:
    assert TelemetryClaims.model_validate(document("telemetry:").get("/telemetry")).root
    assert OnDemand.model_validate(document("on_demand:").get("/on_demand")).enabled
    assert LocalDp.model_validate(document("anonymization:").get("/anonymization/local_dp")).window_days == 1


def test_the_collector_that_the_page_shows_keeps_what_its_stream_declares() -> None:
    streams = TelemetryClaims.model_validate(document("telemetry:").get("/telemetry")).root
    reading = read_collector(document("receivers:"), _declared(streams))
    assert reading.faults == ()
    assert reading.exporting == (("metrics", "metrics"), ("traces", "traces"))


def test_the_program_of_the_page_makes_a_keyed_list() -> None:
    ids = b"anna\nbert\nanna\nchen\n"
    environment = {**os.environ, "RECORDS_KEY": "ab" * 32}
    program = shown("python", "import hashlib")
    done = subprocess.run([sys.executable, "-c", program], input=ids, env=environment, capture_output=True, check=True)
    found = read_digests(io.BytesIO(done.stdout), "list")
    assert (found.count, found.key_id) == (3, "team-2026")
    assert read_digests(io.BytesIO(shown("text", "# hmac").encode()), "list").count == 2


def test_the_page_says_the_limits_that_hold() -> None:
    assert f"`max_raw_access_days` ({OnDemandLimits().max_days})" in PAGE
    assert f"`max_local_epsilon` ({LocalLimits().max_epsilon:g})" in PAGE
