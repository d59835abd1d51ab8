"""What it takes to predict a model's cost: time and memory beside onnx-tool, in one run, as ratios.

    python bench/cost.py [embedded] [external] [lite] [deep] [light]

Memory and time are those of whole processes where nothing else is said. Other work on the machine adds to wall times,
so that ratios are of processor time, but for reading gigabytes, which is waiting too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import tables
from measure import Command, Sample, in_turn, median_ms, peak_mib, ratio
from tables import OURS, Row, made, peer

LIGHT_MODELS = 9
MAX_PEAK_MIB = 64
ONNX_TOOL = "import onnx_tool, sys; onnx_tool.model_profile(sys.argv[1])"
# Both print the processor seconds of one call in a process that has imported everything: the quickest of seven.
OURS_INSIDE = """\
import json, sys
from pathlib import Path
from time import process_time
from policy_gate.inspection import Asked, inspect_model
from policy_gate.report.inspection_text import render_inspection_text
import policy_gate.cli, policy_gate.model_graph.onnx_reader, policy_gate.model_graph.profile
found = {}
for path in map(Path, sys.argv[1:]):
    times = []
    for _ in range(7):
        started = process_time()
        render_inspection_text(inspect_model(Asked(path=path, dimensions={})))
        times.append(process_time() - started)
    found[path.stem] = min(times)
print(json.dumps(found))
"""
THEIRS_INSIDE = """\
import contextlib, io, json, sys
from pathlib import Path
from time import process_time
import onnx_tool
found = {}
for path in map(Path, sys.argv[1:]):
    times = []
    for _ in range(7):
        started = process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            onnx_tool.model_profile(str(path))
        times.append(process_time() - started)
    found[path.stem] = min(times)
print(json.dumps(found))
"""


def embedded(folder: Path) -> Iterator[Row]:
    """1 GB of weights inside the file."""
    samples = _beside(made("big", folder / "big.onnx"), rounds=3)
    yield from _shares("1 GB ONNX", samples, 0.1)
    yield _peak("1 GB ONNX", samples["ours"])


def external(folder: Path) -> Iterator[Row]:
    """4 GB of weights beside the file, which onnx-tool reads into memory."""
    samples = _beside(made("external", folder / "external.onnx"), rounds=2)
    yield from _shares("4 GB beside an ONNX", samples, 0.02)
    yield _peak("4 GB beside an ONNX", samples["ours"])


def lite(folder: Path) -> Iterator[Row]:
    """1 GB of weights inside a TFLite file; no peer reads it without TensorFlow."""
    path, plain = made("lite", folder / "lite.tflite"), made("big", folder / "big.onnx")
    commands = [Command(one.suffix, [*OURS, "inspect", str(one)], folder) for one in (path, plain)]
    samples = in_turn(commands, rounds=3)
    yield _peak("1 GB TFLite", samples[".tflite"])
    found = ratio(samples, ".tflite", ".onnx")
    times = f"{median_ms(samples['.tflite']):.0f} / {median_ms(samples['.onnx']):.0f} ms"
    yield Row("1 GB TFLite / 1 GB ONNX, time", f"{found:.2f} ({times})", "<= 1.5", found <= 1.5)


def deep(folder: Path) -> Iterator[Row]:
    """50,000 calls, one behind the other."""
    path = made("deep", folder / "deep.onnx")
    (seconds,) = _inside([sys.executable, "-I", "-c", OURS_INSIDE], [path]).values()
    yield Row("50,000 nodes, after import", f"{seconds:.2f} s", "<= 1 s", seconds <= 1)
    samples = in_turn([Command("ours", [*OURS, "inspect", "--top", "5", str(path)], folder)], rounds=3)
    whole = median_ms(samples["ours"]) / 1000
    yield Row("50,000 nodes, whole process", f"{whole:.2f} s, {peak_mib(samples['ours']):.0f} MiB", "< 2 s", whole < 2)


def light(folder: Path) -> Iterator[Row]:
    """The nine models that the onnx package brings, whose weights are made by nodes."""
    import onnx

    del folder
    paths = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("*.onnx"))
    whole = {}
    for path in paths:
        samples = _beside(path, rounds=3)
        whole[path.stem] = (median_ms(samples["ours"]), median_ms(samples["onnx-tool"]))
    ours = _inside([sys.executable, "-I", "-c", OURS_INSIDE], paths)
    theirs = _inside([str(peer("onnx-tool") / "python"), "-c", THEIRS_INSIDE], paths)
    inside = {name: (1000 * ours[name], 1000 * theirs[name]) for name in ours}
    for what, times, limit in (("whole process", whole, 0.6), ("in process", inside, 0.25)):
        sums = [sum(one) for one in zip(*times.values(), strict=True)]
        found, worst = sums[0] / sums[1], max(one / other for one, other in times.values())
        figure = f"{found:.2f} ({sums[0]:.0f} / {sums[1]:.0f} ms), worst {worst:.2f}"
        kept = len(times) == LIGHT_MODELS and found <= limit
        yield Row(f"{len(times)} light models / onnx-tool, {what}", figure, f"<= {limit}", kept)


def _beside(path: Path, rounds: int) -> dict[str, list[Sample]]:
    commands = [
        Command("ours", [*OURS, "inspect", str(path)], path.parent),
        Command("onnx-tool", [str(peer("onnx-tool") / "python"), "-c", ONNX_TOOL, str(path)], path.parent),
    ]
    return dict(in_turn(commands, rounds))


def _shares(what: str, samples: dict[str, list[Sample]], limit: float) -> Iterator[Row]:
    """Time and memory as shares of onnx-tool's."""
    found = ratio(samples, "ours", "onnx-tool", wall=True)
    ours, theirs = (median_ms(samples[name], wall=True) for name in ("ours", "onnx-tool"))
    yield Row(f"{what} / onnx-tool, time", f"{found:.3f} ({ours:.0f} / {theirs:.0f} ms)", f"<= {limit}", found <= limit)
    peaks = [peak_mib(samples[name]) for name in ("ours", "onnx-tool")]
    share = peaks[0] / peaks[1]
    figure = f"{share:.3f} ({peaks[0]:.0f} / {peaks[1]:,.0f} MiB)"
    yield Row(f"{what} / onnx-tool, memory", figure, f"<= {limit}", share <= limit)


def _peak(what: str, samples: list[Sample]) -> Row:
    peak = peak_mib(samples)
    return Row(f"{what}, peak memory", f"{peak:.0f} MiB", f"<= {MAX_PEAK_MIB} MiB", peak <= MAX_PEAK_MIB)


def _inside(command: list[str], paths: list[Path]) -> dict[str, float]:
    """Processor seconds by model, as a process tells them on its last line."""
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "embedded": embedded,
    "external": external,
    "lite": lite,
    "deep": deep,
    "light": light,
}

if __name__ == "__main__":
    sys.exit(tables.main(PARTS))
