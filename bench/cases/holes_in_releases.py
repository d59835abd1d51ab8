"""Holes that a release slips through: models that nobody can read, and figures that nobody compares."""

from __future__ import annotations

from case_changes import (
    BUDGET,
    all_of,
    configured,
    digest_of,
    edited,
    shipped_as,
    without,
)
from example_world import MODEL, Checkout
from gate_cases import Case
from hole import Hole

ALL_COST = frozenset(f"COST-{number:03}" for number in (*range(1, 11), 19))
"""What asks for a figure of a model; the others are about devices, of which the example names none."""
NOT_READ = ALL_COST | {"FPR-004", "FPR-005", "REL-005"}
NO_GROWTH = frozenset({"COST-002", "COST-003", "COST-004", "COST-012", "COST-018", "COST-019"})
UNREAD_BESIDE = ALL_COST | {"FPR-004", "FPR-005", "LIN-021", "REL-005"}
"""What blocks a model that nobody can read, beside a good one on the same target."""
RANDOM = bytes((7 * number * number + 3 * number) % 251 for number in range(4096))
AT_COST = "  - {target: node-v2, artifact: kws, macs: 2656768}\n"
QUALITY = "  - {artifact: kws, target: node-v2, metric: top1, value: 0.912}\n"
TWO_METRICS = f"\nquality:\n{QUALITY}  - {{artifact: kws, target: node-v2, metric: top5, value: 0.99}}\n"
SECOND_TARGET = "  - id: node-v3\n    runs: [kws, labels]\n    dimensions: {N: 2}\n"
SECOND_COST = "  - {target: node-v3, artifact: kws, macs: 5313536}\n"


# A zero-byte model


def empty_model(checkout: Checkout) -> None:
    """The model is an empty file, and the manifest says so honestly."""
    digest = digest_of((checkout.folder / MODEL).read_bytes())
    checkout.write(MODEL, b"")
    checkout.edit(f'size: 93564\n    digest: "{digest}"', f'size: 0\n    digest: "{digest_of(b"")}"')


ZERO_BYTES = Hole(
    words="a zero-byte model",
    tool="squash 3.1.0",
    did="An empty .safetensors met all six rules of its EU AI Act policy, with the scan on: exit 0. With an empty "
    ".npy beside a real .onnx, that could be exchanged for random bytes: exit 0, and the same hash.",
    cases=(
        Case(words="stated honestly", spoil=empty_model, rules=NOT_READ),
        Case(
            words="called an asset",
            spoil=all_of(empty_model, edited("role: model\n    format: onnx", "role: asset\n    format: onnx")),
            rules=NOT_READ | {"REL-003", "REL-007"},
        ),
        Case(
            words="beside the real one",
            spoil=lambda checkout: checkout.write("model/a.npy", b""),
            rules=frozenset({"FPR-003"}),
        ),
        Case(words="as a second model", spoil=shipped_as("model/a.npy", b"", "model"), rules=UNREAD_BESIDE),
    ),
)


# A removed metric

TWO_TARGETS = all_of(
    configured(BUDGET, 'max_macs: {"*": 6000000}'),
    configured('max_weight_kib: {node-v2: 128, "*": 16}', 'max_weight_kib: {"*": 128}'),
    configured("max_activation_kib: {node-v2: 128}", 'max_activation_kib: {"*": 128}'),
    edited("    dimensions: {N: 1}\n", f"    dimensions: {{N: 1}}\n{SECOND_TARGET}"),
    edited(AT_COST, AT_COST + SECOND_COST),
)
WITHDRAWN = frozenset({"REL-014"})

