"""Lies about what a model takes: figures too low, growth, what nobody knows or binds."""

from __future__ import annotations

from collections.abc import Callable

from example_world import BUILD, Checkout
from lie import Lie, edited
from onnx import helper


def wider_model(checkout: Checkout) -> None:
    checkout.bump()
    checkout.ship(BUILD.model(channels=66))


def unknown_operator(checkout: Checkout) -> None:
    checkout.bump()
    made = BUILD.model(channels=64)
    last = made.graph.node[-1]
    last.op_type, last.domain = "FastSoftmax", "com.acme"
    made.opset_import.append(helper.make_opsetid("com.acme", 1))
    checkout.ship(made)


def larger_batch(checkout: Checkout) -> None:
    checkout.bump()
    checkout.edit("dimensions: {N: 1}", "dimensions: {N: 2}")
    checkout.fix()


def file_inside_the_model(checkout: Checkout) -> None:
    checkout.bump()
    made = BUILD.model(channels=64)
    made.doc_string = "a file of another kind, " * 1000
    checkout.ship(made)


def false_shape(checkout: Checkout) -> None:
    checkout.bump()
    made = BUILD.model(channels=64)
    made.graph.value_info.append(helper.make_tensor_value_info("pooled", 1, ["N", 64, 7, 7]))
    checkout.ship(made)


SECOND = """\
  - id: kws-b
    path: model/kws-b.onnx
    role: model
    format: onnx
    size: 1
    digest: "{zero}"
"""
NO_SIDE = "sha256:" + "0" * 64


UNCLAIMED = "nothing is claimed of the second model's cost"


def second_model(channels: int) -> Callable[[Checkout], None]:
    """Another model beside the first on the same target, in good order in every other area."""

    def tell(checkout: Checkout) -> None:
        checkout.bump()
        checkout.write("model/kws-b.onnx", BUILD.model(channels=channels).SerializeToString(deterministic=True))
        checkout.edit("  - id: labels\n", SECOND.format(zero=NO_SIDE) + "  - id: labels\n")
        sides = "".join(f'    {side}: "{NO_SIDE}"\n' for side in ("weights", "structure", "bound"))
        checkout.add("fingerprints:\n", f"  kws-b:\n    scheme: pgfp-1\n{sides}")
        checkout.edit("runs: [kws, labels]", "runs: [kws, kws-b, labels]")
        checkout.add("    - {id: kws, type: release}\n", "    - {id: kws-b, type: release}\n")
        checkout.edit("generates: [kws]", "generates: [kws, kws-b]")
        checkout.fix()

    return tell


AT_MODEL = ("  - id: kws\n    path: ",)
UNCOUNTED = "a model with an operator of unknown cost has no total to judge"
UNBOUND = "no figure that depends on the batch can be computed"

COST_LIES = (
    Lie(
        "cost",
        "fewer multiply-accumulates are claimed than there are",
        edited(("macs: 2656768", "macs: 2656767")),
        "COST-008",
        ("artifact: kws, macs: ",),
    ),
    Lie(
        "cost",
        "less flash is claimed than the weights alone take",
        edited(("macs: 2656768}", "macs: 2656768, flash_kib: 64}")),
        "COST-008",
        ("flash_kib: ",),
        undone_by=frozenset({"/cost/0/flash_kib"}),
    ),
    Lie(
        "cost",
        "fewer parameters are claimed than there are",
        edited(("macs: 2656768}", "macs: 2656768, parameters: 22603}")),
        "COST-008",
        ("parameters: ",),
        undone_by=frozenset({"/cost/0/parameters"}),
    ),
    Lie(
        "cost",
        "the model grew a little within its budget",
        wider_model,
        "COST-002",
        AT_MODEL,
        also={"COST-003": "a wider layer has more weights"},
    ),
    Lie(
        "cost",
        "a second model takes the flash that is left and more",
        second_model(channels=64),
        "COST-006",
        ("  - id: node-v2\n    runs: ",),
        also={
            "COST-002": "two models take twice the multiply-accumulates of one",
            "COST-003": "and twice the constants",
            "COST-005": "and more multiply-accumulates than the target has",
            "COST-008": UNCLAIMED,
        },
    ),
    Lie(
        "cost",
        "the growth went into a second model within the budget",
        second_model(channels=16),
        "COST-002",
        ("  - id: kws-b\n    path: ",),
        also={"COST-003": "another model has weights of its own", "COST-008": UNCLAIMED},
    ),
    Lie(
        "cost",
        "the model carries a file that no operator needs",
        file_inside_the_model,
        "COST-009",
        AT_MODEL,
    ),
    Lie(
        "cost",
        "the model states a shape that its graph contradicts",
        false_shape,
        "COST-010",
        AT_MODEL,
    ),
    Lie(
        "cost",
        "the last operator is one that nobody knows",
        unknown_operator,
        "COST-001",
        AT_MODEL,
        also=dict.fromkeys(("COST-002", "COST-004", "COST-005", "COST-007", "COST-008", "COST-019"), UNCOUNTED),
    ),
    Lie(
        "cost",
        "the batch that the target runs is left open",
        edited(("    dimensions: {N: 1}\n", "")),
        "COST-005",
        ("\ntargets:\n  - ",),
        also=dict.fromkeys(("COST-002", "COST-004", "COST-007", "COST-008", "COST-019"), UNBOUND),
    ),
    Lie(
        "cost",
        "the target runs two at once",
        larger_batch,
        "COST-005",
        AT_MODEL,
        also=dict.fromkeys(("COST-002", "COST-004", "COST-019"), "twice the batch is twice the work and the memory"),
    ),
)
