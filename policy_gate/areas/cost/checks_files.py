"""Judges what a model file holds beside its graph: bytes that no call needs, shapes that are not true."""

from __future__ import annotations

from policy_gate.areas.cost.facts_device import FileBytes, ShapeClaims
from policy_gate.areas.cost.limits import FileLimits
from policy_gate.areas.cost.units import bytes_in_words
from policy_gate.model import Answer, Fix, Outcome

SHOWN = 5


def file_accounted(file: FileBytes, *, limits: FileLimits) -> Answer:
    """Nearly every byte of a model file is needed by some operator call; what is not is small, and named.

    Export the model without documentation, debug information and unused tensors. Bytes that nothing needs are sent to
    every device, and are a place to hide something in.
    """
    allowed = int(max(limits.max_other_share * file.file_bytes, limits.max_other_kib * 1024))
    fits = file.other_bytes <= allowed
    whole, other = bytes_in_words(file.file_bytes), bytes_in_words(file.other_bytes)
    return Answer(
        outcome=Outcome.PASS if fits else Outcome.FAIL,
        message=f"{other} of {whole} are needed by no operator call; allowed are {bytes_in_words(allowed)}",
        measured=file.other_bytes,
        limit=allowed,
        unit="B",
        causes=tuple(f"{one.what}: {bytes_in_words(one.size_bytes)}" for one in file.others[:SHOWN]),
        fixes=() if fits else (Fix(text="export the model without what no operator call needs"),),
    )


def shapes_agree(file: ShapeClaims) -> Answer:
    """The shapes that a model file states for values inside it are those that its graph computes.

    Export the model again, or run shape inference over it. The gate never uses such a claim, but other tools do.
    """
    if not file.wrong:
        return Answer(
            outcome=Outcome.PASS, message="no shape in the file is contradicted by the graph", measured=0, limit=0
        )
    more = file.wrong - len(file.shown)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{file.wrong} shapes in the file are not those that the graph computes",
        measured=file.wrong,
        limit=0,
        unit="shapes",
        locator=file.shown[0].value if file.shown else "",
        causes=(
            *(f"'{one.value}' is stated as {one.claimed}, and computed as {one.computed}" for one in file.shown),
            *([f"and {more} more"] if more > 0 else []),
        ),
        fixes=(Fix(text="export the model again, so that it states the shapes it has"),),
    )
