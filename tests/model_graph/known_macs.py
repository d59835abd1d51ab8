"""Multiply-accumulates that are known of real models: of convolutions and matrix products, without biases."""

from __future__ import annotations

LIGHT_MACS = {
    "bvlc_alexnet": 654_560_384,
    "densenet121": 2_834_161_664,
    "inception_v1": 1_431_556_352,
    "inception_v2": 2_018_851_840,
    "resnet50": 4_089_184_256,
    "shufflenet": 124_664_528,
    "squeezenet": 349_151_936,
    "vgg19": 19_632_062_464,
    "zfnet512": 1_481_727_008,
}
"""The light models that the onnx package brings, by the name behind `light_`."""

TINY_LITE_MACS = {
    "ad01_fp32": 264_192,
    "ad01_int8": 264_192,
    "pretrainedResnet": 12_501_632,
    "pretrainedResnet_quant": 12_501_632,
    "kws_ref_model_float32": 2_656_768,
    "kws_ref_model": 2_656_768,
    "vww_96_float": 7_489_664,
    "vww_96_int8": 7_489_664,
}
"""The reference models of MLPerf Tiny, by the name of their TFLite file."""

TWINS = {"pretrainedResnet_quant": "ic_int8"}
"""ONNX files with another name than the TFLite file they were made from."""

TINY_MACS = {TWINS.get(name, name): count for name, count in TINY_LITE_MACS.items()}
"""The same, by the name of their ONNX file."""
