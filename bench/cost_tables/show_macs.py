"""Multiply-accumulates of known models: ours and onnx-tool's beside the integers that are known of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from promise import Promise, Shared, gate_json

sys.path.append(str(Path(__file__).resolve().parents[1]))
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "model_graph"))

from known_macs import LIGHT_MACS, TINY_LITE_MACS
from tables import peer

PAIRS = {
    "anomaly detection, float": ("ad01_fp32.onnx", "ad01_fp32.tflite"),
    "anomaly detection, int8": ("ad01_int8.onnx", "ad01_int8.tflite"),
    "image classification, float": ("pretrainedResnet.onnx", "pretrainedResnet.tflite"),
    "image classification, int8": ("ic_int8.onnx", "pretrainedResnet_quant.tflite"),
    "keyword spotting, float": ("kws_ref_model_float32.onnx", "kws_ref_model_float32.tflite"),
    "keyword spotting, int8": ("kws_ref_model.onnx", "kws_ref_model.tflite"),
    "visual wake words, float": ("vww_96_float.onnx", "vww_96_float.tflite"),
    "visual wake words, int8": ("vww_96_int8.onnx", "vww_96_int8.tflite"),
}
# onnx-tool takes no symbol for an extent: a batch of one is given to it.
COUNT = """\
import contextlib, io, json, sys
import numpy, onnx, onnx_tool
found = {}
for path in sys.argv[1:]:
    held = onnx.load(path, load_external_data=False).graph
    made = {one.name for one in held.initializer}
    inputs = {
        one.name: numpy.zeros([axis.dim_value or 1 for axis in one.type.tensor_type.shape.dim], numpy.float32)
        for one in held.input
        if one.name not in made
    }
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            graph = onnx_tool.loadmodel(path, {"verbose": False}).graph
            graph.graph_reorder_nodes()
            graph.shape_infer(inputs)
            graph.profile()
            found[path] = int(graph.macs[0])
        except Exception as error:
            found[path] = type(error).__name__
print(json.dumps(found))
"""


def show_macs(shared: Shared) -> Iterator[Promise]:
    """Light models of the onnx package, then MLPerf Tiny pairs."""
    import onnx

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    paths = {name: folder / f"light_{name}.onnx" for name in LIGHT_MACS}
    theirs = _onnx_tool([*paths.values()])
    print(f"{'light model':<30} {'known':>14} {'policy-gate':>14} {'onnx-tool':>24}")
    wrong = 0
    for name, path in paths.items():
        ours = _ours(path)
        wrong += ours != LIGHT_MACS[name]
        print(f"{name:<30} {LIGHT_MACS[name]:>14,} {_count(ours)} {_beside(theirs[str(path)], LIGHT_MACS[name])}")
    yield Promise(
        "every light model has the count that is known of it", f"{len(paths) - wrong} of {len(paths)}", not wrong
    )
    models = shared.find("models/mlperf-tiny")
    if models is not None:
        yield _pairs(models)


def _pairs(models: Path) -> Promise:
    theirs = _onnx_tool([models / plain for plain, _ in PAIRS.values()])
    print(f"\n{'MLPerf Tiny':<30} {'known':>14} {'ONNX':>14} {'TFLite':>14} {'onnx-tool':>24}")
    wrong = 0
    for words, (plain, lite) in PAIRS.items():
        known, ours = TINY_LITE_MACS[Path(lite).stem], [_ours(models / one) for one in (plain, lite)]
        wrong += sum(one != known for one in ours)
        found = " ".join(map(_count, ours))
        print(f"{words:<30} {known:>14,} {found} {_beside(theirs[str(models / plain)], known)}")
    return Promise("every pair has the known count in both formats", f"{wrong} differ of {2 * len(PAIRS)}", not wrong)


def _ours(path: Path) -> int | str:
    """The exact count by the real command, dimensions that are open bound to one; or why there is none."""
    found = gate_json("inspect", str(path), "--format", "json", "--top", "0")
    if found["unbound_dimensions"]:
        bound = [f"--dimension={name}=1" for name in found["unbound_dimensions"]]
        found = gate_json("inspect", str(path), "--format", "json", "--top", "0", *bound)
    macs = found["macs"]
    return "unknown" if "total" not in macs else "bounded" if macs["bounded"] else int(macs["total"])


def _onnx_tool(paths: list[Path]) -> Mapping[str, int | str]:
    command = [str(peer("onnx-tool") / "python"), "-c", COUNT, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, int | str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _count(found: int | str) -> str:
    return f"{found:>14,}" if isinstance(found, int) else f"{found:>14}"


def _beside(found: int | str, known: int) -> str:
    return f"{_count(found)} {100 * (found - known) / known:>+8.1f} %" if isinstance(found, int) else f"{found:>24}"
