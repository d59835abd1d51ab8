"""Lies about files and models: bytes under the digest, size, list or fingerprint of others."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

from example_world import BUILD, MANIFEST, MODEL, Checkout
from lie import Lie, edited
from onnx import ModelProto, TensorProto


def retitled_model() -> ModelProto:
    """The same network and numbers in as many other bytes."""
    made = BUILD.model(channels=64)
    made.producer_name = made.producer_name.swapcase()
    return made


def other_weights() -> ModelProto:
    """A model of the same shape and size with every sign of its first layer turned."""
    made = BUILD.model(channels=64)
    first = made.graph.initializer[0]
    numbers = struct.unpack(f"<{len(first.raw_data) // 4}f", first.raw_data)
    first.raw_data = struct.pack(f"<{len(numbers)}f", *(-number for number in numbers))
    return made


def other_activation() -> ModelProto:
    """The same numbers with another function between two layers."""
    made = BUILD.model(channels=64)
    next(node for node in made.graph.node if node.op_type == "Relu").op_type = "Sigmoid"
    return made


def swap_under_the_digest(checkout: Checkout) -> None:
    checkout.write(MODEL, retitled_model().SerializeToString(deterministic=True))


def swap_under_everything(checkout: Checkout) -> None:
    checkout.write(MODEL, other_weights().SerializeToString(deterministic=True))


def swap_with_a_new_digest(model: Callable[[], ModelProto]) -> Callable[[Checkout], None]:
    """Another model whose digest and size are stated rightly, while the fingerprint stays."""

    def tell(checkout: Checkout) -> None:
        checkout.bump()
        before = (checkout.folder / MODEL).read_bytes()
        after = model().SerializeToString(deterministic=True)
        checkout.write(MODEL, after)
        checkout.edit(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
        if len(after) != len(before):
            checkout.edit(f"size: {len(before)}", f"size: {len(after)}")

    return tell


def swap_under_the_weights(checkout: Checkout) -> None:
    """Another model with the same numbers, and no other side left to tell it apart."""
    swap_with_a_new_digest(other_activation)(checkout)
    lines = checkout.text.splitlines(keepends=True)
    others = ("    structure: ", "    bound: ", "    interface: ", "    operators: ")
    checkout.write(MANIFEST, "".join(line for line in lines if not line.startswith(others)))


def unlisted_file(checkout: Checkout) -> None:
    checkout.write("model/readme.txt", "What a device gets beside the model.\n")


def ignored_file(checkout: Checkout) -> None:
    checkout.write(".gitignore", "model/.cache/\n")
    checkout.commit()
    checkout.write("model/.cache/table.bin", bytes(64))


def weights_in_an_unlisted_file(checkout: Checkout) -> None:
    checkout.bump()
    made = BUILD.model(channels=64)
    first = made.graph.initializer[0]
    checkout.write("model/kws.weights", first.raw_data)
    first.ClearField("raw_data")
    first.data_location = TensorProto.EXTERNAL
    first.external_data.add(key="location", value="kws.weights")
    checkout.ship(made)


def another_folder_ships(checkout: Checkout) -> None:
    checkout.bump()
    note = b"What a device gets.\n"
    checkout.write("pub/readme.txt", note)
    digest = hashlib.sha256(note).hexdigest()
    entry = f'  - {{id: readme, path: pub/readme.txt, role: asset, size: {len(note)}, digest: "sha256:{digest}"}}\n'
    checkout.edit("\nfingerprints:", f"{entry}\nfingerprints:")
    checkout.edit("bundle: {root: model}", "bundle: {root: pub}")
    checkout.write("model/table.bin", bytes(64))


FINGERPRINT_LIES = (
    Lie(
        "fingerprint",
        "the model was exported again under the digest of the old file",
        swap_under_the_digest,
        "FPR-001",
        ("    size: 93564\n    digest: ",),
    ),
    Lie(
        "fingerprint",
        "the model was trained again under digest and fingerprint of the old one",
        swap_under_everything,
        "FPR-001",
        ("    size: 93564\n    digest: ",),
        also={"FPR-004": "the fingerprint is of the old model too"},
    ),
    Lie(
        "fingerprint",
        "the digest of the labels is of another file",
        edited(("c34104b4", "c34104b5")),
        "FPR-001",
        ("    size: 57\n    digest: ",),
    ),
    Lie(
        "fingerprint",
        "the size is one byte less",
        edited(("size: 93564", "size: 93563")),
        "FPR-002",
        ("    format: onnx\n    size: ",),
    ),
    Lie(
        "fingerprint",
        "a file that nobody listed lies in the folder that ships",
        unlisted_file,
        "FPR-003",
        ("bundle: {root: ",),
    ),
    Lie(
        "fingerprint",
        "a file that git ignores lies in the folder that ships",
        ignored_file,
        "FPR-003",
        ("bundle: {root: ",),
    ),
    Lie(
        "fingerprint",
        "another folder is said to ship, and an unlisted file lies beside the model",
        another_folder_ships,
        "FPR-003",
        ("bundle: {root: ",),
    ),
    Lie(
        "fingerprint",
        "weights of the same shape were swapped and only the digest was renewed",
        swap_with_a_new_digest(other_weights),
        "FPR-004",
        ("    weights: ",),
    ),
    Lie(
        "fingerprint",
        "an activation was exchanged and only the digest was renewed",
        swap_with_a_new_digest(other_activation),
        "FPR-004",
        ("    structure: ",),
    ),
    Lie(
        "fingerprint",
        "an activation was exchanged under a fingerprint of the weights alone",
        swap_under_the_weights,
        "FPR-004",
        ("fingerprints:\n  kws:\n    ",),
    ),
    Lie(
        "fingerprint",
        "the weights moved into a file that nobody listed",
        weights_in_an_unlisted_file,
        "FPR-005",
        ("  - id: kws\n    path: ",),
        also={"FPR-003": "a file beside the model lies in the folder that ships, and is not listed"},
    ),
)
