"""Proofs a release may name, made for the example: attestations, test results and evidence, rightly or wrongly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from example_world import EXAMPLE_KEY, MODEL, Checkout

from policy_gate.areas.signature.sign import sign_payload

SLSA = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PASSED = {"result": "PASSED", "passedTests": ["boots", "io-shape"], "configuration": [{"name": "node-v2"}]}
AT_SIGNING = "signing: {release: signatures/release.dsse.json}\n"
AT_COST = "macs: 2656768}"


def trusted_for_proofs(checkout: Checkout) -> None:
    """The base lets the example's key build and test too; the release is the next one."""
    checkout.edit("roles: [releaser]", "roles: [releaser, builder, tester]", "trust.yaml")
    checkout.commit()
    checkout.bump()


def prove(checkout: Checkout, path: str, kind: str, predicate: Mapping[str, object], content: bytes = b"") -> None:
    """Sign a statement about the model, or about other content, with the example's key."""
    digest = hashlib.sha256(content or (checkout.folder / MODEL).read_bytes()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": kind,
        "subject": [{"name": MODEL, "digest": {"sha256": digest}}],
        "predicate": predicate,
    }
    checkout.write(path, sign_payload(json.dumps(statement).encode(), [EXAMPLE_KEY]))


def state_provenance(checkout: Checkout) -> None:
    """The manifest names where the model was built."""
    entry = f'{{type: "{SLSA}", path: evidence/build.json, subjects: [kws]}}'
    checkout.edit(AT_SIGNING, f"attestations: [{entry}]\n{AT_SIGNING}")


def state_tests(checkout: Checkout) -> None:
    """The manifest names the tests that the model passed on its target."""
    entry = "{target: node-v2, artifact: kws, evidence: evidence/test.json, required: [boots, io-shape]}"
    checkout.edit(AT_SIGNING, f"compatibility: [{entry}]\n{AT_SIGNING}")


def state_latency(checkout: Checkout) -> None:
    """The manifest names a latency, and who measured it."""
    checkout.edit(AT_COST, AT_COST.replace("}", ", latency_ms: 3, evidence: evidence/bench.json}"))


def prove_everything(checkout: Checkout) -> None:
    """An honest next release that names every kind of proof, and has them."""
    trusted_for_proofs(checkout)
    state_provenance(checkout)
    state_tests(checkout)
    state_latency(checkout)
    prove(checkout, "evidence/build.json", SLSA, {})
    prove(checkout, "evidence/test.json", TEST_RESULT, PASSED)
    prove(checkout, "evidence/bench.json", "https://example.invalid/bench/v1", {"latency_ms": 3})