REMOVED_METRIC = Hole(
    words="a removed metric",
    tool="ml-ci-action",
    did="Only metrics that both sides name are compared; one that the change removed is a remark.",
    cases=(
        Case(
            words="the whole section of costs", spoil=without("cost:\n", "privacy:\n"), rules=WITHDRAWN | {"COST-008"}
        ),
        Case(
            words="the target, by another name",
            spoil=lambda checkout: checkout.write("release.yaml", checkout.text.replace("node-v2", "node-v3")),
            rules=WITHDRAWN | NO_GROWTH | {"COST-005", "COST-006", "COST-007"},
        ),
        Case(
            words="one of two figures of quality",
            base_has=edited(AT_COST, AT_COST + TWO_METRICS),
            spoil=edited(QUALITY, ""),
            rules=WITHDRAWN,
        ),
        Case(
            words="all figures of quality",
            base_has=edited(AT_COST, AT_COST + TWO_METRICS),
            spoil=edited(TWO_METRICS, ""),
            rules=WITHDRAWN,
        ),
        Case(
            words="the multiply-accumulates, while flash stays",
            base_has=edited("macs: 2656768}", "macs: 2656768, flash_kib: 100}"),
            spoil=edited("macs: 2656768, ", ""),
            rules=WITHDRAWN,
        ),
        Case(
            words="one of two targets, with its cost",
            base_has=TWO_TARGETS,
            spoil=all_of(edited(SECOND_TARGET, ""), edited(SECOND_COST, "")),
            rules=WITHDRAWN,
        ),
        Case(
            words="one of two figures of quality, under a name that reads like it",
            base_has=edited(AT_COST, AT_COST + TWO_METRICS),
            spoil=edited(QUALITY, QUALITY.replace("target: node-v2, metric: top1", 'metric: "node-v2 x top1"')),
            rules=WITHDRAWN,
        ),
        Case(
            words="one of two figures of quality, and the other one twice",
            base_has=edited(AT_COST, AT_COST + TWO_METRICS),
            spoil=edited(QUALITY, QUALITY.replace("top1", "top5")),
            rules=WITHDRAWN,
        ),
        Case(
            words="the window of a privacy budget",
            spoil=edited(", window_days: 365", ""),
            rules=WITHDRAWN,
        ),
    ),
)


# NaN

NOT_FINITE = r"\.nan is not a finite number"
NOT_A_NUMBER = Hole(
    words="NaN",
    tool="MLBuild 0.3.0; checkov 3.3.30",
    did="A latency of NaN kept its budget of 1 ms: pass. An epsilon of NaN is within 10 to checkov and to JSON Schema.",
    cases=(
        Case(
            words="as epsilon",
            spoil=edited("epsilon: 4.3", "epsilon: .nan"),
            said=rf"release\.yaml:45:20: {NOT_FINITE}",
        ),
        Case(
            words="as a figure of quality",
            spoil=edited(AT_COST, AT_COST + TWO_METRICS.replace("0.912", ".nan")),
            said=rf"release\.yaml:44:59: {NOT_FINITE}",
        ),
        Case(
            words="as a budget",
            base_has=configured(BUDGET, "max_macs: {node-v2: .nan}"),
            said=rf"policy-gate\.yaml:9:25: {NOT_FINITE}",
        ),
        Case(
            words="in the training configuration",
            spoil=edited("noise_multiplier: 1.3", "noise_multiplier: .nan", "evidence/train.yaml"),
            rules=frozenset({"PRIV-008"}),
        ),
    ),
)


# Values averaged over devices

AVERAGED = Hole(
    words="values averaged over devices",
    tool="EdgeGate (server of January 2026)",
    did="Metrics are averaged over devices: 10 ms and 80 ms are 45 ms, and keep a limit of 50 ms.",
    cases=(
        Case(
            words="2.7 and 5.3 million operations, with a budget of 4.1 for each: the mean is 4.0",
            base_has=all_of(TWO_TARGETS, configured('max_macs: {"*": 6000000}', 'max_macs: {"*": 4100000}')),
            rules=frozenset({"COST-005"}),
        ),
    ),
)


# An unknown format

UNKNOWN_FORMAT = Hole(
    words="an unknown format",
    tool="Veritensor 1.9.4",
    did='ONNX and TFLite are "not supported … Skipped", with the status PASS; so are random bytes and an empty .onnx.',
    cases=(
        Case(words="random bytes, named .onnx", spoil=shipped_as("model/b.onnx", RANDOM, "model"), rules=UNREAD_BESIDE),
        Case(
            words="a TFLite header and zeros",
            spoil=shipped_as("model/b.tflite", b"\x1c\0\0\0TFL3" + bytes(4088), "model"),
            rules=UNREAD_BESIDE,
        ),
        Case(
            words="a TensorRT engine, called an asset",
            spoil=shipped_as("model/b.engine", RANDOM, "asset"),
            rules=ALL_COST | {"REL-005"},
        ),
        Case(
            words="a format nobody lists, outside the bundle",
            spoil=lambda checkout: checkout.write("more/b.rknn", RANDOM),
            rules=frozenset({"REL-004"}),
        ),
    ),
)
