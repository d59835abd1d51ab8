"""How far latency, energy, RAM and flash are off published measurements, each family predicted without its own rows."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from promise import GATE, Promise, Shared, gate_json

LATENCY, MEMORY = "data/cost_dev.csv", "data/cost_memory_dev.csv"
MAX_MAPE, MIN_WITHIN_20, MIN_COVERED, MAX_BOUND = 16.0, 65.0, 0.95, 1.7
MAX_ENERGY_MAPE, MIN_HELD = 10.0, 0.85
WEIGHTS_WITHIN_PERCENT = 0.5


def show_latency(shared: Shared) -> Iterator[Promise]:
    """Latency and energy: pooled over fitted profiles, families weigh the same; screening profiles stand apart."""
    rows = shared.find(LATENCY)
    if rows is None:
        return
    scores = _scored(rows)
    fitted = scores["promising"]
    where = f"{fitted['rows']} rows of {fitted['families']} families"
    error, naive = fitted["mape_percent"], fitted["naive_mape_percent"]
    yield Promise(
        f"mean error at most {MAX_MAPE:.0f} %",
        f"{error:.1f} % over {where}; MACs alone {naive:.1f} %",
        error <= MAX_MAPE,
    )
    near = fitted["within_20_percent"]
    yield Promise(f"at least {MIN_WITHIN_20:.0f} % within 20 %", f"{near:.0f} %", near >= MIN_WITHIN_20)
    under, count = fitted["covered"], fitted["rows"]
    yield Promise(
        f"at least {MIN_COVERED:.0%} of the measurements under the upper bound",
        f"{under} of {count} ({under / count:.1%}), {fitted['families']} families",
        under >= MIN_COVERED * count,
    )
    width = fitted["median_upper_over_measured"]
    yield Promise(
        f"the bound is at most {MAX_BOUND} x the measurement, in the median", f"{width:.2f}", width <= MAX_BOUND
    )
    energy = scores["energy_left_out"]
    off = energy["mape_percent"]
    words = f"{off:.1f} % over {energy['rows']} rows of {energy['systems']} systems"
    yield Promise(f"energy at most {MAX_ENERGY_MAPE:.0f} % off, given a measured power", words, off <= MAX_ENERGY_MAPE)


def show_memory(shared: Shared) -> Iterator[Promise]:
    """Activation RAM as an interval, and the bytes of weights, beside published ones."""
    rows = shared.find(MEMORY)
    if rows is None:
        return
    found = _scored(rows)
    held, count = found["held"], found["rows"]
    words = (
        f"{held} of {count} rows of {found['families']} families, median width {found['median_width']:.2f} of the value"
    )
    yield Promise(f"at least {MIN_HELD:.0%} of the values inside the interval", words, held >= MIN_HELD * count)
    off, within = found["weights_median_percent"], found["weights_within"]
    words = f"{off:.2f} % in the median; {within} of {count} rows within {WEIGHTS_WITHIN_PERCENT} %"
    yield Promise(f"weights in flash at most {WEIGHTS_WITHIN_PERCENT} % off", words, off <= WEIGHTS_WITHIN_PERCENT)


def _scored(rows: Path) -> dict[str, object]:
    """Print the command's own table, and give its figures."""
    asked = ["profile", "show", "--rows", str(rows), "--fitted-rows", "refit"]
    subprocess.run([*GATE, *asked], check=True)
    print(flush=True)
    found: dict[str, object] = gate_json(*asked, "--format", "json")["scores"]
    return found
