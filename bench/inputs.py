"""Makes what is measured: one small manifest, a fleet of them, models of gigabytes and of many nodes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import onnx
import yaml
from onnx import TensorProto, helper

FLOAT = TensorProto.FLOAT
PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = PROJECT / "examples" / "keyword-spotting"

SMALL = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata:
  name: kws-{number}
  version: "1.4.0"
  sequence: 41
  license: Apache-2.0
artifacts:
  - id: kws
    path: kws.onnx
    size: {size}
    digest: "{digest}"
targets:
  - id: node-v2
    runs: [kws]
    dimensions: {{N: 1}}
"""
"""What a producer writes by hand, as `init` drafts it."""

MANIFEST = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata:
  name: kws-{number}
  version: "1.4.0"
  sequence: 41
  license: Apache-2.0
  created: "2026-11-20T09:14:03Z"
artifacts:
  - id: kws
    path: kws.onnx
    role: model
    size: {size}
    digest: "{digest}"
targets:
  - {{id: node-v2, runs: [kws], dimensions: {{N: 1}}}}
  - {{id: node-v3, runs: [kws], dimensions: {{N: 1}}}}
privacy:
  claim_type: central-dp
  claim: {{epsilon: 4.3, delta: 1.0e-6}}
  unit: {{kind: user, max_records_per_unit: 1}}
  adjacency: add-or-remove-one
  population: {{id: users, size: 85000, window_days: 365}}
  phases:
    - id: train
      mechanism: dp-sgd
      noise_multiplier: 0.9
      clip_norm: 1.0
      steps: 6640
      sampling: {{scheme: poisson, batch_size: 512, dataset_size: 85000}}
lineage:
  asof: "2026-11-20"
  nodes:
    - id: dataset:speech
      type: source
      role: train
      license: {{expression: CC-BY-4.0}}
    - id: dataset:noise
      type: source
      role: train
      license: {{expression: CC0-1.0}}
    - id: dataset:train
      type: derived
      role: train
      license: {{expression: CC-BY-4.0}}
    - {{id: kws, type: release}}
  activities:
    - {{id: prepare, uses: [dataset:speech, dataset:noise], generates: [dataset:train]}}
    - {{id: train, uses: [dataset:train], generates: [kws]}}
signing: {{release: signatures/release.dsse.json}}
"""
"""A manifest with privacy, lineage and signing, of 50 lines."""


CONFIGURATION = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec: {policy: ["builtin:edge-baseline"], manifests: ["**/*.release.yaml"]}
"""


def make_one(folder: Path) -> None:
    """One manifest beside the example's model."""
    shutil.copy(EXAMPLE / "model" / "kws.onnx", folder / "kws.onnx")
    (folder / "release.yaml").write_text(_manifest(SMALL, folder / "kws.onnx", 0))


def make_fleet(folder: Path, count: int) -> list[str]:
    """Many manifests of one model, as for a model that is released per customer or region."""
    (folder / "kws.onnx").write_bytes(_tiny_model())
    names = [f"r{number:04d}.release.yaml" for number in range(count)]
    for number, name in enumerate(names):
        (folder / name).write_text(_manifest(MANIFEST, folder / "kws.onnx", number))
    (folder / "policy-gate.yaml").write_text(CONFIGURATION)
    return names


def make_private(folder: Path) -> None:
    """The example with its DP claim, and two configurations: its own rules, and the same without those of privacy."""
    # The key of the examples is accepted below a folder of that name alone.
    home = folder / "examples" / "kws"
    shutil.copytree(EXAMPLE, home)
    configuration = yaml.safe_load((EXAMPLE / "policy-gate.yaml").read_text())
    pack = yaml.safe_load((PROJECT / "policies" / "edge-release.yaml").read_text())
    del pack["spec"]["presets"]
    for name in ("with", "without"):
        (home / f"{name}-pack.yaml").write_text(yaml.safe_dump(pack))
        configuration["spec"]["policy"] = [f"{name}-pack.yaml"]
        (home / f"{name}.yaml").write_text(yaml.safe_dump(configuration))
        pack["spec"]["include"] = [one for one in pack["spec"]["include"] if one["pack"] != "builtin:privacy"]


def _manifest(template: str, model: Path, number: int) -> str:
    content = model.read_bytes()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return template.format(number=number, size=len(content), digest=digest)


def _tiny_model() -> bytes:
    weight = helper.make_tensor("w", TensorProto.FLOAT, [4, 4], [0.5] * 16)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="dense")
    return _saved([node], [weight], ["N", 4], "x", "y").SerializeToString()


