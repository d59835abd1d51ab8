"""Lines of a ledger for tests: one honest release, changed in one place, linked to the one before."""

from __future__ import annotations

from policy_gate.areas.privacy.ledger.chain import Line, append, previous_of, read_ledger
from policy_gate.areas.privacy.ledger.entry import FIRST, LedgerEntry

PATH = "privacy/ledger.jsonl"


def sha(letter: str) -> str:
    return f"sha256:{letter * 64}"


def phase(**changes: object) -> dict:
    """Poisson, noise 1.2, 32 of 400, 90 steps: 4.89 at delta 1e-6."""
    whole = {
        "id": "train",
        "mechanism": "dp-sgd",
        "noise_multiplier": 1.2,
        "clip_norm": 1.0,
        "microbatch": 1,
        "steps": 90,
        "sampling": {"scheme": "poisson", "batch_size": 32, "dataset_size": 400},
    }
    return {key: one for key, one in {**whole, **changes}.items() if one is not None}


def entry(sequence: int = 1, day: str = "2026-01-10", **changes: object) -> LedgerEntry:
    """One release about the data set of digest a…a; its artifact has a digest of its own for each sequence."""
    name = str(changes.pop("name", "kws"))
    people = {"id": "kws-users", "size": 400, "datasets": [sha("a")], **changes.pop("population", {})}  # type: ignore[dict-item]  # a dict by the tests' own hand
    return LedgerEntry.model_validate(
        {
            "apiVersion": "policy-gate/v1alpha1",
            "kind": "LedgerEntry",
            "release": {"name": name, "sequence": sequence, "manifest": f"sha256:{sequence:064x}"},
            "date": day,
            "population": people,
            "unit": {"kind": "user", "max_records_per_unit": 1},
            "adjacency": "add-or-remove-one",
            "claim": {"epsilon": 4.9, "delta": 1e-6},
            "tuning": {"data": "public", "trials": 0},
            "phases": [phase()],
            "artifacts": [f"sha256:{sequence:064x}"],
            "previous": FIRST,
            **changes,
        }
    )


def book(*entries: LedgerEntry) -> bytes:
    """The bytes of a ledger of these releases, each linked to the one before."""
    content = b""
    for one in entries:
        content = append(content, one.model_copy(update={"previous": previous_of(content)}))
    return content


def lines(*entries: LedgerEntry, path: str = PATH) -> tuple[Line, ...]:
    return read_ledger(book(*entries), path)
