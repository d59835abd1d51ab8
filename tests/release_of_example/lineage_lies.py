"""Lies about where the data came from: digests, circles, loose ends, terms."""

from __future__ import annotations

import hashlib

from example_world import EXAMPLE, MANIFEST, Checkout
from lie import Lie, edited

SOURCE_DIGEST, TRAINING_DIGEST = (
    hashlib.sha256((EXAMPLE / name).read_bytes()).hexdigest() for name in ("data/speech.sha256", "data/train.sha256")
)


def without_its_activity(checkout: Checkout) -> None:
    checkout.bump()
    text = checkout.text
    start, end = text.index("    - id: prepare\n"), text.index("    - id: train\n      kind: train\n")
    checkout.write(MANIFEST, text[:start] + text[end:])


def one_record_over_and_over(checkout: Checkout) -> None:
    checkout.bump()
    listed = f"{hashlib.sha256(b'record').hexdigest()}\n" * 4000
    checkout.write("data/more.sha256", f"# hmac-sha256 key=example-2026\n{listed}")
    checkout.add('      retrieved: "2026-02-01"\n', "      records: 4000\n      record_digests: data/more.sha256\n")


def manifest_that_is_none(checkout: Checkout) -> None:
    checkout.bump()
    content = (checkout.folder / "data/LICENSE-speech.txt").read_bytes()
    lines = [line for line in checkout.text.splitlines(keepends=True) if SOURCE_DIGEST not in line]
    checkout.write(MANIFEST, "".join(lines))
    stated = f'{{path: data/LICENSE-speech.txt, sha256: "sha256:{hashlib.sha256(content).hexdigest()}"}}'
    checkout.edit("      path: data/speech.sha256\n", f"      manifest: {stated}\n")


AT_SOURCE = "  nodes:\n    - "
AT_TRAINING_DATA = 'retrieved: "2026-02-01"\n    - id: '
AT_RELEASE_NODE = "    - {id: "

LINEAGE_LIES = (
    Lie(
        "lineage",
        "the digest of the training data is of other data",
        edited((TRAINING_DIGEST, f"{TRAINING_DIGEST[1:]}0")),
        "LIN-001",
        ("path: data/train.sha256\n      digest: {sha256: ",),
    ),
    Lie(
        "lineage",
        "the digest of the source is that of an empty file",
        edited(
            (
                SOURCE_DIGEST,
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
        also=dict.fromkeys(("PRIV-009", "PRIV-010", "PRIV-019"), "nobody knows whether people are in it, and which"),
        undone_by=frozenset({"/lineage/activities/1/uses/1"}),
    ),
    Lie(
        "lineage",
        "a derived data set is made by no step",
        without_its_activity,
        "LIN-003",
        (AT_TRAINING_DATA, AT_RELEASE_NODE),
        also={
            "LIN-009": "what no step made has to say for itself whether it holds personal data",
            "LIN-012": "and when it was retrieved",
            "PRIV-019": "and no phase is about data that says nothing of its persons",
        },
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
        ("      records: 400\n      license: {expression: ",),
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
        "data of persons is called a model, and says nothing of them",
        edited(
            ("type: source", "type: model"),
            ("      personal_data: pseudonymous\n", ""),
            ('      legal_basis: {kind: consent, expires: "2099-06-30"}\n', ""),
            ('      retention_until: "2099-01-01"\n', ""),
        ),
        "LIN-009",
        (AT_SOURCE,),
        also={"PRIV-019": "data that says nothing of its persons may need a phase"},
    ),
    Lie(
        "lineage",
        "a model from elsewhere was retrieved on no day",
        edited(("type: source", "type: model"), ('      retrieved: "2026-02-01"\n', "")),
        "LIN-012",
        (AT_SOURCE,),
    ),
    Lie(
        "lineage",
        "a text stands for a source as its manifest",
        manifest_that_is_none,
        "LIN-001",
        (AT_SOURCE, "manifest: {path: "),
    ),
    Lie(
        "lineage",
        "one record is listed over and over to make the source look large",
        one_record_over_and_over,
        "LIN-023",
        ("      records: 4000\n      record_digests: ",),
        undone_by=frozenset({"/lineage/nodes/0/record_digests"}),  # then the number is only said, and nothing uses it
    ),
    Lie(
        "lineage",
        "ten times as many records are stated as there are, here and for the privacy claim",
        edited(("records: 400", "records: 4000"), ("dataset_size: 400", "dataset_size: 4000")),
        "LIN-023",
        ("      role: train\n      records: ",),
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
