"""What an operator is to a runtime: whether it is a kernel of its own, what it fuses with, what it may overwrite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from policy_gate.frozen import dataclass
from policy_gate.model_graph.graph import Node


@dataclass(frozen=True, slots=True)
class Traits:
    """The answers for one operator; all False for one that is a plain kernel."""

    renames: bool = False
    """The output is the input's bytes under another name or shape: no kernel."""
    asks: bool = False
    """It gives a shape, and reads no element: no kernel."""
    quantises: bool = False
    dequantises: bool = False
    """Marks a change of width that the kernels around it make; in TFLite these are kernels like any other."""
    heavy: bool = False
    """A convolution or product: scales, biases, batch norm and activations go into its kernel."""
    light: bool = False
    """Arithmetic, pooling, concatenation: activations go into its kernel."""
    scale: bool = False
    """With one operand that is no constant, it is a bias, a scale or a batch norm for the kernel before it."""
    activation: bool = False
    """Goes into the kernel before it. Those that TFLite keeps as an attribute: profiles are fitted on its files."""
    epilogue: bool = False
    """Between a kernel and the quantisation of its result, it works on what the kernel holds unstored."""
    keeps_width: bool = False
    """It moves or picks elements, so that it may work on the quantised ones."""
    pads: bool = False
    """It adds a margin, which a convolution can add itself."""
    takes_pad: bool = False
    transposes: bool = False
    """It may only move channels from first to last or back: no kernel, since a runtime keeps one layout."""
    in_place: bool = False
    """A planner may lay its output over an input that dies."""
    overlay: bool = False
    """A convolution: a planner that works row by row may lay its output over an input that dies."""
    runs_bodies: bool = False
    """Control flow: no kernel, the bodies hold them. Other operators with bodies apply them within their kernel."""
    branches: bool = False
    """Control flow that runs one of its bodies."""
    widens: bool = False
    """Of a constant, an interpreter of TFLite does it once."""
    generates: bool = False
    """It makes a constant, which a file need not hold."""

    @property
    def folds(self) -> bool:
        """Whether a runtime stores less around it than the graph says."""
        return self.quantises or self.dequantises or self.renames


PLAIN = Traits()

_FLAGS = frozenset(field.name for field in fields(Traits))

_ONNX_ACTIVATIONS = "LeakyRelu PRelu HardSwish HardSigmoid Sigmoid Tanh Elu Gelu Swish Mish Selu Softplus"
_ONNX_ARITHMETIC = "Add Sub Mul Div"
_ONNX_POOLS = "MaxPool AveragePool GlobalMaxPool GlobalAveragePool"
_ONNX_RENAMES = "Reshape Flatten Squeeze Unsqueeze Identity Dropout"
_ONNX_CONVOLUTIONS = "Conv ConvInteger QLinearConv DeformConv"

_ONNX: Mapping[str, str] = {
    "renames": _ONNX_RENAMES,
    "asks": "Shape Size",
    "quantises": "QuantizeLinear",
    "dequantises": "DequantizeLinear",
    "heavy": f"{_ONNX_CONVOLUTIONS} ConvTranspose CausalConvWithState Gemm MatMul MatMulInteger QLinearMatMul",
    "light": f"{_ONNX_ARITHMETIC} {_ONNX_POOLS} Sum Max Min Pow Concat BatchNormalization",
    "scale": f"{_ONNX_ARITHMETIC} BatchNormalization",
    "activation": "Relu Clip",
    "epilogue": f"Relu Clip {_ONNX_ACTIVATIONS} {_ONNX_ARITHMETIC} BatchNormalization",
    "keeps_width": f"{_ONNX_RENAMES} {_ONNX_POOLS} Transpose Pad Concat Split Slice Gather",
    "pads": "Pad",
    "transposes": "Transpose",
    "takes_pad": _ONNX_CONVOLUTIONS,
    "in_place": f"Relu Clip {_ONNX_ACTIVATIONS} {_ONNX_ARITHMETIC} {_ONNX_POOLS} Sum Max Min Mean Pow Mod"
    " BatchNormalization Softmax LogSoftmax Hardmax Softsign Celu ThresholdedRelu Abs Neg Exp Log Sqrt Reciprocal"
    " Floor Ceil Round Sign Erf Sin Cos Tan Not And Or Xor Where ReduceMean QuantizeLinear DequantizeLinear Cast",
    "overlay": _ONNX_CONVOLUTIONS,
    "runs_bodies": "If Loop Scan SequenceMap",
    "branches": "If",
    "generates": "Constant ConstantOfShape",
}

