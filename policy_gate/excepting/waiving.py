"""Plans a waiver for one finding: its entry, the text of the file that holds it, and the key that names that file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from policy_gate.document import Document, insert_key, load
from policy_gate.errors import Problem, UsageError
from policy_gate.excepting.choosing import Chosen
from policy_gate.excepting.findings import Findings
from policy_gate.excepting.listing import waiver_states
from policy_gate.frozen import dataclass
from policy_gate.gate import read_document
from policy_gate.gate.exempting import read_exceptions
from policy_gate.model import Judgement
from policy_gate.policy.exceptions import Approval, Proven, is_number, read_day
from policy_gate.policy.loading import load_config
from policy_gate.policy.waiver_draft import HEADER, Wish, append_waiver, draft_waiver, next_waiver_id
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.policy.waivers import Circumstances, Waiver, artifacts_named, decide, number_running
from policy_gate.source import check_path

WAIVER_FILE = "waivers.yaml"
APPROVALS = "approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks for beside the finding; optional text is "" where they say nothing."""

    until: str
    owner: str
    approved_by: tuple[str, ...]
    reason: str
    reference: str = ""
    versions: str = ""
    accept: float | None = None
    bind_artifact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A waiver that would cover its finding, and the whole text of every file that changes, by path of the tree."""

    waiver: Waiver
    chosen: Chosen
    circumstances: Circumstances
    texts: Mapping[str, str]
    already: tuple[str, ...]
    """Ids of the waivers that cover the finding today as well."""

    @property
    def is_open(self) -> bool:
        """Whether it accepts whatever the finding says by then, though it could be held to today's bytes."""
        named = artifacts_named(self.chosen.judgements[0].subject)
        return (
            self.waiver.accept is None
            and not self.waiver.found
            and not self.waiver.artifact
            and any(map(self.circumstances.artifacts.get, named))
        )


def plan_waiver(findings: Findings, chosen: Chosen, asked: Asked) -> Plan:
    """Draft the entry and put it where it belongs; raises GateError where it would not count, and writes nothing."""
    config = findings.configuration.document
    if config is None:
        hint = "`policy-gate init` drafts one"
        raise UsageError(Problem("there is no configuration that could name a file of waivers", hint=hint))
    circumstances = chosen.found.circumstances(findings.request)
    path, document = _waiver_file(findings)
    listed = load_waivers(document) if document is not None else ()
    _hold_days(asked.until, circumstances)
    wish = _wish(asked, chosen, circumstances, next_waiver_id(listed, findings.request.today))
    running = number_running((one for one in listed if one.release == circumstances.release.name), circumstances)
    worst = chosen.worst
    text = draft_waiver(_accepted(worst, asked.accept), wish, circumstances, already_running=running)
    (waiver,) = load_waivers(load(f"{HEADER}{text}".encode(), path))
    for judgement in chosen.judgements:
        decision = decide(waiver, judgement, Proven(by=wish.approved_by), circumstances, running=running + 1)
        if not decision.covers:
            raise UsageError(f"a waiver as wished would not cover this finding: {decision.message}")
    texts = {path: append_waiver(document, text, path)}
    if findings.configuration.spec.waivers is None:
        texts[config.path] = insert_key(config, "/spec", "waivers", WAIVER_FILE)
        load_config(texts[config.path].encode(), config.path)
    already = _covering(findings, chosen) if document is not None else ()
    return Plan(waiver=waiver, chosen=chosen, circumstances=circumstances, texts=texts, already=already)


def _covering(findings: Findings, chosen: Chosen) -> tuple[str, ...]:
    wanted = {one.finding_id for one in chosen.judgements}
    states = waiver_states(read_exceptions(findings.files("baseline")), chosen.found)
    return tuple(one.waiver for one in states if wanted & set(one.covers))


def _waiver_file(findings: Findings) -> tuple[str, Document | None]:
    """Path of the file that the configuration names, or will name, and the file where it is there."""
    configuration = findings.configuration
    named = configuration.spec.waivers
    path = configuration.beside(named or WAIVER_FILE)
    check_path(path)
    if not configuration.tree.exists(path):
        return path, None
    if named is None:
        hint = f"have `waivers: {WAIVER_FILE}` under spec reviewed: it puts every entry of that file in force"
        raise UsageError(Problem("is there already, and the configuration does not name it", path, hint=hint))
    return path, read_document(configuration.tree, path)


def _hold_days(until: str, circumstances: Circumstances) -> None:
    """Refuse a lifetime over the policy's, saying the last day that it allows."""
    try:
        days = (read_day(until) - circumstances.today).days
    except ValueError as error:
        raise UsageError(f"--until {error}: a day such as 2027-01-31 is wanted") from error
    most = circumstances.limits.waiver_days_max
    if days > most:
        last = circumstances.today + timedelta(days=most)
        hint = f"the last day that it allows is {last.isoformat()}"
        raise UsageError(Problem(f"--until {until} is {days} days from today, and the policy allows {most}", hint=hint))


def _wish(asked: Asked, chosen: Chosen, circumstances: Circumstances, waiver_id: str) -> Wish:
    wants_proof = circumstances.limits.approval is Approval.PROVEN
    return Wish(
        id=waiver_id,
        owner=asked.owner,
        approved_by=asked.approved_by,
        reason=asked.reason,
        expires=asked.until,
        reference=asked.reference,
        versions=asked.versions,
        artifact=_artifact(chosen, circumstances) if asked.bind_artifact else "",
        approval=f"{APPROVALS}/{waiver_id}.dsse.json" if wants_proof else "",
    )


def _artifact(chosen: Chosen, circumstances: Circumstances) -> str:
    """Digest of the artifact that the subject names, or of the only one there is."""
    subject = chosen.judgements[0].subject
    named = artifacts_named(subject) or tuple(circumstances.artifacts)
    if len(named) != 1:
        what = f"--bind-artifact: {subject} names no artifact, and the release has {len(named)}"
        raise UsageError(f"{what} of known digest")
    digest = circumstances.artifacts.get(named[0], "")
    if not digest:
        hint = "a rule about digests, such as FPR-001, has to be part of the policy"
        raise UsageError(Problem(f"--bind-artifact: the digest of artifact {named[0]} is not known", hint=hint))
    return digest


def _accepted(judgement: Judgement, accept: float | None) -> Judgement:
    """The finding as far as it is accepted; the real one is held against the entry afterwards."""
    if accept is None:
        return judgement
    if not is_number(judgement.measured):
        raise UsageError("--accept: the finding measured no number, so that it is accepted as it is or not at all")
    return replace(judgement, measured=accept)
