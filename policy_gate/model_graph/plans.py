"""The activation peak under four planners: most bytes alive at once when a graph runs in stored order.

At each call, what it reads and what it makes are alive together, and everything between the call that makes it and
the last one that reads it; graph inputs from the start, graph outputs to the end. The planners differ in what else
shares room:

- `no_fusion`: only what `memory` folds, and not the renames of a TFLite file, which some interpreters copy;
- `pad_fused`: biases, batch norm and activations are part of the kernel before them, padding with a constant of the
  convolutions that read it;
- `in_place`: the output of depthwise convolutions, element-wise work, pooling and changes of layout also lies over an
  input that dies with the call, as far as the smaller of the two reaches;
- `overlay`: so does the output of every other convolution.

Where control flow runs, the largest peak of its bodies is added. Not modelled: another order of the calls, scratch
buffers, alignment, gaps between buffers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.figures import MemoryPlans
from policy_gate.model_graph.kernels import epilogues
from policy_gate.model_graph.memory import Stored
from policy_gate.model_graph.traits import Traits, moves_channels
from policy_gate.model_graph.values import MAX_EXTENT, Value
from policy_gate.model_graph.walked import Step, distinct

Room = list[int]
"""Bytes, first and last call of what shares storage."""

_NOTHING = MemoryPlans(0, 0, 0, 0)


def find_plans(stored: Stored, fused: Mapping[Value, Value]) -> MemoryPlans:
    """Return the peaks of one graph; `fused` is what `epilogues` gives.

    Raises:
        CostUnknown: a value that counts has an unknown size.
        EvidenceError: TOO_LARGE, above 2^62 bytes.
    """
    inner = {index: _inner(step) for index, step in enumerate(stored.body.steps) if step.bodies}
    copies = any(_copies(step, traits) for step, traits in zip(stored.body.steps, stored.traits, strict=True))
    rooms, alive = _rooms(stored, {}, {}, {} if copies else stored.passes)
    no_fusion = max(alive)
    peak_call = alive.index(no_fusion)
    for index, plans in inner.items():
        if alive[index] + plans.no_fusion > no_fusion:
            no_fusion, peak_call = alive[index] + plans.no_fusion, index
    pads = dict(_fused_pads(stored))
    if fused or pads or copies:
        rooms, alive = _rooms(stored, fused, pads, stored.passes)
    if no_fusion > MAX_EXTENT:
        raise EvidenceError(Reason.TOO_LARGE, "activations of more than 2^62 bytes")
    later = _later_peaks(stored, rooms, alive, inner)
    return MemoryPlans(no_fusion, *later, peak_call=min(peak_call, len(stored.body.steps) - 1))


def _inner(step: Step) -> MemoryPlans:
    """Return the largest peaks of the bodies a call runs one after another."""
    plans = [find_plans(stored, epilogues(stored)) for stored in map(Stored, distinct(step.bodies))]
    return MemoryPlans(
        max(plan.no_fusion for plan in plans),
        max(plan.pad_fused for plan in plans),
        max(plan.in_place for plan in plans),
        max(plan.overlay for plan in plans),
    )


def _copies(step: Step, traits: Traits) -> bool:
    """Whether a call is a rename of TFLite: its interpreter for microcontrollers copies the elements."""
    return traits.renames and step.node.domain == "tflite"


def _rooms(
    stored: Stored, fused: Mapping[Value, Value], pads: Mapping[Value, Value], passes: Mapping[Value, Value]
) -> tuple[dict[Value, Room], list[int]]:
    """Give each stored value a room, and add up what is alive at each call and after the last one.

    Values that share a room hold the same list.
    """
    absorbed = {**stored.absorbed, **fused} if fused else stored.absorbed
    holder = {**passes, **pads, **{into: value for value, into in absorbed.items()}}
    sizes, born, last = stored.sizes(), stored.born, stored.last
    rooms = {value: [sizes[value], first, last.get(value, first)] for value, first in born.items()}
    every = list(rooms.values())
    for value in (*passes, *absorbed, *_padded(pads, absorbed)):
        rooms[value][0] = 0
    for value in born if holder else ():
        if value in holder and holder[value] in rooms:  # the holder is made first, so its room is final
            room, more = rooms[holder[value]], rooms[value]
            room[0], room[2] = max(room[0], more[0]), max(room[2], more[2])
            more[0], rooms[value] = 0, room
    return rooms, _alive(every, len(stored.body.steps))


def _alive(rooms: Sequence[Room], calls: int) -> list[int]:
    change = [0] * (calls + 2)
    for size, first, last in rooms:
        change[first] += size
        change[last + 1] -= size
    return list(accumulate(change[:-1]))


def _later_peaks(
    stored: Stored, rooms: Mapping[Value, Room], alive: Sequence[int], inner: Mapping[int, MemoryPlans]
) -> tuple[int, int, int]:
    """Return the peaks of `pad_fused`, `in_place` and `overlay`; after the last call nothing is overwritten."""
    padded = in_place = overlay = alive[-1]
    for index, step in enumerate(stored.body.steps):
        have = alive[index]
        if have <= overlay and not inner:
            continue  # what is alive here decides none of the three
        traits, plans = stored.traits[index], inner.get(index, _NOTHING)
        over = traits.in_place or (traits.overlay and step.work.depthwise > 0)
        over = over or (traits.transposes and moves_channels(step.node))
        saved = _overwritten(step, index, rooms) if over or traits.overlay else 0
        padded = max(padded, have + plans.pad_fused)
        in_place = max(in_place, have + plans.in_place - (saved if over else 0))
        overlay = max(overlay, have + plans.overlay - saved)
    return padded, in_place, overlay


def _overwritten(step: Step, index: int, rooms: Mapping[Value, Room]) -> int:
    """Return how much of what a call makes fits over one input that dies with it."""
    made = rooms.get(step.outputs[0]) if step.outputs else None
    if made is None or made[1] != index:
        return 0
    most = 0
    for value in step.inputs:
        room = rooms.get(value) if value is not None else None
        if room is not None and room[2] == index and room is not made:
            most = max(most, min(made[0], room[0]))
    return most


def _fused_pads(stored: Stored) -> Iterator[tuple[Value, Value]]:
    """Return the output and the input of padding that the convolutions reading it can do themselves."""
    if not any(traits.pads for traits in stored.traits):
        return
    needed = set(stored.body.outputs)  # read by a call that needs the margin in memory
    for step, traits in zip(reversed(stored.body.steps), reversed(stored.traits), strict=True):
        made = step.outputs[0] if step.outputs else None
        source = step.inputs[0] if step.inputs else None
        free = (
            made is not None
            and made not in needed
            and (source in stored.absorbed if traits.quantises else made in stored.passes)
        )
        needed.update(value for value in step.inputs[0 if not (free or traits.takes_pad) else 1 :] if value is not None)
        for body in step.bodies:
            needed.update(body.captures)
        if traits.pads and source in stored.born and made in stored.uses and made not in needed and _by_constant(step):
            yield made, source


def _by_constant(step: Step) -> bool:
    return step.node.attributes.get("mode", b"constant") in {b"constant", "constant"}


def _padded(pads: Mapping[Value, Value], absorbed: Mapping[Value, Value]) -> Iterator[Value]:
    """Return every value that holds only a margin around another one, quantised too."""
    for pad in pads:
        value: Value | None = pad
        while value is not None:
            yield value
            value = absorbed.get(value)
