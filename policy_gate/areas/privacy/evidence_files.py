"""Compares the parameters of a phase with the files of its training: configurations, and accountants' histories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.collect_history import Histories, confirmed_by_history
from policy_gate.areas.privacy.facts import PhaseEvidence
from policy_gate.areas.privacy.training_files import TrainingFiles, shown
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import Basis, Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_phases import Phase
    from policy_gate.document import Document, Value

_NUMBER = re.compile(r"[0-9.eE+-]{1,24}|(?i:nan|inf(?:inity)?|true|false|yes|no|null)")
_WORDS = re.compile(r"[A-Za-z]+(?:[-_ ][A-Za-z]+){0,3}")
_ELSEWHERE = "sampling.dataset_size"
"""All other parameters enter the accounting unseen; this one is compared with the lineage, and here where mapped."""


def stated_parameters(phase: Phase) -> dict[str, str | int | float]:
    """The parameters a phase states, by the name an evidence map calls them."""
    from policy_gate.areas.privacy.claims_phases import Parameter  # pydantic is loaded by now

    stated: dict[str, str | int | float] = {}
    for parameter in get_args(Parameter):
        owner, _, key = parameter.rpartition(".")
        claimed = getattr(getattr(phase, owner, None) if owner else phase, key, None)
        if claimed is not None:
            stated[parameter] = claimed
    return stated


def evidence_files(evidence: Evidence) -> Iterator[Fact | Missing]:
    """One entry per mapped parameter, and one for each that no file confirms."""
    claims = claims_of(evidence, PhaseEvidence)
    if isinstance(claims, tuple):
        yield from claims
        return
    if not claims.phases:
        yield not_declared(PhaseEvidence, "/privacy/phases", "the manifest lists no phase that used private data")
    files = TrainingFiles(evidence)
    histories = Histories(files, claims.phases)
    for position, phase in enumerate(claims.phases):
        yield from _of_phase(files, histories, phase, f"/privacy/phases/{position}")


def _of_phase(files: TrainingFiles, histories: Histories, phase: Phase, pointer: str) -> Iterator[Fact | Missing]:
    subject, stated = Subject("phase", (phase.id,)), stated_parameters(phase)
    mapped: set[str] = set()
    for position, source in enumerate(phase.evidence):
        source_pointer = f"{pointer}/evidence/{position}"
        if source.history is not None:
            mapped.update(confirmed_by_history(phase))
            yield from histories.compare(source, phase, pointer, source_pointer)
            continue
        mapped.update(source.map or ())
        try:
            read = _Read(files.load(source), files.signers(source), subject)
        except EvidenceError as error:
            yield not_established(PhaseEvidence, subject, f"{source_pointer}/file", error)
            continue
        for parameter, locator in (source.map or {}).items():
            if parameter not in stated:
                what = f"the phase states no {parameter} for {source.file} to confirm"
                yield not_declared(PhaseEvidence, f"{source_pointer}/map", what, subject)
            elif not read.document.has(locator):
                what = f"{source.file} has no value at {locator}, where {parameter} should be"
                yield not_declared(PhaseEvidence, f"{source_pointer}/map", what, subject)
            else:
                yield _compared(read, _Mapping(parameter, stated[parameter], locator), pointer)
    for unmapped in stated:
        if unmapped != _ELSEWHERE and unmapped not in mapped:
            yield _unconfirmed(unmapped, subject, f"{pointer}/{unmapped.replace('.', '/')}")


@dataclass(frozen=True, slots=True)
class _Read:
    """An evidence file, who attests it, and the phase it is about."""

    document: Document
    signers: tuple[str, ...]
    subject: Subject


@dataclass(frozen=True, slots=True)
class _Mapping:
    """One parameter, what the manifest claims of it, and the pointer to it in the evidence file."""

    parameter: str
    claimed: str | float
    locator: str


def _compared(read: _Read, mapping: _Mapping, pointer: str) -> PhaseEvidence:
    found = read.document.get(mapping.locator)
    return PhaseEvidence(
        subject=read.subject,
        pointer=f"{pointer}/{mapping.parameter.replace('.', '/')}",
        basis=Basis.ATTESTED if read.signers else Basis.DECLARED,
        parameter=mapping.parameter,
        claimed=shown(mapping.claimed),
        found=_shown_found(mapping.claimed, found),
        file=read.document.path,
        line=read.document.span(mapping.locator).line,
        locator=mapping.locator,
        agrees=_agree(mapping.claimed, found),
        attested_by=read.signers,
    )


def _shown_found(claimed: str | float, found: Value) -> str:
    """What stands in the file; a text only where it may be the parameter: the pointer may lead to a person's record."""
    if not isinstance(found, str):
        return shown(found)
    pattern = _WORDS if isinstance(claimed, str) else _NUMBER
    return shown(found) if pattern.fullmatch(found) else f"a text of {len(found)} characters"


def _unconfirmed(parameter: str, subject: Subject, pointer: str) -> Missing:
    return not_declared(
        PhaseEvidence,
        pointer,
        f"no evidence file confirms {parameter}: it is only declared",
        subject,
        f"map `{parameter}` to the training configuration under `evidence`",
    )


def _agree(claimed: str | float, found: Value) -> bool:
    """Numbers by value (512 and 512.0 agree), texts exactly; a bool is neither."""
    if isinstance(claimed, str) or isinstance(found, bool) or not isinstance(found, (int, float)):
        return isinstance(found, str) and isinstance(claimed, str) and claimed == found
    return claimed == found
