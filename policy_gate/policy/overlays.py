"""Overlays: what configuration changes of packs. Tightening is free; loosening needs an approved, expiring entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from policy_gate.document import Document, problem
from policy_gate.errors import PolicyError
from policy_gate.frozen import dataclass
from policy_gate.policy.config import ConfigSpec, Loosens
from policy_gate.policy.exceptions import (
    Approval,
    Proof,
    Proven,
    WaiverLimits,
    is_plain_name,
    read_day,
    same_person,
    short,
)

EXPIRING_DAYS = 30

Proves = Callable[[str, str, str], Proof]
"""Given the digest of an entry, the path of its approval and who proposed it: whether a signature proves it."""


class Permission(StrEnum):
    """Whether a `loosens` entry is in force."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    NOT_APPROVED = "not approved"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """One `loosens` entry as it stands today; without force, the packs' own value holds."""

    what: str
    state: Permission
    detail: str
    days_left: int
    document: Document
    pointer: str


class Permissions:
    """The `loosens` entries of a configuration, and which of them something asked for."""

    def __init__(
        self, spec: ConfigSpec, document: Document | None, today: str, limits: WaiverLimits, proves: Proves
    ) -> None:
        """Take the entries of a configuration; `limits` say how long one may last, and whether proof is demanded."""
        self._spec = spec
        self._document = document
        self._today = date.fromisoformat(today)
        self._limits = limits
        self._proves = proves
        self._entries: dict[str, tuple[int, Loosens]] = {}
        self._used: set[str] = set()
        for position, entry in enumerate(spec.loosens):
            self._add(position, entry)

    def allow(self, what: str, change: str, pointer: str) -> bool:
        """Whether a loosening is in force; raises PolicyError where no entry speaks of it."""
        self._used.add(what)
        found = self._entries.get(what)
        if found is not None:
            return self._state(*found).state is Permission.IN_FORCE
        hint = (
            f"tightening is free; this needs an entry under `loosens` with what: {what}, owner, approved_by, "
            "reason and expires"
        )
        message = f"{change}, which loosens the policy"
        raise PolicyError(problem(self._document, pointer, message, hint) if self._document else message)

    def states(self) -> tuple[Loosening, ...]:
        """Every entry as it stands, in the order of the file; call it when all overlays were asked for."""
        return tuple(self._state(*found) for found in self._entries.values())

    def _add(self, position: int, entry: Loosens) -> None:
        pointer = f"/spec/loosens/{position}"
        if self._document is None:
            return
        if entry.what in self._entries:
            raise PolicyError(problem(self._document, f"{pointer}/what", f"'{entry.what}' is loosened twice"))
        if any(same_person(entry.owner, one) for one in entry.approved_by):
            message = "who proposes a loosening cannot approve it: the owner is among `approved_by`"
            raise PolicyError(problem(self._document, f"{pointer}/approved_by", message))
        for name in (entry.owner, *entry.approved_by):
            if not is_plain_name(name):
                where = f"{pointer}/{'owner' if name is entry.owner else 'approved_by'}"
                message = f"{short(name)!a} should be printable ASCII, such as an address"
                hint = "Two names that look alike must not be two people."
                raise PolicyError(problem(self._document, where, message, hint))
        self._entries[entry.what] = (position, entry)

    def _state(self, position: int, entry: Loosens) -> Loosening:
        days_left = self._days_left(entry.expires)
        if days_left is None:
            state, detail = Permission.EXPIRED, f"expires '{entry.expires}' is no day: it counts as expired"
        elif days_left < 0:
            state, detail = Permission.EXPIRED, f"expired on {entry.expires}"
        elif days_left > self._limits.waiver_days_max:
            most = self._limits.waiver_days_max
            state, detail = Permission.NOT_APPROVED, f"it ends in {days_left} days, and the policy allows {most}"
        elif missing := self._unproven(entry):
            state, detail = Permission.NOT_APPROVED, missing
        elif entry.what not in self._used:
            state, detail = Permission.UNUSED, "nothing is looser than the packs say: remove the entry"
        else:
            state, detail = Permission.IN_FORCE, f"until {entry.expires}, by {', '.join(entry.approved_by)}"
        document = self._document
        if document is None:
            raise PolicyError("a loosening without a configuration file")  # entries come from a file only
        return Loosening(
            what=entry.what,
            state=state,
            detail=detail,
            days_left=-1 if days_left is None else days_left,
            document=document,
            pointer=f"/spec/loosens/{position}",
        )

    def _days_left(self, expires: str) -> int | None:
        try:
            return (read_day(expires) - self._today).days
        except ValueError:
            return None

    def _unproven(self, entry: Loosens) -> str:
        if self._limits.approval is not Approval.PROVEN:
            return ""
        if entry.approval is None:
            return "the approval is typed, and the policy demands proof: name a signed one under `approval`"
        proof = self._proves(entry_digest(entry, self._spec), entry.approval, entry.owner)
        if not isinstance(proof, Proven):
            return proof.reason
        return "its only proof is by its owner" if any(same_person(entry.owner, key) for key in proof.by) else ""


def permitted(entry: Loosens, spec: ConfigSpec) -> object:
    """What an entry permits, as the configuration writes it: the parameter's value, or what it says of the rule."""
    kind, _, name = entry.what.partition(" ")
    if kind == "parameter":
        return spec.parameters.get(name)
    overlay = spec.rules.get(name)
    return None if overlay is None else overlay.model_dump(mode="json")


def entry_digest(entry: Loosens, spec: ConfigSpec) -> str:
    """The digest that an approval of an entry signs: all of it but the path of the approval, and what it permits.

    Without what it permits, a signature for a small value would hold for every other one.
    """
    import hashlib
    import json

    tree = {**entry.model_dump(mode="json", exclude={"approval"}), "permits": permitted(entry, spec)}
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