_MICROSOFT_CONVOLUTIONS = "FusedConv NhwcConv NhwcFusedConv QLinearConv"

_MICROSOFT: Mapping[str, str] = {
    "renames": "ExpandDims",
    "quantises": "QuantizeLinear",
    "dequantises": "DequantizeLinear",
    "heavy": f"{_MICROSOFT_CONVOLUTIONS} FusedGemm FusedMatMul QGemm MatMulIntegerToFloat DynamicQuantizeMatMul"
    " MatMulNBits",
    "light": "QLinearAdd QLinearMul QLinearConcat QLinearAveragePool QLinearGlobalAveragePool NhwcMaxPool",
    "epilogue": "Gelu FastGelu QuickGelu BiasGelu",
    "pads": "Pad",
    "takes_pad": _MICROSOFT_CONVOLUTIONS,
    "in_place": "QLinearAdd QLinearMul QLinearAveragePool QLinearGlobalAveragePool QLinearLeakyRelu QLinearSigmoid"
    " QLinearSoftmax NhwcMaxPool Gelu FastGelu QuickGelu BiasGelu QuantizeLinear DequantizeLinear",
    "overlay": _MICROSOFT_CONVOLUTIONS,
}

_TFLITE: Mapping[str, str] = {
    "renames": "RESHAPE SQUEEZE EXPAND_DIMS STABLEHLO_RESHAPE",
    "asks": "SHAPE RANK",
    "pads": "PAD PADV2",
    "takes_pad": "CONV_2D DEPTHWISE_CONV_2D CONV_3D",
    "in_place": "DEPTHWISE_CONV_2D ADD ADD_N SUB MUL DIV MAXIMUM MINIMUM POW SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD"
    " RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 LOGISTIC TANH HARD_SWISH LEAKY_RELU PRELU ELU GELU SOFTMAX LOG_SOFTMAX"
    " ABS NEG EXP LOG SQRT RSQRT SQUARE SIN COS FLOOR CEIL ROUND SIGN LOGICAL_NOT LOGICAL_AND LOGICAL_OR SELECT"
    " SELECT_V2 L2_NORMALIZATION AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D MEAN QUANTIZE DEQUANTIZE CAST",
    "overlay": "CONV_2D CONV_3D",
    "runs_bodies": "IF WHILE CALL CALL_ONCE STABLEHLO_CASE STABLEHLO_WHILE STABLEHLO_COMPOSITE",
    "branches": "IF STABLEHLO_CASE",
    "widens": "DEQUANTIZE DENSIFY",
}


def _table(names: Mapping[str, str]) -> dict[str, Traits]:
    """Turn names by trait into traits by name."""
    found: dict[str, dict[str, bool]] = {}
    for flag in names.keys() & _FLAGS:
        for name in names[flag].split():
            found.setdefault(name, {})[flag] = True
    return {name: Traits(**flags) for name, flags in found.items()}


TRAITS: Mapping[str, Mapping[str, Traits]] = {
    "": _table(_ONNX),
    "ai.onnx": _table(_ONNX),
    "com.microsoft": _table(_MICROSOFT),
    "tflite": _table(_TFLITE),
}
"""By domain and operator; what is in neither is a plain kernel."""

_NONE: Mapping[str, Traits] = {}


def moves_channels(node: Node) -> bool:
    """Whether a transpose only turns channels-first into channels-last or back, which exporters add for ONNX."""
    order = node.attributes.get("perm")
    if not isinstance(order, tuple) or len(order) < 3:
        return False
    axes = tuple(range(len(order)))
    return order in {(0, *axes[2:], 1), (0, axes[-1], *axes[1:-1])}


def traits_of(node: Node) -> Traits:
    """Return what a call's operator is to a runtime."""
    return TRAITS.get(node.domain, _NONE).get(node.op, PLAIN)
