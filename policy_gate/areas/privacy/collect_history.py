"""Compares phases with what an accountant counted while they were trained: noise, rate and steps, and nothing more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from policy_gate.area import not_declared, not_established
from policy_gate.areas.privacy.accountant_history import MAX_STEPS, AccountantHistory, AccountedRun, read_history
from policy_gate.areas.privacy.facts import PhaseEvidence
from policy_gate.areas.privacy.training_files import TrainingFiles, shown
from policy_gate.errors import EvidenceError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import Basis, Missing, Subject

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims_phases import DpSgdPhase, EvidenceFile, GaussianPhase, Phase
    from policy_gate.document import Document

RATE_TOLERANCE = 1e-6
"""Relative: a file holds the rate as a double, the manifest as a quotient; batches of another number differ by more."""

WITH_HISTORY = ("dp-sgd", "gaussian")
"""Mechanisms that are known by noise, rate and steps."""


def confirmed_by_history(phase: Phase) -> tuple[str, ...]:
    """The parameters of a phase that a history can confirm, by the name an evidence map calls them."""
    if phase.mechanism not in WITH_HISTORY:
        return ()
    sampling = getattr(phase, "sampling", None)
    length = "epochs" if getattr(phase, "steps", None) is None else "steps"
    if sampling is None:
        return "noise_multiplier", length
    return "noise_multiplier", length, "sampling.batch_size" if sampling.rate is None else "sampling.rate"


@dataclass(frozen=True, slots=True)
class StatedRun:
    """What a phase says an accountant has to have counted."""

    noise_multiplier: float
    rate: float
    steps: int


@dataclass(frozen=True, slots=True)
class _Shared:
    """A history with what each phase that names it states, and with the run that comes nearest to that."""

    document: Document
    history: AccountantHistory
    stated: Mapping[str, StatedRun]
    nearest: Mapping[str, AccountedRun]
    signers: tuple[str, ...]


class Histories:
    """Histories that the phases of one manifest name, each held against all phases that name it."""

    def __init__(self, files: TrainingFiles, phases: Sequence[Phase]) -> None:
        """Nothing is read yet."""
        self._files = files
        self._naming: dict[tuple[str, ...], dict[str, Phase]] = {}
        self._shared: dict[tuple[str, ...], _Shared | EvidenceError] = {}
        for phase in phases:
            for source in phase.evidence:
                if source.history is not None and phase.mechanism in WITH_HISTORY:
                    self._naming.setdefault(_key(source), {})[phase.id] = phase

    def compare(
        self, source: EvidenceFile, phase: Phase, pointer: str, source_pointer: str
    ) -> Iterator[PhaseEvidence | Missing]:
        """One entry per parameter; with the first phase, also one for each run of the history that no phase states."""
        subject = Subject("phase", (phase.id,))
        if phase.mechanism not in WITH_HISTORY:
            what = f"an accountant's history confirms phases of {' and '.join(WITH_HISTORY)}, not of {phase.mechanism}"
            yield not_declared(PhaseEvidence, f"{source_pointer}/history", what, subject)
            return
        key = _key(source)
        is_first = key not in self._shared
        shared = self._shared.setdefault(key, self._read(source)) if is_first else self._shared[key]
        if isinstance(shared, EvidenceError):
            yield not_established(PhaseEvidence, subject, f"{source_pointer}/history", shared)
            return
        yield from _compared(shared, phase, pointer)
        if is_first:
            claimed = set(shared.nearest.values())
            runs = (run for run in shared.history.runs if run not in claimed)
            yield from (_stated_by_none(shared, run, subject, f"{source_pointer}/history") for run in runs)

    def _read(self, source: EvidenceFile) -> _Shared | EvidenceError:
        try:
            document = self._files.load(source)
            history = read_history(document, source.history or "")
            stated = {name: stated_run(phase) for name, phase in self._naming[_key(source)].items()}
            nearest = {name: _nearest(one, history) for name, one in stated.items()}
            return _Shared(document, history, stated, nearest, self._files.signers(source))
        except EvidenceError as error:
            return error


def _key(source: EvidenceFile) -> tuple[str, ...]:
    return source.file, source.commit or "", source.history or ""


def stated_run(phase: Phase) -> StatedRun:
    """Noise, rate and steps of a phase; raises EvidenceError where they do not follow from what it states."""
    from policy_gate.areas.privacy.accounting.batches import rate_of, steps_of  # only a phase with a history pays

    known: DpSgdPhase | GaussianPhase = phase  # type: ignore[assignment]  # its mechanism is one of WITH_HISTORY
    sampling = known.sampling
    if sampling is None or sampling.scheme == "full-batch":
        steps = known.steps if known.steps is not None else math.ceil(known.epochs or 0)
        return StatedRun(known.noise_multiplier, 1.0, steps)
    steps = steps_of(known, sampling, "")
    if steps > MAX_STEPS:
        raise EvidenceError(Reason.TOO_LARGE, f"the phase has more than {MAX_STEPS} steps")
    return StatedRun(known.noise_multiplier, float(rate_of(sampling, "")), steps)


def _same_rate(found: float, stated: float) -> bool:
    return abs(found - stated) <= RATE_TOLERANCE * stated


def _nearest(stated: StatedRun, history: AccountantHistory) -> AccountedRun:
    """The run of the same noise and rate, else one of the same noise, else any: the difference is shown."""
    return min(
        history.runs,
        key=lambda run: (run.noise_multiplier != stated.noise_multiplier, not _same_rate(run.rate, stated.rate)),
    )


def _compared(shared: _Shared, phase: Phase, pointer: str) -> Iterator[PhaseEvidence]:
    own, run, subject = shared.stated[phase.id], shared.nearest[phase.id], Subject("phase", (phase.id,))
    places = confirmed_by_history(phase)
    same_noise = own.noise_multiplier == run.noise_multiplier
    noise = _Compared(places[0], shown(own.noise_multiplier), shown(run.noise_multiplier), same_noise)
    yield _fact(shared, run, subject, f"{pointer}/{places[0]}", noise)
    together = [name for name, other in shared.nearest.items() if other == run]
    steps = sum(shared.stated[name].steps for name in together)
    claimed = f"{own.steps} steps{f', {steps} with other phases,' if len(together) > 1 else ''}"
    length = _Compared(places[1], claimed, f"{run.steps} steps", steps == run.steps)
    yield _fact(shared, run, subject, f"{pointer}/{places[1]}", length)
    sampling = getattr(phase, "sampling", None)
    at = "sampling" if sampling is None or None is sampling.rate is sampling.batch_size else places[2]
    rate = _Compared(at, shown(own.rate), shown(run.rate), _same_rate(run.rate, own.rate))
    yield _fact(shared, run, subject, f"{pointer}/{at.replace('.', '/')}" if sampling is not None else pointer, rate)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One parameter as claimed and as found."""

    parameter: str
    claimed: str
    found: str
    agrees: bool


def _stated_by_none(shared: _Shared, run: AccountedRun, subject: Subject, pointer: str) -> PhaseEvidence:
    """What an accountant counted and no phase states was spent all the same."""
    counted = f"{run.steps} steps at noise {shown(run.noise_multiplier)} and rate {shown(run.rate)}"
    return _fact(shared, run, subject, pointer, _Compared("what was counted", "stated by no phase", counted, False))


def _fact(shared: _Shared, run: AccountedRun, subject: Subject, pointer: str, compared: _Compared) -> PhaseEvidence:
    return PhaseEvidence(
        subject=subject,
        pointer=pointer,
        basis=Basis.ATTESTED if shared.signers else Basis.DECLARED,
        parameter=compared.parameter,
        claimed=compared.claimed,
        found=compared.found,
        file=shared.document.path,
        line=shared.document.span(run.locator).line,
        locator=run.locator,
        agrees=compared.agrees,
        attested_by=shared.signers,
    )
