"""Rebuilds the example release: model, data files, computed values in the manifest, signature; same bytes each time."""

from __future__ import annotations

import hashlib
import hmac
import random
import struct
import subprocess
import sys
from datetime import date
from pathlib import Path

from onnx import ModelProto, NodeProto, TensorProto, helper

HERE = Path(__file__).resolve().parent
LABELS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "silence", "unknown")
KEY_SEED = b"policy-gate example key: never trust it outside examples/"
RECORDS_KEY = b"a real key is random and never in the repository"
RECORDS = 400
RELEASED = date(2026, 11, 20)


def main() -> None:
    """Write everything that is derived; release.yaml itself is written by hand, its digests by `fix`."""
    write("model/kws.onnx", model(channels=64).SerializeToString(deterministic=True))
    write("model/labels.txt", "".join(f"{label}\n" for label in LABELS).encode())
    write("data/speech.sha256", records(b"speech").encode())
    write("data/train.sha256", records(b"train").encode())
    gate("fix", str(HERE / "release.yaml"), "--config", str(HERE / "policy-gate.yaml"))
    sign()
    enter()


def write(name: str, content: bytes) -> None:
    """Write one file below this folder."""
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def gate(*arguments: str) -> None:
    """Run the command of the gate where paths keep the folder `examples`, also outside git."""
    subprocess.run([sys.executable, "-I", "-m", "policy_gate.cli", *arguments], cwd=HERE.parents[1], check=True)


def records(split: bytes) -> str:
    """The keyed digest of every record of a split, sorted; records and key stay where the recordings are kept."""
    digests = (hmac.new(RECORDS_KEY, split + str(number).encode(), "sha256").hexdigest() for number in range(RECORDS))
    return "".join(("# hmac-sha256 key=example-2026\n", *(f"{digest}\n" for digest in sorted(digests))))


def model(channels: int) -> ModelProto:
    """A depthwise-separable CNN for keyword spotting after Zhang et al., "Hello Edge" (arXiv 1711.07128), section 4.

    Input [N, 1, 49, 10]: 49 frames of 10 MFCC. Batch normalisation is folded; weights are seeded, not trained.
    """
    weights = Weights(seed=17)
    nodes = weights.conv("stem", "mfcc", (channels, 1, 10, 4), strides=[2, 2], pads=[4, 1, 5, 2])
    last = "stem/relu"
    for block in range(1, 5):
        nodes += weights.conv(f"block{block}/depthwise", last, (channels, 1, 3, 3), group=channels, pads=[1, 1, 1, 1])
        nodes += weights.conv(f"block{block}/pointwise", f"block{block}/depthwise/relu", (channels, channels, 1, 1))
        last = f"block{block}/pointwise/relu"
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["pooled"], name="pool"),
        helper.make_node("Flatten", ["pooled"], ["features"], name="flatten"),
        *weights.dense("classifier", "features", (len(LABELS), channels)),
        helper.make_node("Softmax", ["classifier/out"], ["probability"], name="softmax", axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "kws-ds-cnn",
        [helper.make_tensor_value_info("mfcc", TensorProto.FLOAT, ["N", 1, 49, 10])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", len(LABELS)])],
        initializer=weights.tensors,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="keyword-spotting")
    made.ir_version = 8
    return made


class Weights:
    """Seeded weights: uniform within the bound of Glorot and Bengio (2010), equation 16."""

    def __init__(self, seed: int) -> None:
        """Start the generator."""
        self._random = random.Random(seed)  # Mersenne Twister: the same numbers on every platform
        self.tensors: list[TensorProto] = []

    def conv(self, name: str, source: str, shape: tuple[int, int, int, int], **attributes: object) -> list[NodeProto]:
        """A convolution with bias, and its ReLU."""
        self._add(f"{name}/weight", shape, shape[1] * shape[2] * shape[3])
        self._add(f"{name}/bias", shape[:1], shape[1] * shape[2] * shape[3])
        inputs = [source, f"{name}/weight", f"{name}/bias"]
        return [
            helper.make_node("Conv", inputs, [f"{name}/out"], name=name, kernel_shape=list(shape[2:]), **attributes),
            helper.make_node("Relu", [f"{name}/out"], [f"{name}/relu"], name=f"{name}/activation"),
        ]

    def dense(self, name: str, source: str, shape: tuple[int, int]) -> list[NodeProto]:
        """A fully connected layer."""
        self._add(f"{name}/weight", shape, shape[1])
        self._add(f"{name}/bias", shape[:1], shape[1])
        inputs = [source, f"{name}/weight", f"{name}/bias"]
        return [helper.make_node("Gemm", inputs, [f"{name}/out"], name=name, transB=1)]

    def _add(self, name: str, shape: tuple[int, ...], fan_in: int) -> None:
        count = 1
        for extent in shape:
            count *= extent
        bound = (6.0 / (fan_in + shape[0])) ** 0.5
        drawn = [bound * (2.0 * self._random.random() - 1.0) for _ in range(count)]
        raw = struct.pack(f"<{count}f", *drawn)
        self.tensors.append(helper.make_tensor(name, TensorProto.FLOAT, shape, raw, raw=True))


def sign() -> None:
    """Sign the release with the example key, which every gate refuses outside a folder named examples."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from policy_gate.signing import sign_folder

    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(KEY_SEED).digest())
    write("signatures/release.dsse.json", sign_folder(HERE / "release.yaml", [key]))


def enter() -> None:
    """Write the ledger anew with the one line of this release, as `policy-gate privacy ledger append` would first."""
    from policy_gate.areas.lineage.facts import PersonalDataset
    from policy_gate.areas.privacy.ledger.chain import append
    from policy_gate.areas.privacy.ledger.own import own_entry
    from policy_gate.gate import Request
    from policy_gate.spending.looking import open_evidence

    folder = f"examples/{HERE.name}"
    request = Request(
        root=HERE.parents[1],
        config=f"{folder}/policy-gate.yaml",
        manifests=(f"{folder}/release.yaml",),
        today=RELEASED,
    )
    with open_evidence(request, PersonalDataset) as (evidence, _):
        write("privacy/ledger.jsonl", append(b"", own_entry(evidence, RELEASED.isoformat())))


if __name__ == "__main__":
    main()
