"""Lies about what a model takes: figures too low, growth, what nobody knows or binds."""

from __future__ import annotations

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
        "the last operator is one that nobody knows",
        unknown_operator,
        "COST-001",
        AT_MODEL,
        also=dict.fromkeys(("COST-002", "COST-004", "COST-005", "COST-007", "COST-008"), UNCOUNTED),
    ),
    Lie(
        "cost",
        "the batch that the target runs is left open",
        edited(("    dimensions: {N: 1}\n", "")),
        "COST-005",
        ("\ntargets:\n  - ",),
        also=dict.fromkeys(("COST-002", "COST-004", "COST-007", "COST-008"), UNBOUND),
    ),
    Lie(
        "cost",
        "the target runs two at once",
        larger_batch,
        "COST-005",
        AT_MODEL,
        also=dict.fromkeys(("COST-002", "COST-004"), "twice the batch is twice the work and the memory"),
    ),
)
