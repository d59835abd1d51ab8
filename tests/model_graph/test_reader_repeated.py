"""Equal bytes are decoded once where they stand often, and each place still has its own payload and its own account."""

from __future__ import annotations

import gc

import onnx_bytes as raw
import pytest

from policy_gate.errors import EvidenceError, Reason
from policy_gate.model_graph.graph import Tensor
from policy_gate.model_graph.spare import DOCUMENTATION

CONTENT = b"\x01\x02\x03\x04\x05\x06\x07\x08"
HELD = raw.block(1, "value") + raw.block(5, raw.tensor("", (2,), 1, raw.block(9, CONTENT))) + raw.number(20, 4)
DOCUMENTED = raw.block(1, "alpha") + raw.number(3, 1) + raw.number(20, 2) + raw.block(13, "words" * 4)


def calls(attribute: bytes, count: int, *names: bytes) -> bytes:
    nodes = [raw.node("Constant", (), (f"c{at}",), raw.block(5, attribute)) for at in range(count)]
    return raw.model(raw.graph(*names, nodes=(raw.node("Relu"), *nodes)))


def test_equal_tensors_of_attributes_each_stand_where_their_own_bytes_are() -> None:
    content = calls(HELD, 3)
    found = [node.attributes["value"] for node in raw.read(content).graph.nodes[1:]]
    places = [one.payload.offset for one in found if isinstance(one, Tensor) and one.payload is not None]
    assert len(set(places)) == len({id(one) for one in found}) == 3
    assert [content[at : at + len(CONTENT)] for at in places] == [CONTENT] * 3


def test_documentation_of_equal_attributes_counts_each_time() -> None:
    once, often = (dict(raw.read(calls(DOCUMENTED, count)).other_bytes)[DOCUMENTATION] for count in (1, 50))
    assert often == 50 * once


def test_documentation_of_equal_types_counts_each_time() -> None:
    typed = raw.block(1, raw.number(1, 1)) + raw.block(6, "denotation")
    claims = [raw.block(13, raw.block(1, f"v{at}") + raw.block(2, typed)) for at in range(40)]
    once, often = (
        dict(raw.read(raw.model(raw.graph(*claims[:count]))).other_bytes)[DOCUMENTATION] for count in (1, 40)
    )
    assert often == 40 * once


def test_a_type_that_was_seen_before_is_refused_where_it_nests_too_deeply() -> None:
    shallow = raw.block(1, raw.number(1, 1))
    deep = shallow
    for _ in range(16):
        deep = raw.block(4, raw.block(1, deep))
    claims = [raw.block(13, raw.block(1, name) + raw.block(2, typed)) for name, typed in (("a", shallow), ("b", deep))]
    assert raw.refusal(raw.model(raw.graph(*claims))).reason is Reason.TOO_LARGE


@pytest.mark.parametrize("running", [True, False])
def test_the_search_for_cycles_goes_on_as_before_when_a_model_was_read_or_refused(running) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if running else gc.disable)()
        raw.read(raw.model())
        assert gc.isenabled() is running
        with pytest.raises(EvidenceError):
            raw.read(raw.model()[:-1])
        assert gc.isenabled() is running
    finally:
        (gc.enable if before else gc.disable)()
