"""Lies about the release itself: its number, its name, its time, and models it does not show."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from example_world import BUILD, Checkout
from fingerprint_lies import other_weights
from lie import Lie, edited
from proofs import (
    AT_COST,
    PASSED,
    TEST_RESULT,
    prove,
    state_latency,
    state_tests,
    trusted_for_proofs,
)


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


QUALITY = "  - {artifact: kws, metric: top1, value: 0.912}\n"
TWO_FIGURES = f"{AT_COST}\n\nquality:\n{QUALITY}  - {{artifact: kws, metric: top5, value: 0.99}}"


def figure_that_is_gone(checkout: Checkout) -> None:
    checkout.edit(AT_COST, TWO_FIGURES)
    checkout.sign()
    checkout.commit()
    checkout.bump()
    checkout.edit(QUALITY, "")


def result_with(content: bytes = b"", **changes: object) -> Callable[[Checkout], None]:
    """A tester signed a result, but it is of something else or says something else."""

    def tell(checkout: Checkout) -> None:
        trusted_for_proofs(checkout)
        state_tests(checkout)
        prove(checkout, "evidence/test.json", TEST_RESULT, {**PASSED, **changes}, content)

    return tell


def latency_that_nobody_signed(checkout: Checkout) -> None:
    checkout.bump()
    state_latency(checkout)
    checkout.write("evidence/bench.json", '{"latency_ms": 3}')


def latency_of_another_file(checkout: Checkout) -> None:
    trusted_for_proofs(checkout)
    state_latency(checkout)
    prove(checkout, "evidence/bench.json", "https://example.invalid/bench/v1", {"latency_ms": 3}, b"another model")


AT_TESTS = ("artifact: kws, evidence: ",)
AT_LATENCY = ("latency_ms: 3, evidence: ",)
NO_TESTS = frozenset({"/compatibility", "/compatibility/0"})
NO_EVIDENCE = frozenset({"/cost/0/evidence"})

RELEASE_LIES = (
    Lie(
        "release",
        "other bytes under the same sequence",
        edited(("sequence: 42", "sequence: 41")),
        "REL-001",
        ("sequence: ",),
        also={"PRIV-010": "the ledger has a line of this number, which is of the other bytes"},
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
    Lie(
        "release",
        "a figure that the base stated is left out",
        figure_that_is_gone,
        "REL-014",
        ("macs: 2656768}\n\n",),
    ),
    Lie("release", "the tests were of another file", result_with(b"another"), "REL-015", AT_TESTS, undone_by=NO_TESTS),
    Lie("release", "the tests failed", result_with(result="FAILED"), "REL-015", AT_TESTS, undone_by=NO_TESTS),
    Lie(
        "release",
        "a required test was never run",
        result_with(passedTests=["boots"]),
        "REL-015",
        AT_TESTS,
        undone_by=NO_TESTS | {"/compatibility/0/required", "/compatibility/0/required/1"},
    ),
    Lie(
        "release",
        "the tests were on another target",
        result_with(configuration=[{"name": "node-v1"}]),
        "REL-015",
        AT_TESTS,
        undone_by=NO_TESTS,
    ),
    Lie(
        "release",
        "nobody signed the evidence of a latency",
        latency_that_nobody_signed,
        "REL-016",
        AT_LATENCY,
        undone_by=NO_EVIDENCE,
    ),
    Lie(
        "release",
        "the latency is of another file",
        latency_of_another_file,
        "REL-016",
        AT_LATENCY,
        undone_by=NO_EVIDENCE,
    ),
)
