"""Lies about what a privacy claim rests on: histories, earlier files, data that no phase covers, weak accountants."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

from example_world import FOLDER, Checkout, git
from lie import Lie, edited

CONFIG = "evidence/train.yaml"
HISTORY = "evidence/accountant.json"
HONEST = [1.3, 32 / 400, 90]
AT_CONFIG = f"        - file: {CONFIG}\n"
AT_TRAINING = "    - id: train\n      kind: train\n"
QUANTISED = "    - id: quantise\n      kind: convert\n      uses: [dataset:speech]\n      generates: [kws]\n"
QUANTISING = "/lineage/activities/1"
"""Where that step stands in the lying manifest."""
FIRST_EVIDENCE = frozenset({"/privacy/phases/0/evidence/0"})


def counted(*runs: list[float]) -> Callable[[Checkout], None]:
    """The next release, with the history of its accountant beside its configuration."""

    def tell(checkout: Checkout) -> None:
        edited((AT_CONFIG, f"        - {{file: {HISTORY}, history: /history}}\n{AT_CONFIG}"))(checkout)
        checkout.write(HISTORY, json.dumps({"history": runs, "mechanism": "rdp"}))

    return tell


def read_at_a_commit_that_was_never_merged(checkout: Checkout) -> None:
    """More noise on paper, and in a file of a commit that leads nowhere."""
    text = (checkout.folder / CONFIG).read_text(encoding="utf-8")
    git(checkout.root, "checkout", "--quiet", "-b", "side")
    checkout.edit("noise_multiplier: 1.3", "noise_multiplier: 13.0", CONFIG)
    checkout.commit()
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=checkout.root, check=True, capture_output=True, text=True).stdout.strip()
    git(checkout.root, "checkout", "--quiet", "-")
    assert (checkout.root / FOLDER / CONFIG).read_text(encoding="utf-8") == text
    edited(
        (AT_CONFIG, f"{AT_CONFIG}          commit: {commit}\n"),
        ("noise_multiplier: 1.3\n", "noise_multiplier: 13.0\n"),
    )(checkout)


PRIVACY_EVIDENCE_LIES = (
    Lie(
        "privacy",
        "the accountant counted less noise than is stated",
        counted([0.3, *HONEST[1:]]),
        "PRIV-008",
        ("mechanism: dp-sgd\n      noise_multiplier: ",),
        undone_by=FIRST_EVIDENCE,
    ),
    Lie(
        "privacy",
        "the accountant counted larger batches than are stated",
        counted([1.3, 1.0, 90]),
        "PRIV-008",
        ("sampling: {scheme: poisson, batch_size: ",),
        undone_by=FIRST_EVIDENCE,
    ),
    Lie(
        "privacy",
        "the accountant counted a run that no phase states",
        counted(HONEST, [0.5, 0.08, 1000]),
        "PRIV-008",
        (f"file: {HISTORY}, history: ",),
        undone_by=FIRST_EVIDENCE,
    ),
    Lie(
        "privacy",
        "the configuration is that of a commit which was never merged",
        read_at_a_commit_that_was_never_merged,
        "PRIV-008",
        ("        - file: ",),
    ),
    Lie(
        "privacy",
        "raw data of people calibrated the model outside every phase",
        edited((AT_TRAINING, QUANTISED + AT_TRAINING)),
        "PRIV-019",
        ("  nodes:\n    - id: ",),
        undone_by=frozenset(
            {QUANTISING, *(f"{QUANTISING}/{one}" for one in ("uses", "uses/0", "generates", "generates/0"))}
        ),
    ),
    Lie(
        "privacy",
        "the claim rests on an accountant that reports too little",
        edited(("epsilon: 4.3", "epsilon: 3.0"), ("  population: {", "  accountant: {name: gdp}\n  population: {")),
        "PRIV-016",
        ("  accountant: ",),
        also={"PRIV-002": "what such an accountant reports is less than can be proven"},
    ),
)