def make_big_model(path: Path) -> Path:
    """60 blocks of MatMul 2048 x 2048, Add, Relu: 1 GB of weights inside the file."""
    zeros = bytes(2048 * 2048 * 4)
    weights = {
        f"w{block}": helper.make_tensor(f"w{block}", FLOAT, [2048, 2048], zeros, raw=True) for block in range(60)
    }
    onnx.save(_blocks(weights), path)
    return path


def make_external_model(path: Path) -> Path:
    """The same blocks, 240 of them: 4 GB of weights beside the file, which is a hole that takes no room on a disk."""
    size = 2048 * 2048 * 4
    weights = {}
    for block in range(240):
        weight = TensorProto(name=f"w{block}", dims=[2048, 2048], data_type=FLOAT, data_location=TensorProto.EXTERNAL)
        for key, text in (("location", "weights.bin"), ("offset", block * size), ("length", size)):
            weight.external_data.add(key=key, value=str(text))
        weights[weight.name] = weight
    path.write_bytes(_blocks(weights).SerializeToString())
    with path.with_name("weights.bin").open("wb") as hole:
        hole.truncate(240 * size)
    return path


def _blocks(weights: dict[str, TensorProto]) -> onnx.ModelProto:
    """MatMul, Add, Relu for each weight, one behind the other."""
    nodes, held, last = [], [], "x"
    for block, weight in enumerate(weights.values()):
        held += [weight, helper.make_tensor(f"b{block}", FLOAT, [2048], bytes(2048 * 4), raw=True)]
        nodes += [
            helper.make_node("MatMul", [last, weight.name], [f"m{block}"], name=f"matmul{block}"),
            helper.make_node("Add", [f"m{block}", f"b{block}"], [f"a{block}"], name=f"add{block}"),
            helper.make_node("Relu", [f"a{block}"], [f"y{block}"], name=f"relu{block}"),
        ]
        last = f"y{block}"
    return _saved(nodes, held, [1, 2048], "x", last)


def make_lite_model(path: Path) -> Path:
    """60 products of 2048 x 2048 by the tests' own writer of TFLite files: 1 GB of weights inside the file."""
    sys.path.append(str(EXAMPLE.parents[1] / "tests" / "model_graph"))
    import tflite_bytes as lite

    zeros, blocks = bytes(2048 * 2048 * 4), 60
    values = [lite.tensor(f"v{at}", (1, 2048)) for at in range(blocks + 1)]
    weights = [lite.tensor(f"w{at}", (2048, 2048), buffer=at + 1) for at in range(blocks)]
    dense = (8, lite.Table({0: lite.i8(0)}))
    calls = [lite.operator(0, (at, blocks + 1 + at, -1), (at + 1,), dense) for at in range(blocks)]
    graph = lite.subgraph([*values, *weights], (0,), (blocks,), calls)
    model = lite.model(graph, codes=(lite.opcode("FULLY_CONNECTED"),), buffers=(b"", *[zeros] * blocks))
    path.write_bytes(lite.write(model).content)
    return path


def make_deep_model(path: Path, nodes: int = 50_000) -> Path:
    """A chain of additions."""
    chain = [helper.make_node("Add", [f"t{n}", "one"], [f"t{n + 1}"], name=f"add{n}") for n in range(nodes)]
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    onnx.save(_saved(chain, [one], [1, 16], "t0", f"t{nodes}"), path)
    return path


def _saved(nodes: list, weights: list, shape: list, first: str, last: str) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "bench",
        [helper.make_tensor_value_info(first, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
        initializer=weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def make_policies_of_checkov(folder: Path) -> Path:
    """Five custom policies in checkov's own format, about the fields of the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = ("metadata.name", "metadata.version", "metadata.license", "artifacts", "targets")
    for number, field in enumerate(fields, 1):
        (folder / f"policy{number}.yaml").write_text(
            f"metadata:\n  id: CKV2_GATE_{number}\n  name: {field} is there\n  category: GENERAL_SECURITY\n"
            f"definition:\n  cond_type: attribute\n  resource_types: [ReleaseManifest]\n"
            f"  attribute: {field}\n  operator: exists\n"
        )
    return folder


if __name__ == "__main__":
    # In a process of its own: what starts a command lends it its own peak of memory.
    kinds = {"big": make_big_model, "deep": make_deep_model, "external": make_external_model, "lite": make_lite_model}
    kinds[sys.argv[1]](Path(sys.argv[2]))
