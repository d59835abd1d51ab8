"""Plans the ledger's line of one release: after the lines that landed, in place of an own line that did not."""

from __future__ import annotations

from collections.abc import Iterator

from policy_gate.area import Evidence, LedgerFile
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.ledger.chain import Line, append, edited_line, previous_of, read_ledger, split_lines
from policy_gate.areas.privacy.ledger.entry import LedgerEntry, read_line
from policy_gate.areas.privacy.ledger.own import own_entry
from policy_gate.errors import EvidenceError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.gate import Request
from policy_gate.spending.looking import open_evidence
from policy_gate.spending.manifests import claims_in
from policy_gate.spending.verifying import base_ledger

AGAIN = "Commit it with the manifest; after any other change of the manifest, append again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole text of the ledger with the release's line, "" where nothing is to be written; `words` say it."""

    path: str
    text: str
    words: tuple[str, ...]


def plan_append(request: Request) -> Plan:
    """Plan the line of the one manifest of a request; raises GateError where there can be none.

    Lines of the base (HEAD, where the request names none) stay as they are: UsageError where the file is not those and
    more, where a line is broken, and where the base has a line of this release with another manifest.
    """
    base, revision = base_ledger(request)
    with open_evidence(request, PersonalDataset) as (evidence, _):
        claims_in(evidence)
        here = evidence.trusted.ledger
        own = _own(evidence)
    if here.fault:
        raise UsageError(Problem(here.fault, here.path))
    landed = _landed(base, here, own, revision)
    if landed is not None:
        words = f"{here.path}: line {landed.number} of {revision} already says so of {own.words}; nothing to write"
        return Plan(path=here.path, text="", words=(words,))
    return _planned(base, here, own)


def _own(evidence: Evidence) -> LedgerEntry:
    try:
        return own_entry(evidence, evidence.today.isoformat())
    except EvidenceError as error:
        message = f"no line can be written: {error.reason.value}: {error.detail}"
        raise UsageError(Problem(message, evidence.manifest.path, hint=error.fix)) from error


def _landed(base: LedgerFile, here: LedgerFile, own: LedgerEntry, revision: str) -> Line | None:
    """The line that the base already has of this release; UsageError where the ledger cannot be extended."""
    if base.content and base.path != here.path:
        raise UsageError(Problem(f"{revision} keeps its ledger at {base.path}; set `spec.ledger` back", here.path))
    edited = edited_line(base.content, here.content)
    if edited is not None:
        hint = f"Take that file first: git checkout {revision} -- {here.path}"
        raise UsageError(Problem(f"{edited.message} ({revision})", here.path, edited.number, hint=hint))
    for line in read_ledger(base.content, base.path):
        if line.entry.identity == own.identity:
            if line.entry.release == own.release:
                return line
            message = f"{revision} has a line of {own.words} with another manifest"
            hint = "Raise metadata.sequence; a line that has not landed is replaced beyond --base, as in origin/main."
            raise UsageError(Problem(message, here.path, line.number, hint=hint))
    return None


def _planned(base: LedgerFile, here: LedgerFile, own: LedgerEntry) -> Plan:
    """The base's lines, those of other releases that follow it here, linked again, and then the release's own."""
    new = list(_new(base, here))
    content = base.content
    for entry in (*(one for one in new if one.identity != own.identity), own):
        content = append(content, entry.model_copy(update={"previous": previous_of(content)}))
    number = content.count(b"\n")
    if content == here.content:
        words = f"{here.path}: line {number} already says so of {own.words}; nothing to write"
        return Plan(path=here.path, text="", words=(words,))
    read_ledger(content, here.path)
    replaced = any(one.identity == own.identity for one in new)
    what = "replaced by" if replaced else "added"
    words = f"{here.path}: {what} line {number}: {own.words} about {own.population.id}, {own.date}"
    return Plan(path=here.path, text=content.decode(), words=(words, AGAIN))


def _new(base: LedgerFile, here: LedgerFile) -> Iterator[LedgerEntry]:
    """What the lines say that the base does not have; how they are linked does not matter yet."""
    start = len(split_lines(base.content, base.path))
    for number, raw in enumerate(split_lines(here.content, here.path)[start:], start + 1):
        yield read_line(raw, here.path, number)
