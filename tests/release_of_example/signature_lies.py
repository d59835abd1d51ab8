"""Lies about who signed and what: by the wrong key, at the wrong time, over other bytes."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from example_world import EXAMPLE_KEY, MANIFEST, MODEL, OTHER_KEY, SIGNATURE, Checkout
from lie import Lie, edited
from proofs import SLSA, prove, state_provenance, trusted_for_proofs

from policy_gate.areas.signature.sign import sign_payload


def judged_by(*edits: tuple[str, str]) -> Callable[[Checkout], None]:
    """An honest next release, judged by a base whose trust file reads otherwise."""

    def tell(checkout: Checkout) -> None:
        for before, after in edits:
            checkout.edit(before, after, "trust.yaml")
        checkout.commit()
        checkout.bump()

    return tell


def another_key(role: str) -> str:
    """A second entry of the trust file."""
    public = OTHER_KEY.public_key()
    spki = hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    lines = "".join(f"      {line}\n" for line in pem.splitlines())
    return (
        f'  - id: other\n    spki: "sha256:{spki}"\n    public_key: |\n{lines}    algorithm: ed25519\n'
        f'    roles: [{role}]\n    sign: {{not_before: "2026-01-01", not_after: "2099-12-31"}}\n'
        '    verify: {not_after: "2099-12-31"}\n'
    )


def trust_it_in_the_change(checkout: Checkout) -> None:
    checkout.bump()
    checkout.edit("thresholds:", another_key("releaser") + "thresholds:", "trust.yaml")


def sign_as_another(checkout: Checkout) -> None:
    checkout.sign(OTHER_KEY)


def sign_twice(checkout: Checkout) -> None:
    checkout.sign(EXAMPLE_KEY, EXAMPLE_KEY)


def sign_and_change(checkout: Checkout) -> None:
    checkout.sign()
    checkout.write(MANIFEST, f"{checkout.text}# One more word.\n")


def restated(change: Callable[[dict], None]) -> Callable[[Checkout], None]:
    """A good signature by the good key, over a statement that says something else."""

    def sign(checkout: Checkout) -> None:
        checkout.sign()
        envelope = json.loads((checkout.folder / SIGNATURE).read_text(encoding="utf-8"))
        statement = json.loads(b64decode(envelope["payload"]))
        change(statement)
        checkout.write(SIGNATURE, sign_payload(json.dumps(statement).encode(), [EXAMPLE_KEY]))

    return sign


def leave_out_the_model(statement: dict) -> None:
    statement["subject"] = [one for one in statement["subject"] if one["name"] != MODEL]


def name_another_file(statement: dict) -> None:
    statement["subject"].append({"name": "model/other.onnx", "digest": {"sha256": "ab" * 32}})


def call_it_provenance(statement: dict) -> None:
    statement["predicateType"] = "https://slsa.dev/provenance/v1"


def evidence_that_ships(checkout: Checkout) -> None:
    checkout.bump()
    content = (checkout.folder / "evidence/train.yaml").read_bytes()
    checkout.write("model/train.yaml", content)
    checkout.edit("file: evidence/train.yaml", "file: model/train.yaml")
    digest = hashlib.sha256(content).hexdigest()
    entry = (
        f'  - {{id: config, path: model/train.yaml, role: asset, size: {len(content)}, digest: "sha256:{digest}"}}\n'
    )
    checkout.edit("\nfingerprints:", f"{entry}\nfingerprints:")


def provenance_of_another_file(checkout: Checkout) -> None:
    trusted_for_proofs(checkout)
    state_provenance(checkout)
    prove(checkout, "evidence/build.json", SLSA, {}, b"another model")


def provenance_that_nobody_signed(checkout: Checkout) -> None:
    checkout.bump()
    state_provenance(checkout)
    checkout.write("evidence/build.json", json.dumps({"predicateType": SLSA, "subject": []}))


def provenance_by_a_releaser(checkout: Checkout) -> None:
    checkout.bump()
    state_provenance(checkout)
    prove(checkout, "evidence/build.json", SLSA, {})


def a_file_that_is_called_a_signature_of_the_model(checkout: Checkout) -> None:
    checkout.bump()
    checkout.edit("release.dsse.json}", "release.dsse.json, model: signatures/model.sigstore.json}")
    checkout.write("signatures/model.sigstore.json", "{}")


NO_PROVENANCE = frozenset({"/attestations", "/attestations/0"})
AT_PROVENANCE = ('provenance/v1", path: ',)
AT_SIGNATURE = ("signing: {release: ",)
NOT_COUNTED = "a key that does not count leaves too few of them"
UNREAD = "what a stranger signed is not read, so nothing is covered"
NOBODY = "no key of a releaser signed, so there is none to be in good standing"
REVOKED = '\n    revoked: {at: "2026-11-01", reason: stolen}'
SIGN_WINDOW = 'sign: {not_before: "2026-01-01", not_after: "2099-12-31"}'

SIGNATURE_LIES = (
    Lie(
        "signature",
        "the key was revoked in the base",
        judged_by(('verify: {not_after: "2099-12-31"}', f'verify: {{not_after: "2099-12-31"}}{REVOKED}')),
        "SIG-003",
        AT_SIGNATURE,
        also={"SIG-001": NOT_COUNTED},
    ),
    Lie(
        "signature",
        "the signing window of the key is over",
        judged_by((SIGN_WINDOW, 'sign: {not_before: "2026-01-01", not_after: "2026-11-22"}')),
        "SIG-003",
        AT_SIGNATURE,
        also={"SIG-001": NOT_COUNTED},
    ),
    Lie(
        "signature",
        "the signing window of the key has not begun",
        judged_by((SIGN_WINDOW, 'sign: {not_before: "2026-11-24", not_after: "2099-12-31"}')),
        "SIG-003",
        AT_SIGNATURE,
        also={"SIG-001": NOT_COUNTED},
    ),
    Lie(
        "signature",
        "a key that nobody trusts signed",
        edited(),
        "SIG-001",
        AT_SIGNATURE,
        also={"SIG-002": UNREAD, "SIG-003": NOBODY},
        sign=sign_as_another,
    ),
    Lie(
        "signature",
        "a key that only the change itself trusts signed",
        trust_it_in_the_change,
        "SIG-001",
        AT_SIGNATURE,
        also={"SIG-002": UNREAD, "SIG-003": NOBODY},
        sign=sign_as_another,
    ),
    Lie(
        "signature",
        "a trusted key of another role signed",
        judged_by(("thresholds:", another_key("approver") + "thresholds:")),
        "SIG-001",
        AT_SIGNATURE,
        also={"SIG-002": UNREAD, "SIG-003": NOBODY},
        sign=sign_as_another,
    ),
    Lie(
        "signature",
        "one key signed twice where two keys are needed",
        judged_by(("thresholds: {releaser: 1}", another_key("releaser") + "thresholds: {releaser: 2}")),
        "SIG-001",
        AT_SIGNATURE,
        also={"SIG-002": UNREAD},
        sign=sign_twice,
    ),
    Lie(
        "signature",
        "the manifest changed after signing",
        edited(),
        "SIG-002",
        AT_SIGNATURE,
        sign=sign_and_change,
    ),
    Lie(
        "signature",
        "the signature leaves the model out",
        edited(),
        "SIG-002",
        AT_SIGNATURE,
        sign=restated(leave_out_the_model),
    ),
    Lie(
        "signature",
        "the signature names a file that the manifest does not",
        edited(),
        "SIG-002",
        AT_SIGNATURE,
        sign=restated(name_another_file),
    ),
    Lie(
        "signature",
        "the statement is not about a release",
        edited(),
        "SIG-001",
        AT_SIGNATURE,
        also={"SIG-002": "the subjects of another kind of statement are not those of a release"},
        sign=restated(call_it_provenance),
    ),
    Lie(
        "signature",
        "evidence lies in the folder that ships",
        evidence_that_ships,
        "SIG-004",
        ("        - file: ",),
    ),
    Lie(
        "signature",
        "provenance is of another file",
        provenance_of_another_file,
        "SIG-005",
        AT_PROVENANCE,
        undone_by=NO_PROVENANCE,
    ),
    Lie(
        "signature",
        "nobody signed the provenance",
        provenance_that_nobody_signed,
        "SIG-005",
        AT_PROVENANCE,
        undone_by=NO_PROVENANCE,
    ),
    Lie(
        "signature",
        "the key that signs releases signed the provenance",
        provenance_by_a_releaser,
        "SIG-005",
        AT_PROVENANCE,
        undone_by=NO_PROVENANCE,
    ),
    Lie(
        "signature",
        "some file is called a signature of the model",
        a_file_that_is_called_a_signature_of_the_model,
        "SIG-006",
        ("release.dsse.json, model: ",),
        undone_by=frozenset({"/signing/model"}),
    ),
)
