"""Makes real models more expensive in three ways, under new names for everything, and shows who is blamed.

Usage: python examples/regressions.py [FOLDER WITH THE MODELS OF MLPERF TINY]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, numpy_helper

HERE = Path(__file__).resolve().parent
GATE = [sys.executable, "-I", "-m", "policy_gate.cli"]


def main() -> int:
    """Show every pair; 0 when each row names the layer that was changed."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    blamed = [shown(*pair) for pair in pairs(folder)]
    print(f"\nThe layer that was changed is named first in {sum(blamed)} of {len(blamed)} pairs.")
    return 0 if all(blamed) else 1


def pairs(folder: Path | None) -> Iterator[tuple[str, ModelProto, ModelProto, str]]:
    """What was done, the model before and after, and the new name of the layer it was done to."""
    example = onnx.load(HERE / "keyword-spotting" / "model" / "kws.onnx")
    yield changed(example, "block2/pointwise is 16 channels wider", lambda one: widened(one, "block2/pointwise", 16))
    yield changed(example, "block3/pointwise looks at 3 x 3", lambda one: with_kernel(one, "block3/pointwise", 3))
    if folder is None:
        return
    quantised = onnx.load(folder / "kws_ref_model.onnx")
    name = next(node.name for node in quantised.graph.node if node.op_type == "Conv" and "conv2d_3/Conv2D" in node.name)
    yield changed(quantised, "one int8 layer fell back to float32", lambda one: fallen_back(one, name))
    wake = onnx.load(folder / "vww_96_float.onnx")
    name = [node.name for node in wake.graph.node if node.op_type == "Conv"][10]
    yield changed(wake, "one convolution is 32 channels wider", lambda one: widened(one, name, 32))


def changed(
    model: ModelProto, what: str, change: Callable[[ModelProto], tuple[ModelProto, int]]
) -> tuple[str, ModelProto, ModelProto, str]:
    """One pair: a copy is changed, then everything in it gets another name."""
    copy = ModelProto()
    copy.CopyFrom(model)
    after, at = change(copy)
    renamed = with_other_names(after)
    return what, model, renamed, renamed.graph.node[at].name


def shown(what: str, before: ModelProto, after: ModelProto, layer: str) -> bool:
    """Print what `inspect` says of a pair; whether its first row names the layer."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(before, Path(folder) / "before.onnx")
        onnx.save(after, Path(folder) / "after.onnx")
        axes = [axis.dim_param for axis in before.graph.input[0].type.tensor_type.shape.dim if axis.dim_param]
        bound = [f"--dimension={axis}=1" for axis in axes]
        argv = [*GATE, "inspect", "after.onnx", "--base", "before.onnx", "--top", "3", *bound]
        printed = subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    compared = printed[printed.index("compared with") :].splitlines()
    print(f"\n{what} (now called {layer!r}):\n")
    print("\n".join(f"    {line}" for line in compared))
    causes = [line.strip() for line in compared if line.startswith("  '")]
    return bool(causes) and causes[0].startswith(f"'{layer}' ")


def widened(model: ModelProto, name: str, more: int) -> tuple[ModelProto, int]:
    """Give a convolution more output channels, of zeros; the depthwise one behind it follows, and the next reads them.

    Returns the model and the position of the convolution.
    """
    nodes, at = model.graph.node, position(model, name)
    pad(model, nodes[at], 0, more)
    convolutions = [one for one in range(at + 1, len(nodes)) if nodes[one].op_type == "Conv"]
    depthwise, reader = (nodes[one] for one in convolutions[:2])
    pad(model, depthwise, 0, more)
    group = next(one for one in depthwise.attribute if one.name == "group")
    group.i += more
    pad(model, reader, 1, more)
    return without_claims(model), at


def with_kernel(model: ModelProto, name: str, size: int) -> tuple[ModelProto, int]:
    """Give a 1 x 1 convolution a larger kernel with a margin, so that its output keeps its shape."""
    at = position(model, name)
    node = model.graph.node[at]
    for tensor in model.graph.initializer:
        if tensor.name == node.input[1]:
            old = numpy_helper.to_array(tensor)
            new = np.zeros((*old.shape[:2], size, size), old.dtype)
            new[:, :, size // 2, size // 2] = old[:, :, 0, 0]
            tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))
    for attribute in list(node.attribute):
        if attribute.name in ("kernel_shape", "pads"):
            node.attribute.remove(attribute)
    node.attribute.append(onnx.helper.make_attribute("kernel_shape", [size, size]))
    node.attribute.append(onnx.helper.make_attribute("pads", [size // 2] * 4))
    return without_claims(model), at


def fallen_back(model: ModelProto, name: str) -> tuple[ModelProto, int]:
    """Store the weights of a quantised convolution as float32, as a converter does with what it cannot quantise."""
    node = model.graph.node[position(model, name)]
    tensors = {one.name: one for one in model.graph.initializer}
    recode = next(one for one in model.graph.node if node.input[1] in one.output)
    quantised, scale, zero = (numpy_helper.to_array(tensors[one]) for one in recode.input)
    axes = (1,) * (quantised.ndim - 1)
    values = (quantised.astype("float32") - zero.reshape(-1, *axes)) * scale.reshape(-1, *axes)
    model.graph.initializer.append(numpy_helper.from_array(values.astype("float32"), node.input[1]))
    model.graph.node.remove(recode)
    return model, position(model, name)


def with_other_names(model: ModelProto) -> ModelProto:
    """Rename every node, value and constant; only inputs and outputs of the model keep their names."""
    fixed = {one.name for one in (*model.graph.input, *model.graph.output)}
    names: dict[str, str] = {}

    def other(name: str) -> str:
        return name if not name or name in fixed else names.setdefault(name, f"v{len(names)}")

    for tensor in model.graph.initializer:
        tensor.name = other(tensor.name)
    for at, node in enumerate(model.graph.node):
        node.name = f"layer_{at}"
        node.input[:] = map(other, list(node.input))
        node.output[:] = map(other, list(node.output))
    return without_claims(model)


def pad(model: ModelProto, node: NodeProto, axis: int, more: int) -> None:
    """Put zeros behind the weights of a convolution along an axis, and behind its bias along the first."""
    for tensor in model.graph.initializer:
        if tensor.name == node.input[1] or (axis == 0 and tensor.name in list(node.input)[2:]):
            old = numpy_helper.to_array(tensor)
            margin = [(0, more if one == axis else 0) for one in range(old.ndim)]
            tensor.CopyFrom(numpy_helper.from_array(np.pad(old, margin), tensor.name))


def position(model: ModelProto, name: str) -> int:
    """Where a node stands."""
    return next(at for at, node in enumerate(model.graph.node) if node.name == name)


def without_claims(model: ModelProto) -> ModelProto:
    """Shapes stored for values inside the graph are stale after a change."""
    del model.graph.value_info[:]
    return model


if __name__ == "__main__":
    sys.exit(main())
