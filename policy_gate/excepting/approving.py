"""Signs what an approver approves: a waiver, a `loosens` entry or the digest of a change of policy."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING

from policy_gate.areas.signature.approval import APPROVER, prove_approval, sign_approval
from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.keys import public_half
from policy_gate.areas.signature.trust import standing
from policy_gate.document import Document, insert_key, load_json
from policy_gate.errors import GateError, Problem, UsageError
from policy_gate.excepting.choosing import nearest
from policy_gate.frozen import dataclass
from policy_gate.gate import read_document
from policy_gate.gate.change_approval import approval_path
from policy_gate.gate.trusted import MAX_APPROVAL_BYTES, Configuration, PolicyFiles
from policy_gate.policy.exceptions import Proof, same_person
from policy_gate.policy.loading import load_config
from policy_gate.policy.overlays import entry_digest, permitted
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.source import check_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy_gate.areas.signature.keys import PrivateKey
    from policy_gate.areas.signature.trust import Trust, TrustedKey

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
APPROVALS = "approvals"
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvable:
    """What can be approved: its digest, who proposes it, what it says, and the entry it stands in.

    A change of policy stands in no entry: `document` is None, and nobody knows its proposer.
    """

    name: str
    digest: str
    owner: str
    words: tuple[str, ...]
    approval: str
    document: Document | None = None
    pointer: str = ""

    @property
    def usual_path(self) -> str:
        """Where its approval is written, beside the configuration, unless the entry says so."""
        if self.document is None:
            return approval_path(self.digest)
        name = _NO_NAME.sub("-", self.name).strip("-.")
        return self.approval or f"{APPROVALS}/{name}.dsse.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed approval: the label of its key, whether it is proof already, and every file that changes."""

    label: str
    proof: Proof
    path: str
    texts: Mapping[str, str]


def find_approvable(configuration: Configuration, name: str) -> Approvable:
    """Find what a person names: the id of a waiver, the `what` of a `loosens` entry, or a digest; raises GateError."""
    if DIGEST.fullmatch(name):
        return Approvable(name=name, digest=name, owner="", words=("the change of policy of this digest",), approval="")
    known = {one.name: one for one in _approvables(configuration)}
    if name not in known:
        raise UsageError(Problem(f"there is no waiver and no loosening '{name}'", hint=nearest(name, known)))
    return known[name]


def _approvables(configuration: Configuration) -> Iterator[Approvable]:
    spec, config = configuration.spec, configuration.document
    for position, entry in enumerate(spec.loosens):
        yield Approvable(
            name=entry.what,
            digest=entry_digest(entry, spec),
            owner=entry.owner,
            words=(
                f"loosens {entry.what} to {permitted(entry, spec)!r}",
                f"until {entry.expires}",
                f"owner {entry.owner}",
                entry.reason,
            ),
            approval=entry.approval or "",
            document=config,
            pointer=f"/spec/loosens/{position}",
        )
    if spec.waivers is None:
        return
    for waiver in load_waivers(read_document(configuration.tree, configuration.beside(spec.waivers))):
        accepts = "" if waiver.accept is None else f" up to {waiver.accept}"
        yield Approvable(
            name=waiver.id,
            digest=waiver.digest,
            owner=waiver.owner,
            words=(
                f"waives {waiver.rule} of {waiver.release} for {waiver.subject}{accepts}",
                f"until {waiver.expires}",
                f"owner {waiver.owner}",
                waiver.reason,
            ),
            approval=waiver.approval,
            document=waiver.document,
            pointer=waiver.pointer,
        )


