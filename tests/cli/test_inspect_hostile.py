"""`inspect` of models made to break a report: its length is bounded, its text harmless, and unknown stays unknown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from onnx import ModelProto, TensorProto, helper

sys.path.append(str(Path(__file__).resolve().parents[1] / "report"))

from rendered_page import ALIVE, page

FORMATS = ("text", "json", "markdown")
LINE = "\u2028\n\r\t\x1b[2J\u202e"
MARKUP = "|</td></details><script>alert(1)</script>`@octo-org/owners` ![x](http://evil.example/x.png) #12 $x$"
LONG = 64 * 1024 - 16  # the reader refuses longer names
MANY, FEWER = 50_000, 5_000


def model(nodes: list, extent: int = 4) -> ModelProto:
    shape = [1, extent]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)],
        initializer=[helper.make_tensor("w", TensorProto.FLOAT, [extent, extent], bytes(4 * extent**2), raw=True)],
    )
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.acme", 1)]
    return helper.make_model(graph, opset_imports=domains, ir_version=8)


def chain(count: int, name: Callable[[int], str], op: str = "MatMul", domain: str = "") -> ModelProto:
    """Products one behind the other; `name` gives the name of each."""
    nodes = []
    for at in range(count):
        source = "x" if at == 0 else f"v{at - 1}"
        nodes.append(helper.make_node(op, [source, "w"], [f"v{at}"], name=name(at), domain=domain))
    return model(nodes)


@pytest.fixture
def shown(run, tmp_path: Path):
    """Writes models and shows the first beside the second; gives what was printed."""

    def show(made: ModelProto, form: str, base: ModelProto | None = None, *more: str) -> str:
        (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
        arguments = ["inspect", "model.onnx", "--format", form, *more]
        if base is not None:
            (tmp_path / "base.onnx").write_bytes(base.SerializeToString())
            arguments += ["--base", "base.onnx"]
        done = run(*arguments)
        assert (done.code, done.err) == (0, "")
        return done.out

    return show


@pytest.mark.parametrize(("form", "most"), [("text", 20_000), ("json", 500_000), ("markdown", 20_000)])
def test_thousands_of_calls_of_one_name_are_listed_up_to_the_bound(form, most, shown) -> None:
    said = shown(chain(FEWER, lambda _: "same"), form)
    assert len(said) < most
    if form == "json":
        tree = json.loads(said)
        assert (len(tree["costliest"]["calls"]), tree["costliest"]["left_out"]) == (1000, FEWER - 1000)
        assert tree["macs"]["total"] == 16 * FEWER
    else:
        assert f"{FEWER - 10:,} more" in said


def test_one_call_more_among_fifty_thousand_of_one_name_is_found(shown) -> None:
    base, more = chain(MANY, lambda _: "same"), chain(MANY + 1, lambda _: "same")
    said = shown(more, "text", base)
    assert len(said) < 20_000
    assert "MACs: 16 MAC more\n  'same' (MatMul) is new and takes 16 MAC: 100% of the increase\n" in said


@pytest.mark.parametrize("form", FORMATS)
def test_names_of_64_kib_are_cut_at_both_ends(form, shown) -> None:
    said = shown(chain(60, lambda at: f"first{at}" + "n" * LONG + f"{at}last"), form, chain(1, lambda _: "b" * LONG))
    assert len(said) < 80_000
    assert "first7" in said
    assert "7last" in said
    assert "n" * 120 not in said


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("op", ["MatMul", "unknown"])
def test_no_name_of_a_model_reaches_a_report_alive(form, op, shown) -> None:
    domain = "" if op == "MatMul" else f"com.acme{MARKUP}"
    hostile = chain(3, lambda at: f"{LINE}{MARKUP}{at}", op=op, domain=domain)
    said = shown(hostile, form, chain(4, lambda at: f"{at}{MARKUP}{LINE}", op=op, domain=domain))
    for mark in ("\x1b", "\u202e", "\u2028", "\r"):
        assert mark not in said
    if form == "markdown":
        rendered = page(said)
        assert not {"script", "img", "a"} & set(rendered.tags)
        assert not rendered.unclosed
        assert not [text for text in rendered.bare if ALIVE.search(text)]


@pytest.mark.parametrize("form", FORMATS)
def test_a_model_of_which_nothing_is_known_has_no_figure(form, shown) -> None:
    strange = chain(2000, lambda at: f"call{at}", op="Magic", domain="com.acme")
    said = shown(strange, form, strange)
    assert len(said) < 1_200_000
    assert "com.acme::Magic" in said
    if form == "json":
        tree = json.loads(said)
        for figure in ("macs", "activations", "traffic"):
            assert tree[figure]["unknown"][0]["reason"] == "unsupported operator"
        assert tree["unknown_operators"] == [
            {"calls": 2000, "operator": "com.acme::Magic", "some": [f"call{at}" for at in range(5)]}
        ]
        assert tree["operators"][0]["mac_share_percent"]["unknown"]
        assert tree["base"]["changes"][0]["now"]["unknown"]
    else:
        assert "MACs" in said
        assert "not established" in said


def test_a_thousand_operators_that_nobody_knows_do_not_fill_the_page(shown) -> None:
    nodes = [helper.make_node(f"Op{at}", ["x"], [f"v{at}"], domain="com.acme") for at in range(1000)]
    for form in ("text", "markdown"):
        assert len(shown(model(nodes), form)) < 40_000


def test_top_zero_lists_no_call_and_top_n_lists_n(shown) -> None:
    made = chain(20, lambda at: f"call{at}")
    assert "call1" not in shown(made, "text", None, "--top", "0")
    tree = json.loads(shown(made, "json", made, "--top", "3"))
    assert [one["name"] for one in tree["costliest"]["calls"]] == ["call0", "call1", "call2"]
    assert tree["costliest"]["left_out"] == 17


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_model_gives_the_same_bytes_twice(form, shown) -> None:
    made = chain(20, lambda at: f"call{at}")
    assert shown(made, form, made) == shown(made, form, made)


def test_a_peak_beyond_all_numbers_of_a_device_is_no_traceback(run, tmp_path) -> None:
    huge = helper.make_model(
        helper.make_graph(
            [helper.make_node("Relu", ["x"], ["y"])],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2**62, 2**62])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    (tmp_path / "huge.onnx").write_bytes(huge.SerializeToString())
    for form in FORMATS:
        done = run("inspect", "huge.onnx", "--format", form)
        assert done.code in (0, 2)
        assert "Traceback" not in done.out + done.err
        assert done.code == 2 or "over the reader" in done.out
