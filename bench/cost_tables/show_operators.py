"""How the cost of every operator is known: of every version that onnx has, of other domains, of TFLite's builtins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from promise import Promise, Shared, percent

from policy_gate.model_graph.figures import Certainty, ModelProfile, Unestablished
from policy_gate.model_graph.graph import Graph, Model, Node, ValueInfo
from policy_gate.model_graph.operators import NEWEST
from policy_gate.model_graph.operators.classification import UNHEARD_OF, Classification, classifications, classified
from policy_gate.model_graph.profile import profile
from policy_gate.model_graph.tflite_schema import BUILTINS

WANTED_SHARE = 0.9
NO_OPERATORS = ("CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES")
"""Codes of the schema that stand for no operator of their own."""


def show_operators(shared: Shared) -> Iterator[Promise]:
    """By domain, by operator set, then those of no known cost with the reason."""
    del shared
    from onnx import defs

    history = {(one.domain, one.name, one.since_version) for one in defs.get_all_schemas_with_history()}
    rows = [one for one in classifications() if not one.domain.startswith("tflite")]
    of_onnx = [one for one in rows if (one.domain, one.op, one.since) in history]
    others = [one for one in rows if (one.domain, one.op, one.since) not in history]
    lite = [classified("tflite", name, 3) for name in BUILTINS if name not in NO_OPERATORS]
    _print_domains({"as onnx has them": of_onnx, "of runtimes, or retired": others, "builtins, schema 3": lite})
    shares = _print_sets(of_onnx)
    unknown = [one for one in (*rows, *lite) if one.certainty is Certainty.UNKNOWN]
    print(f"\n{'of no known cost':<48} reason")
    for one in unknown:
        print(f"{f'{_name(one.domain)}::{one.op}':<48} {one.reason or 'NONE GIVEN'}")
    missing = len(history) - len(of_onnx)
    found = f"{missing} of {len(history)} are not"
    yield Promise("every operator of every version that onnx knows is classified", found, not missing)
    least = min(shares)
    found = f"at least {least:.1%}"
    yield Promise("nine of ten are exact or bounded in every set of ai.onnx", found, least >= WANTED_SHARE)
    known = sum(one.certainty is not Certainty.UNKNOWN for one in lite)
    enough = known >= WANTED_SHARE * len(lite)
    yield Promise("nine of ten builtins of TFLite are exact or bounded", percent(known, len(lite)), enough)
    unexplained = sum(one.reason in ("", UNHEARD_OF) for one in unknown)
    yield Promise("every operator of unknown cost says why", f"{unexplained} do not", not unexplained)
    zeros = [one for one in unknown if not isinstance(_profile_of(one).macs, Unestablished)]
    yield Promise("a call of none of them counts as zero", f"{len(zeros)} of {len(unknown)} do", not zeros)


def _profile_of(one: Classification) -> ModelProfile:
    """The cost of a model of one call."""
    call = Node(one.op, one.domain, "", ("x",), ("y",), {})
    graph = Graph("g", (call,), {}, (ValueInfo("x", "float32", (1, 4)),), (ValueInfo("y", "float32", None),), ())
    form = "tflite" if one.domain == "tflite" else "onnx"
    return profile(Model(form, 1000, 3 if form == "tflite" else 8, {one.domain: max(one.since, 3)}, graph))


def _print_domains(kinds: Mapping[str, Iterable[Classification]]) -> None:
    print(f"{'operator versions':<48} {'all':>5} {'exact':>6} {'bounded':>8} {'unknown':>8}   known")
    for words, rows in kinds.items():
        counts: dict[str, Counter[Certainty]] = {}
        for one in rows:
            counts.setdefault(_name(one.domain), Counter())[one.certainty] += 1
        for name, found in counts.items():
            cells = f"{found[Certainty.EXACT]:>6} {found[Certainty.BOUNDED]:>8} {found[Certainty.UNKNOWN]:>8}"
            known = percent(found.total() - found[Certainty.UNKNOWN], found.total())
            print(f"{f'{name}, {words}':<48} {found.total():>5} {cells}  {known:>7}")


def _print_sets(rows: Iterable[Classification]) -> list[float]:
    """The share of known cost in each operator set of ai.onnx: of the version of each operator that is in force."""
    own, shares = [one for one in rows if not one.domain], []
    print(f"\n{'ai.onnx':<48} {'all':>5} {'exact':>6} {'bounded':>8} {'unknown':>8}   known")
    for version in range(1, NEWEST[""] + 1):
        latest = {
            one.op: one for one in own if one.since <= version
        }  # in order of version, so that the last one counts
        found = Counter(one.certainty for one in latest.values())
        shares.append(1 - found[Certainty.UNKNOWN] / len(latest))
        cells = f"{found[Certainty.EXACT]:>6} {found[Certainty.BOUNDED]:>8} {found[Certainty.UNKNOWN]:>8}"
        print(f"{f'set {version}':<48} {len(latest):>5} {cells}  {100 * shares[-1]:>5.1f} %")
    return shares


def _name(domain: str) -> str:
    return domain or "ai.onnx"