def approve(files: PolicyFiles, what: Approvable, private: PrivateKey, output: str, proposer: str) -> Signed:
    """Sign a digest with an approver's key; raises GateError where the signature would count for nothing.

    `output` is a path of the tree, "" for the usual one. A second approver's signature joins the first one's.
    """
    configuration = files.configuration
    trust = files.trust()
    if trust is None:
        hint = "name one under spec: `trust: trust.yaml`, with the public keys of the approvers"
        raise UsageError(Problem("the configuration names no trust file, so that no key may approve", hint=hint))
    today = date.fromisoformat(files.today)
    owner = what.owner or proposer
    key = _held_key(trust, private, owner, today)
    path = output or configuration.beside(what.usual_path)
    check_path(path)
    envelope = _joined(configuration, path, sign_approval(what.digest, [private]))
    proof = prove_approval(envelope.encode(), what.digest, trust, today, proposer=owner)
    texts = {path: envelope, **dict(_entry_text(configuration, what, path))}
    return Signed(label=key.label, proof=proof, path=path, texts=texts)


def _held_key(trust: Trust, private: PrivateKey, owner: str, today: date) -> TrustedKey:
    """The trusted key of a private one, where it may approve what somebody else proposes; raises UsageError."""
    digest = public_half(private).digest
    key = next((one for one in trust.keys if one.public.digest == digest), None)
    if key is None:
        raise UsageError(Problem(f"this key is none of {trust.path}, so that it counts for nothing", hint=digest))
    if APPROVER not in key.roles:
        raise UsageError(f"key {key.label} of {trust.path} has the role {', '.join(key.roles)}, not {APPROVER}")
    held = standing(key, today, today, trust.clock_skew)
    if held is not Standing.GOOD:
        raise UsageError(f"key {key.label} of {trust.path} is {held.value}, so that it counts for nothing")
    if owner and (same_person(key.label, owner) or same_person(digest, owner)):
        raise UsageError(f"key {key.label} belongs to the owner, {owner}: who proposes cannot approve")
    return key


def _joined(configuration: Configuration, path: str, signed: bytes) -> str:
    """The envelope with the signatures that are there already; raises UsageError for an approval of something else."""
    if not configuration.tree.exists(path):
        return signed.decode()
    content = configuration.tree.read(path, MAX_APPROVAL_BYTES)
    mine = json.loads(signed)
    try:
        found = load_json(content, path).root
    except GateError:
        found = None
    if not isinstance(found, dict) or {**found, "signatures": None} != {**mine, "signatures": None}:
        raise UsageError(Problem("is there already, and approves something else; remove it first", path))
    signatures = found.get("signatures")
    others = signatures if isinstance(signatures, list) else []
    ids = {one["keyid"] for one in mine["signatures"]}
    kept = [one for one in others if not (isinstance(one, dict) and one.get("keyid") in ids)]
    return json.dumps({**mine, "signatures": [*kept, *mine["signatures"]]}, sort_keys=True, indent=2) + "\n"


def _entry_text(configuration: Configuration, what: Approvable, path: str) -> Iterator[tuple[str, str]]:
    """The file of the entry with the path of the approval, where the entry does not say it yet."""
    document = what.document
    if document is None:
        return
    if what.approval and configuration.beside(what.approval) == path:
        return
    if what.approval:
        hint = f"it says approval: {what.approval}; leave --output out"
        raise UsageError(Problem(f"{what.name} would not find its approval there", path, hint=hint))
    folder = configuration.beside("x").removesuffix("x")
    if not path.startswith(folder):
        raise UsageError(Problem("lies not below the folder of the configuration, so that no entry can name it", path))
    text = insert_key(document, what.pointer, "approval", path.removeprefix(folder))
    _hold_digest(configuration, document, text, what)
    yield document.path, text


def _hold_digest(configuration: Configuration, document: Document, text: str, what: Approvable) -> None:
    """What is written loads, and still has the digest that was signed."""
    from policy_gate.document import load

    after = load(text.encode(), document.path, document.limits)
    config = configuration.document
    if config is not None and document.path == config.path:
        spec, _ = load_config(text.encode(), document.path)
        digests = [entry_digest(one, spec) for one in spec.loosens]
    else:
        digests = [one.digest for one in load_waivers(after)]
    if what.digest not in digests:
        raise GateError(f"{document.path}: the path of the approval cannot be added to {what.name}; add it by hand")
