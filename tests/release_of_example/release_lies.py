"""Lies about the release itself: its number, its name, its time, and models it does not show."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from example_world import BUILD, Checkout
from fingerprint_lies import other_weights
from lie import Lie, edited


def second_model_as_asset(checkout: Checkout) -> None:
    checkout.bump()
    content = BUILD.model(channels=4).SerializeToString(deterministic=True)  # within what the target has left
    checkout.write("model/labels.dat", content)
    digest = hashlib.sha256(content).hexdigest()
    entry = f'  - {{id: table, path: model/labels.dat, role: asset, size: {len(content)}, digest: "sha256:{digest}"}}\n'
    checkout.edit("\nfingerprints:", f"{entry}\nfingerprints:")
    checkout.edit("runs: [kws, labels]", "runs: [kws, labels, table]")
    checkout.add("\ncost:\n", "  - {target: node-v2, artifact: table, macs: 46048}\n")  # an honest claim of its cost


def teacher_beside_the_student(checkout: Checkout) -> None:
    """A larger model in the folder that ships, known to every section, run by no target."""
    checkout.bump()
    checkout.write("model/teacher.onnx", BUILD.model(channels=96).SerializeToString(deterministic=True))
    nothing = f'"sha256:{"0" * 64}"'
    entry = f"  - {{id: teacher, path: model/teacher.onnx, format: onnx, size: 0, digest: {nothing}}}\n"
    checkout.edit("\nfingerprints:\n", f"{entry}\nfingerprints:\n  teacher: {{scheme: pgfp-1, bound: {nothing}}}\n")
    checkout.add("    format: onnx\n", "    derived_from: {artifact: teacher, by: distillation}\n")
    checkout.add("    - {id: kws, type: release}\n", "    - {id: teacher, type: release}\n")
    checkout.edit("generates: [kws]", "generates: [kws, teacher]")
    checkout.fix()


def model_under_no_manifest(name: str) -> Callable[[Checkout], None]:
    def tell(checkout: Checkout) -> None:
        checkout.write(name, other_weights().SerializeToString(deterministic=True))

    return tell


RELEASE_LIES = (
    Lie(
        "release",
        "other bytes under the same sequence",
        edited(("sequence: 42", "sequence: 41")),
        "REL-001",
        ("sequence: ",),
    ),
    Lie(
        "release",
        "the sequence goes back",
        edited(("sequence: 42", "sequence: 40")),
        "REL-001",
        ("sequence: ",),
    ),
    Lie(
        "release",
        "the release takes another name",
        edited(("name: keyword-spotting", "name: keyword-spotter")),
        "REL-002",
        ("metadata:\n  name: ",),
    ),
    Lie(
        "release",
        "a target runs no model",
        edited(("\ncost:", "  - {id: node-v3, runs: [labels]}\n\ncost:")),
        "REL-007",
        ("{id: node-v3, runs: ",),
        undone_by=frozenset({"/targets/1"}),
    ),
    Lie(
        "release",
        "a larger model ships beside the one that was derived from it",
        teacher_beside_the_student,
        "REL-003",
        ("\n  - {id: ",),
    ),
    Lie(
        "release",
        "a second model is called an asset",
        second_model_as_asset,
        "REL-005",
        ("path: model/labels.dat, role: ",),
    ),
    Lie(
        "release",
        "a model file of the repository is in no manifest",
        model_under_no_manifest("../../experiments/kws-v2.onnx"),
        "REL-004",
        ("artifacts:\n  ",),
    ),
    Lie(
        "release",
        "a model under another ending is in no manifest",
        model_under_no_manifest("data/table.dat"),
        "REL-004",
        ("artifacts:\n  ",),
    ),
    Lie(
        "release",
        "the model is of another format than stated",
        edited(("format: onnx", "format: tflite")),
        "REL-005",
        ("format: ",),
        undone_by=frozenset({"/artifacts/0/format"}),
    ),
    Lie(
        "release",
        "the release was made tomorrow",
        edited(('created: "2026-11-20T09:14:03Z"', 'created: "2026-11-24T00:00:00Z"')),
        "REL-006",
        ("created: ",),
    ),
    Lie(
        "release",
        "a figure is about a target that does not exist",
        edited(
            (
                "  - {target: node-v2, artifact: kws, macs: 2656768}\n",
                "  - {target: node-v2, artifact: kws, macs: 2656768}\n  - {target: node-v9, artifact: kws, latency_ms: 1}\n",
            )
        ),
        "REL-009",
        ("macs: 2656768}\n  - {target: ",),
        undone_by=frozenset({"/cost/1"}),
    ),
)
