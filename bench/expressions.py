"""Speed of `assert:` beside Google's C++ CEL: 200 rules over records, the same rules and records, in one process.

Two ways to hand a record to the peer, both printed: one evaluation at a time (`eval(data=record)`), as a check of one
rule over one release does; and its fastest, one activation a record that all rules share. We are given the record as
the plain mapping it is, both times. Rules are compiled before, by both. Every answer is compared with the peer's, so
that speed is not bought with mistakes.

    python bench/expressions.py [--records 500] [--rules 200]

The default is a twentieth of 10,000 records, since time grows with their number alone; ask for more to see that.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy_gate.expression import OPEN, parse  # the checkout, wherever this is run from

WANTED = 5.0
DIGEST = "sha256:" + "a1" * 32
FORMS = {
    "1 comparison": "manifest.privacy.epsilon <= {epsilon}",
    "2 conditions": "has(manifest.rollback.to.sequence) && manifest.rollback.to.sequence < {sequence}",
    "3 comparisons": "manifest.metadata.license in ['Apache-2.0', 'MIT'] || manifest.metadata.sequence < {sequence}"
    " || manifest.quality[0].value > {quality}",
    "all, size": "size(manifest.targets) > 0 && manifest.targets.all(t, size(t.runs) > 0 && t.id != 'node-v{node}')",
    "13 comparisons": "manifest.metadata.sequence >= 0"
    " && manifest.metadata.license in ['Apache-2.0', 'MIT', 'proprietary']"
    " && has(manifest.rollback.to.sequence) && manifest.rollback.to.sequence < 100 + manifest.metadata.sequence"
    " && size(manifest.artifacts) > 0 && manifest.artifacts.all(a, a.size > 0 && a.size <= {bytes})"
    " && manifest.targets.exists(t, t.id == 'node-v2' || 'kws' in t.runs)"
    " && manifest.privacy.epsilon <= {epsilon} && manifest.privacy.delta < 1e-5"
    " && manifest.quality[0].value >= {quality} && manifest.cost.node.latency_ms <= {latency}"
    " && manifest.signing.release.startsWith('signatures/') && manifest.metadata.source.commit != ''",
}


def record(source: random.Random) -> dict[str, Any]:
    """A manifest with 67 leaves, as a decoded document holds it."""
    artifacts = [
        {"id": name, "path": f"model/{name}.onnx", "role": "model", "format": "onnx", "size": size, "digest": DIGEST}
        for name, size in (("kws", source.randint(1, 200_000)), ("kws-int8", 38200), ("vad", 9100))
    ]
    targets = [
        {
            "id": f"node-v{number}",
            "runs": ["kws-int8", "vad"],
            "dimensions": {"N": 1},
            "runtime": {"name": "stm32cube-ai", "version": "8.1.0"},
        }
        for number in (1, 2, 3)
    ]
    costs = {"latency_ms": source.uniform(5, 60), "ram_kib": 61, "flash_kib": 52, "energy_uj": 410}
    return {
        "metadata": {
            "name": "kws-en",
            "version": "1.4.0",
            "sequence": source.randint(1, 60),
            "created": "2026-11-20T09:14:03Z",
            "license": source.choice(["Apache-2.0", "MIT", "proprietary"]),
            "source": {"repository": "https://example.invalid/kws", "commit": "ab" * 20},
        },
        "artifacts": artifacts,
        "targets": targets,
        "cost": {"node": costs, "board": dict(costs)},
        "quality": [{"artifact": "kws", "metric": "top1", "value": source.uniform(0.8, 1)}] * 2,
        "privacy": {"epsilon": source.uniform(0, 12), "delta": 1e-6, "sampling_rate": 0.01, "steps": 12_000},
        "lineage": {"datasets": [{"id": "speech", "license": "CC-BY-4.0", "digest": DIGEST}] * 2},
        "rollback": {"to": {"version": "1.3.2", "sequence": source.randint(1, 60), "manifest": DIGEST}},
        "signing": {"release": "signatures/release.dsse.json", "model": "signatures/model.json"},
    }


def rules(form: str, count: int) -> list[str]:
    """Rules of one form; no two are the same."""
    return [
        FORMS[form].format(
            sequence=5 + number,
            node=number % 5,
            bytes=200_000 + number,
            epsilon=8.0 + number / 100,
            quality=0.8 + number / 10_000,
            latency=50.5 + number / 10,
        )
        for number in range(count)
    ]


def leaves(found: object) -> int:
    if isinstance(found, dict):
        return sum(map(leaves, found.values()))
    return sum(map(leaves, found)) if isinstance(found, list) else 1


def ours(texts: Sequence[str]) -> Callable[[list[dict[str, Any]]], list[object]]:
    decide = [parse(text, {"manifest": OPEN}).decide for text in texts]

    def run(records: list[dict[str, Any]]) -> list[object]:
        answers: list[object] = []
        for one in records:
            environment = {"manifest": one}
            answers.extend(rule(environment) for rule in decide)
        return answers

    return run


def theirs(texts: Sequence[str], *, shared: bool) -> Callable[[list[dict[str, Any]]], list[object]]:
    from cel_expr_python import cel

    environment = cel.NewEnv(variables={"manifest": cel.Type.DYN})
    programs = [environment.compile(text) for text in texts]

    def run(records: list[dict[str, Any]]) -> list[object]:
        answers: list[object] = []
        for one in records:
            if shared:
                activation = environment.Activation({"manifest": one})
                answers.extend(program.eval(activation).value() for program in programs)
            else:
                answers.extend(program.eval(data={"manifest": one}).value() for program in programs)
        return answers

    return run


def seconds(run: Callable[[list[dict[str, Any]]], list[object]], records: list[dict[str, Any]]) -> tuple[float, Any]:
    """Processor time of one pass, and its answers."""
    started = process_time()
    answers = run(records)
    return process_time() - started, answers


def row(name: str, texts: Sequence[str], records: list[dict[str, Any]], rounds: int) -> tuple[float, float]:
    """Print one line; the median over rounds of their time divided by ours, alone and shared."""
    runs = {"ours": ours(texts), "alone": theirs(texts, shared=False), "shared": theirs(texts, shared=True)}
    few = records[: max(1, len(records) // 10)]  # alone is slow: its share of the records is scaled
    taken: dict[str, list[float]] = {which: [] for which in runs}
    for _ in range(rounds):
        found: dict[str, list[object]] = {}
        for which, run in runs.items():
            among = few if which == "alone" else records
            spent, found[which] = seconds(run, among)
            taken[which].append(1e6 * spent / len(among) / len(texts))
        if found["ours"] != found["shared"] or found["ours"][: len(found["alone"])] != found["alone"]:
            sys.exit(f"{name}: the answers differ")
    alone, shared = (
        statistics.median(other / own for other, own in zip(taken[which], taken["ours"], strict=True))
        for which in ("alone", "shared")
    )
    own, slow, fast = (statistics.median(taken[which]) for which in ("ours", "alone", "shared"))
    print(f"{name:<16}{own:8.2f}{slow:12.2f}{alone:8.1f} x{fast:12.2f}{shared:8.1f} x")
    return alone, shared


def main() -> int:
    """Print microseconds an evaluation and ratios; exit 1 where we are less than five times faster alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    source = random.Random(20261123)
    records = [record(source) for _ in range(arguments.records)]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}; "
        f"{arguments.rules} rules x {len(records)} records"
    )
    print(f"of {leaves(records[0])} leaves; processor time in us an evaluation, medians of {arguments.rounds} rounds\n")
    print(f"{'':<16}{'ours':>8}{'peer alone':>12}{'ratio':>10}{'peer shared':>12}{'ratio':>10}")
    each = max(1, arguments.rules // len(FORMS))
    for form in FORMS:
        row(form, rules(form, each), records, arguments.rounds)
    alone, shared = row("all of them", [one for form in FORMS for one in rules(form, each)], records, arguments.rounds)
    print(
        f"\npeer alone: {alone:.1f} x faster (promise: >= {WANTED:.0f} x); "
        f"an activation shared by all rules: {shared:.1f} x"
    )
    return 0 if alone >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
