"""Makes what is measured: one small manifest, a fleet of them, a model of 1 GB, a model of many nodes."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, helper

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "keyword-spotting"

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
    nodes, weights, last = [], [], "x"
    for block in range(60):
        weights.append(helper.make_tensor(f"w{block}", TensorProto.FLOAT, [2048, 2048], zeros, raw=True))
        weights.append(helper.make_tensor(f"b{block}", TensorProto.FLOAT, [2048], bytes(2048 * 4), raw=True))
        nodes += [
            helper.make_node("MatMul", [last, f"w{block}"], [f"m{block}"], name=f"matmul{block}"),
            helper.make_node("Add", [f"m{block}", f"b{block}"], [f"a{block}"], name=f"add{block}"),
            helper.make_node("Relu", [f"a{block}"], [f"y{block}"], name=f"relu{block}"),
        ]
        last = f"y{block}"
    onnx.save(_saved(nodes, weights, [1, 2048], "x", last), path)
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
    {"big": make_big_model, "deep": make_deep_model}[sys.argv[1]](Path(sys.argv[2]))
