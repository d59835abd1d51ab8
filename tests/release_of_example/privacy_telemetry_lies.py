"""Lies about what leaves the device: raw data, a Collector that lets more through, noise told per report, bare lists."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from example_world import Checkout
from lie import Lie, edited

COLLECTOR = "deploy/otel-collector.yaml"
TRAINING = "data/train.sha256"
STREAM = "/telemetry/0"
AT_COLLECTOR = ("collector_config: ",)
GRANTED = "{enabled: true, approver: privacy team, scope: crash dumps, expiry: "
NOISE = "    anonymization: {local_dp: {epsilon_per_report: 1.0, reports_per_window: 1000}}\n"


def collecting(*edits: tuple[str, str]) -> Callable[[Checkout], None]:
    """The next release, with another configuration of its Collector, signed with it."""

    def tell(checkout: Checkout) -> None:
        checkout.bump()
        for before, after in edits:
            checkout.edit(before, after, COLLECTOR)

    return tell


def bare_digests(checkout: Checkout) -> None:
    """The list of the training data as plain digests, and the node's digest of it to match."""
    checkout.bump()
    before = (checkout.folder / TRAINING).read_bytes()
    after = b"".join(line for line in before.splitlines(keepends=True) if not line.startswith(b"#"))
    checkout.write(TRAINING, after)
    checkout.edit(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())


def two_keys(checkout: Checkout) -> None:
    """The source is listed under a key of its own, so that nobody can tell what of it was trained on."""
    checkout.bump()
    lines = (checkout.folder / TRAINING).read_bytes().splitlines(keepends=True)
    checkout.write("data/other.list", b"".join((b"# hmac-sha256 key=another\n", *lines[1:])))
    checkout.edit("record_digests: data/train.sha256", "record_digests:  data/train.sha256")  # a place of its own
    checkout.add('      retrieved: "2026-02-01"\n', "      records: 400\n      record_digests: data/other.list\n")


PRIVACY_TELEMETRY_LIES = (
    Lie(
        "privacy",
        "raw data is fetched, and nobody has to approve it",
        edited(("on_demand: {enabled: false}", "on_demand: {enabled: true}")),
        "TEL-005",
        ("    retention_days: 30\n    ",),
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "raw data may be fetched for the next hundred years",
        edited(("on_demand: {enabled: false}", f"on_demand: {GRANTED}2126-01-01, audit_log: data/train.sha256}}")),
        "TEL-005",
        (f"    on_demand: {GRANTED}",),
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "the Collector lets every field through",
        collecting(("allow_all_keys: false", "allow_all_keys: true")),
        "TEL-006",
        AT_COLLECTOR,
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "the Collector lets one field more through than is declared",
        collecting(("allowed_keys: [latency_ms, ", "allowed_keys: [latency_ms, user.email, ")),
        "TEL-006",
        AT_COLLECTOR,
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "the Collector leaves the redaction out where it exports",
        collecting(("processors: [memory_limiter, redaction, batch]", "processors: [memory_limiter, batch]")),
        "TEL-006",
        AT_COLLECTOR,
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "the Collector sends logs that the manifest does not speak of",
        collecting(
            ("    metrics:\n", "    logs:\n      receivers: [otlp]\n      exporters: [otlp/fleet]\n    metrics:\n")
        ),
        "TEL-006",
        AT_COLLECTOR,
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "what the Collector lets through is set where it runs",
        collecting(("allowed_keys: [latency_ms, model_version]", 'allowed_keys: "${env:KEYS}"')),
        "TEL-006",
        AT_COLLECTOR,
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "a thousand reports are told as one",
        edited(("    sampling: {rate: 0.01", f"{NOISE}    sampling: {{rate: 0.01")),
        "PRIV-015",
        ("    anonymization: {local_dp: ",),
        undone_by=frozenset({STREAM, f"{STREAM}/anonymization", f"{STREAM}/anonymization/local_dp"}),
    ),
    Lie(
        "privacy",
        "people's records are listed by plain digests",
        bare_digests,
        "PRIV-025",
        ("      record_digests: ",),
    ),
    Lie(
        "privacy",
        "two lists are made with two keys, so that nobody can compare them",
        two_keys,
        "PRIV-025",
        ("record_digests:  ",),
        undone_by=frozenset({"/lineage/nodes/0/record_digests"}),
    ),
    Lie(
        "privacy",
        "the stream no longer says which Collector it goes through",
        edited(("    collector_config: deploy/otel-collector.yaml\n", "")),
        "TEL-007",
        ("telemetry:\n  ",),
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "a stream under another name goes through no Collector",
        edited(
            ("    collector_config: deploy/otel-collector.yaml\n", ""),
            ("  - id: runtime-metrics\n", "  - id: runtime-metrics-2\n"),
        ),
        "TEL-007",
        ("telemetry:\n  ",),
        undone_by=frozenset({STREAM}),
    ),
)
