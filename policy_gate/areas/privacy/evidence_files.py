"""Compares the parameters of a phase with the training configuration in the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.privacy.collect import claims_of
from policy_gate.areas.privacy.facts import PhaseEvidence
from policy_gate.areas.privacy.training_files import TrainingFiles
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass
from policy_gate.model import Fact, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_phases import Phase
    from policy_gate.document import Document, Value

_SHOWN_CHARS = 40
_PARAMETERS = (
    "noise_multiplier",
    "microbatch",
    "clip_norm",
    "steps",
    "epochs",
    "rho",
    "keep_probability",
    "categories",
    "sampling.scheme",
    "sampling.batch_size",
    "sampling.dataset_size",
    "sampling.rate",
)
_NEED_EVIDENCE = frozenset(_PARAMETERS) - {"sampling.dataset_size"}
"""All that enters the accounting; the data set size is compared with the lineage, and here where it is mapped."""


def stated_parameters(phase: Phase) -> dict[str, str | int | float]:
    """The parameters a phase states, by the name an evidence map calls them."""
    stated: dict[str, str | int | float] = {}
    for parameter in _PARAMETERS:
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
    for position, phase in enumerate(claims.phases):
        yield from _of_phase(files, phase, f"/privacy/phases/{position}")


def _of_phase(files: TrainingFiles, phase: Phase, pointer: str) -> Iterator[Fact | Missing]:
    subject, stated = Subject("phase", (phase.id,)), stated_parameters(phase)
    mapped: set[str] = set()
    for position, source in enumerate(phase.evidence):
        mapped.update(source.map)
        source_pointer = f"{pointer}/evidence/{position}"
        try:
            document = files.load(source.file)
        except EvidenceError as error:
            yield not_established(PhaseEvidence, subject, f"{source_pointer}/file", error)
            continue
        for parameter, locator in source.map.items():
            place = f"{pointer}/{parameter.replace('.', '/')}"
            if parameter not in stated:
                what = f"the phase states no {parameter} for {source.file} to confirm"
                yield not_declared(PhaseEvidence, f"{source_pointer}/map", what, subject)
            elif not document.has(locator):
                what = f"{source.file} has no value at {locator}, where {parameter} should be"
                yield not_declared(PhaseEvidence, f"{source_pointer}/map", what, subject)
            else:
                mapping = _Mapping(parameter, stated[parameter], locator)
                yield _compared(document, mapping, subject, place)
    for unmapped in stated:
        if unmapped in _NEED_EVIDENCE and unmapped not in mapped:
            yield _unconfirmed(unmapped, subject, f"{pointer}/{unmapped.replace('.', '/')}")


@dataclass(frozen=True, slots=True)
class _Mapping:
    """One parameter, what the manifest claims of it, and the pointer to it in the evidence file."""

    parameter: str
    claimed: str | float
    locator: str


def _compared(document: Document, mapping: _Mapping, subject: Subject, pointer: str) -> PhaseEvidence:
    found = document.get(mapping.locator)
    return PhaseEvidence(
        subject=subject,
        pointer=pointer,
        parameter=mapping.parameter,
        claimed=_shown(mapping.claimed),
        found=_shown(found),
        file=document.path,
        line=document.span(mapping.locator).line,
        locator=mapping.locator,
        agrees=_agree(mapping.claimed, found),
    )


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


def _shown(value: Value) -> str:
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = f"{value:.12g}" if isinstance(value, float) else ascii(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}..."
