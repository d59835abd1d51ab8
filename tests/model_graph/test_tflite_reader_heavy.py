"""TFLite files of a million parts stay small in memory, whatever they end in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tflite_bytes import (
    Raw,
    Same,
    Table,
    buffer,
    ints,
    model,
    opcode,
    operator,
    subgraph,
    tensor,
    write,
)

from policy_gate.errors import Reason

PAIR = b"\0" * 8
MANY = 400_000
HEAVY = {
    "tensors": lambda: model(Table({0: Same(tensor("x" * 60), MANY)})),
    "long names": lambda: model(Table({0: Same(tensor("x" * 60_000), 100_000)})),
    "operators": lambda: model(Table({3: Same(Table(), MANY)})),
    "buffers": lambda: model(buffers=(buffer(),), more={4: Same(Table({0: Raw(PAIR)}), 900_000)}),
    "codes": lambda: model(more={1: Same(opcode(), MANY)}),
    "subgraphs": lambda: model(more={2: Same(Table(), MANY)}),
    "outputs": lambda: model(subgraph(outputs=(1,) * 1_500_000)),
    "inputs": lambda: model(subgraph(operators=(operator(inputs=(0,) * 1_500_000),))),
    "intermediates": lambda: model(subgraph(operators=(operator(more={8: ints(*(-1,) * 900_000)}),))),
    "shapes": lambda: model(Table({0: Same(tensor(dims=(1,) * 1_000_000), 100)})),
    "metadata": lambda: model(more={6: Same(Table({0: "m"}), 700_000)}),
    "signatures": lambda: model(more={7: Same(Table({2: "m"}), 700_000)}),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", sorted(HEAVY))
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_a_million_tiny_parts_stay_below_two_hundred_and_fifty_mebibytes(what: str, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(write(HEAVY[what]()).bytes())
    command = [sys.executable, "-c", MEASURED, tmp_path / "m.tflite"]
    reason, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(";")
    assert reason in {"read", str(Reason.TOO_LARGE), str(Reason.UNREADABLE)}
    assert int(peak) < 250 * 1024


MEASURED = """
import re, sys
from policy_gate.errors import EvidenceError
from policy_gate.model_graph import read_model
try:
    read_model(open(sys.argv[1], "rb"), "m.tflite")
    reason = "read"
except EvidenceError as error:
    reason = error.reason
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
print(reason, peak, sep=";", end="")
"""
