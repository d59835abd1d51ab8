"""Lies about where the data came from: digests, circles, loose ends, terms."""

from __future__ import annotations

import hashlib

from example_world import MANIFEST, Checkout
from lie import Lie, edited


def without_its_activity(checkout: Checkout) -> None:
    checkout.bump()
    text = checkout.text
    start, end = text.index("    - id: prepare\n"), text.index("    - id: train\n      kind: train\n")
    checkout.write(MANIFEST, text[:start] + text[end:])


AT_TRAINING_DATA = 'retrieved: "2026-02-01"\n    - id: '
AT_RELEASE_NODE = "    - {id: "

LINEAGE_LIES = (
    Lie(
        "lineage",
        "the digest of the training data is of other data",
        edited(("9f5fa78c", "9f5fa78d")),
        "LIN-001",
        ("path: data/train.sha256\n      digest: {sha256: ",),
    ),
    Lie(
        "lineage",
        "the digest of the source is that of an empty file",
        edited(
            (
                "a4aea703157e0a443dc77737373c2c54fa140bf88e13ae963e604ec0e4db9c8c",
                hashlib.sha256(b"").hexdigest(),
            )
        ),
        "LIN-001",
        ("path: data/speech.sha256\n      digest: {sha256: ",),
    ),
    Lie(
        "lineage",
        "the training data was made from itself",
        edited(("uses: [dataset:speech]", "uses: [dataset:speech, dataset:kws-train]")),
        "LIN-002",
        ("uses: [dataset:speech, ",),
        undone_by=frozenset({"/lineage/activities/0/uses/1"}),
    ),
    Lie(
        "lineage",
        "training used a data set that nobody describes",
        edited(("uses: [dataset:kws-train]", "uses: [dataset:kws-train, dataset:augmented]")),
        "LIN-003",
        ("uses: [dataset:kws-train, ",),
        undone_by=frozenset({"/lineage/activities/1/uses/1"}),
    ),
    Lie(
        "lineage",
        "a derived data set is made by no step",
        without_its_activity,
        "LIN-003",
        (AT_TRAINING_DATA, AT_RELEASE_NODE),
    ),
    Lie(
        "lineage",
        "a source calls itself made here",
        edited(("generates: [dataset:kws-train]", "generates: [dataset:kws-train, dataset:speech]")),
        "LIN-003",
        ("  nodes:\n    - id: ",),
        also={"LIN-002": "the step that makes it also uses it, which is a circle"},
        undone_by=frozenset({"/lineage/activities/0/generates/1"}),
    ),
    Lie(
        "lineage",
        "the data may not be used in commerce",
        edited(("expression: CC-BY-4.0, text", "expression: CC-BY-NC-4.0, text")),
        "LIN-006",
        ('      version: "0.0.2"\n      license: {expression: ',),
    ),
    Lie(
        "lineage",
        "the derived data may not be used in commerce",
        edited(("expression: CC-BY-4.0}", "expression: CC-BY-NC-SA-4.0}")),
        "LIN-006",
        ("      records: 85000\n      license: {expression: ",),
        undone_by=frozenset({"/lineage/nodes/1/license"}),  # then the terms of its source count, which allow it
    ),
    Lie(
        "lineage",
        "the licence is no licence",
        edited(("expression: CC-BY-4.0, text", "expression: free-ish, text")),
        "LIN-005",
        ('      version: "0.0.2"\n      license: {expression: ',),
        also={"LIN-006": "a licence that cannot be read cannot be compared with the lists"},
    ),
    Lie(
        "lineage",
        "the consent is over",
        edited(('expires: "2099-06-30"', 'expires: "2026-11-22"')),
        "LIN-009",
        ("expires: ",),
    ),
    Lie(
        "lineage",
        "the data will be retrieved tomorrow",
        edited(('retrieved: "2026-02-01"', 'retrieved: "2026-11-24"')),
        "LIN-012",
        ("retrieved: ",),
    ),
    Lie(
        "lineage",
        "the history is that of another artifact",
        edited(
            ("{id: kws, type: release}", "{id: kws-pro, type: release}"),
            ("generates: [kws]", "generates: [kws-pro]"),
            ("release: {artifact: kws,", "release: {artifact: kws-pro,"),
        ),
        "LIN-021",
        (AT_RELEASE_NODE, "artifacts:\n  - id: "),
    ),
)
