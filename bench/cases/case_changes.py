"""What the cases of the tables do to a release or to the configuration that judges it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "release_of_example"))

from example_world import Checkout

CONFIGURATION = "policy-gate.yaml"
TRUST = "trust.yaml"
POLICY = 'policy: ["builtin:edge-release"]'
BUDGET = "max_macs: {node-v2: 3000000}"
PACK_HEAD = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this case.}
"""
RULE = "    - {{id: {id}, title: a rule, severity: low, {more}, rationale: a reason, remediation: a way}}\n"

Change = Callable[[Checkout], None]


def edited(before: str, after: str, name: str = "release.yaml") -> Change:
    """Text of a file reads otherwise, in one place."""
    return lambda checkout: checkout.edit(before, after, name)


def configured(before: str, after: str) -> Change:
    """The configuration reads otherwise."""
    return edited(before, after, CONFIGURATION)


def all_of(*changes: Change) -> Change:
    """Several changes, in order."""

    def change(checkout: Checkout) -> None:
        for one in changes:
            one(checkout)

    return change


def judged_by_pack(text: str) -> Change:
    """A pack of the repository, and nothing else, judges; it lies at the top as `own.yaml` does beside the example."""

    def change(checkout: Checkout) -> None:
        checkout.write("own.yaml", text)
        checkout.edit(POLICY, "policy: [own.yaml]", CONFIGURATION)
        written = (checkout.folder / CONFIGURATION).read_text(encoding="utf-8")
        checkout.write(CONFIGURATION, written[: written.index("  parameters:")])

    return change


def pack_of(*rules: str, parameters: str = "") -> str:
    """A pack; each rule is given by what it has beside its words, such as `check: fingerprint.digest_matches`."""
    written = "".join(RULE.format(id=f"OWN-{number:03}", more=more) for number, more in enumerate(rules, 1))
    return f"{PACK_HEAD}spec:\n{parameters}  rules:\n{written}"


def digest_of(content: bytes) -> str:
    """A digest as manifests write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def shipped_as(name: str, content: bytes, role: str) -> Change:
    """One more file ships: listed with its true size and digest, and run by the target."""

    def change(checkout: Checkout) -> None:
        checkout.write(name, content)
        entry = f'{{id: more, path: {name}, role: {role}, size: {len(content)}, digest: "{digest_of(content)}"}}'
        checkout.edit("  - id: labels\n", f"  - {entry}\n  - id: labels\n")
        checkout.edit("runs: [kws, labels]", "runs: [kws, more, labels]")

    return change


def without(start: str, end: str) -> Change:
    """The manifest without all that stands from one text up to another."""

    def change(checkout: Checkout) -> None:
        text = checkout.text
        checkout.write("release.yaml", text[: text.index(start)] + text[text.index(end) :])

    return change
