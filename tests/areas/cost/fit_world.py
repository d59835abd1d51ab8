"""Rows of measurements for tests: a device whose latencies follow known rates, and tables of such rows."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.areas.cost.device import RowLabels
from policy_gate.areas.cost.fitting.rows import REQUIRED, Row
from policy_gate.model_graph.figures import Features

LABELS = RowLabels(device="BOARD-1", engine="1 CPU", dtype="int8", runtime="Runtime 1.0.0")
RATES = (2.0, 6.0, 10.0, 3.0, 20_000.0, 100_000.0)
"""Nanoseconds of a MAC, a depthwise one, a byte of activations, one of weights, an operator, and an inference."""
MODELS = {
    "plain": [(10_000_000, 0, 400_000, 90_000, 12), (40_000_000, 0, 1_500_000, 200_000, 20)],
    "light": [(6_000_000, 800_000, 700_000, 220_000, 30), (36_000_000, 4_300_000, 3_700_000, 230_000, 30)],
    "dense": [(260_000, 0, 3_400, 270_000, 10), (500_000, 0, 6_000, 520_000, 10)],
    "mixed": [(60_000_000, 1_000_000, 1_400_000, 280_000, 16), (110_000_000, 1_700_000, 2_600_000, 285_000, 16)],
}


def latency_ms(counts: tuple[int, ...], rates: tuple[float, ...] = RATES) -> float:
    """What a model takes on the board."""
    return sum(rate * count for rate, count in zip(rates, (*counts, 1), strict=True)) / 1e6


def features(counts: tuple[int, ...], *, bounded: bool = False, dtype: str = "int8", share: float = 1.0) -> Features:
    """Features of a model with these counts."""
    return Features(*counts, dtype=dtype, dtype_share=share, bounded=bounded)


def row(family: str, counts: tuple[int, ...], measured_ms: float = 0.0, labels: RowLabels = LABELS) -> Row:
    """One measurement; the latency is what the board takes unless one is given."""
    return Row(
        line=2,
        family=family,
        model=f"{family}-{counts[0]}",
        labels=labels,
        processor="Core",
        freq_mhz="100",
        features=features(counts),
        latency_ms=measured_ms or latency_ms(counts),
        energy_uj=None,
        source=("", "", ""),
    )


def board_rows(labels: RowLabels = LABELS, scale: float = 1.0) -> list[Row]:
    """Two models of each family on the board."""
    return [
        row(family, counts, scale * latency_ms(counts), labels)
        for family, models in MODELS.items()
        for counts in models
    ]


def table(rows: Iterable[Row], **columns: str) -> bytes:
    """The rows as a CSV table, with further columns that hold the same text in each line."""
    lines = [",".join((*REQUIRED, *columns))]
    for one in rows:
        labels = (one.labels.device, one.labels.engine, one.labels.dtype, one.labels.runtime)
        counts = (
            one.features.conv_macs,
            one.features.depthwise_macs,
            one.features.activation_bytes,
            one.features.weight_bytes,
            one.features.operators,
        )
        cells = (one.family, one.model, *labels, repr(one.latency_ms), *map(str, counts), *columns.values())
        lines.append(",".join(cells))
    return ("\n".join(lines) + "\n").encode()
