"""Records for the golden reports: real documents and rules, judged by the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from policy_gate.area import Check, FactBook
from policy_gate.catalogue import BoundRule
from policy_gate.document import load
from policy_gate.engine import Base, BaseState, Setting, evaluate, fold
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import (
    Answer,
    Fact,
    Fix,
    Missing,
    Mode,
    Outcome,
    Record,
    ReleaseIdentity,
    Severity,
    Stage,
    Subject,
)
from policy_gate.policy.loading import PolicyRule, place_of
from policy_gate.policy.pack import Rule
from policy_gate.report.text import Style, render_text

MANIFEST = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws-en, version: "1.4.0", sequence: 41}
artifacts:
  - id: kws
    path: model/kws.onnx
    size: 100351
    digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111"
targets:
  - {id: node-v2, runs: [kws], dimensions: {N: 1}}
"""

PACK = load(
    b"spec:\n  rules:\n    - id: COST-002\n      check:\n        cost.macs_within:\n          max_macs: 2000000\n",
    "builtin:cost.yaml",
)
KWS = Subject("artifact", ("kws",))
ON_NODE = Subject("target", ("node-v2", "kws"))
A, B = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(Fact):
    """A fact that carries the answer its check gives, so that a test says exactly what is rendered."""

    name: ClassVar[str] = "golden.spoken"
    answers: ClassVar[dict[str, Answer]] = {}
    key: str


def rule(
    rule_id: str,
    title: str,
    *,
    severity=Severity.HIGH,
    mode=Mode.ENFORCE,
    limited: bool = False,
    against_base: bool = False,
) -> BoundRule:
    area = {"COST": "cost", "FPR": "fingerprint", "LIN": "lineage", "REL": "release"}[rule_id.partition("-")[0]]
    written = Rule(
        id=rule_id,
        title=title,
        severity=severity,
        mode=mode,
        check=f"{area}.spoken",
        rationale="because",
        remediation="mend it",
    )
    chosen = PolicyRule(rule=written, mode=mode, limits={}, document=PACK, pointer="/spec/rules/0")
    place = place_of(PACK, "/spec/rules/0/check/cost.macs_within/max_macs", "policy") if limited else None
    check = Check(function=answered, judges=Spoken, against_base=against_base)
    return BoundRule(policy_rule=chosen, check=check, limits=None, limit_place=place)


def answered(fact: Spoken, base: Spoken | None = None) -> Answer:
    return Spoken.answers[fact.key]


def crashed(fact: Spoken) -> Answer:
    raise KeyError(fact.key)


def spoken(answer: Answer, pointer: str, subject: Subject = KWS) -> Spoken:
    key = f"{pointer} {subject} {answer.message}"
    Spoken.answers[key] = answer
    return Spoken(subject=subject, pointer=pointer, key=key)


def missing(reason: Reason, detail: str, pointer: str, *fixes: Fix, subject: Subject = KWS) -> Missing:
    return Missing(fact=Spoken.name, subject=subject, pointer=pointer, reason=reason, detail=detail, fixes=fixes)


def passed(message: str = "as stated", pointer: str = "/artifacts/0/digest", subject: Subject = KWS) -> Spoken:
    return spoken(Answer(outcome=Outcome.PASS, message=message), pointer, subject)


def release(name: str = "kws-en", version: str = "1.4.0", sequence: int = 41, source: str = "head") -> ReleaseIdentity:
    return ReleaseIdentity(
        name=name, version=version, sequence=sequence, manifest_digest=A, path="release.yaml", source=source
    )


NO_BASE = Base(state=BaseState.NO_BASE)


def judged(*pairs, manifest: str = MANIFEST, base: Base = NO_BASE, identity=None, limits=(), **changes) -> Record:
    """One record of (rule, entries) pairs: each rule sees its own entries, as if each judged a type of its own."""
    document = load(manifest.encode(), "release.yaml")
    setting = Setting(
        claims=document.root,
        locate=lambda pointer: place_of(document, pointer, (identity or release()).source),
        release=identity or release(),
        stage=Stage.CANDIDATE,
        today="2026-11-23",
        tool_version="0.1.0",
        policy_names=("builtin:edge-baseline",),
        policy_source="head",
        bootstrap=False,
        inputs=(),
        limits=limits,
    )
    records = [evaluate((one,), FactBook(entries), base, replace(setting, **changes)) for one, entries in pairs]
    judgements = sorted(
        (judgement for record in records for judgement in record.judgements),
        key=lambda one: (one.rule, one.subject, one.place.pointer),
    )
    blocked = fold(judgements)
    return replace(records[0], judgements=tuple(judgements), verdict=blocked, limits=limits)


def rendered(record: Record, manifest: str = MANIFEST, *, colour: bool = False, show_passed: bool = False) -> str:
    document = load(manifest.encode(), "release.yaml")
    return render_text(
        record, lambda place: document.line_text(place.line), Style(colour=colour), show_passed=show_passed
    )


def too_many_macs() -> Answer:
    return Answer(
        outcome=Outcome.FAIL,
        message="kws takes more multiply-accumulates than the target may spend",
        measured=2_656_768,
        limit=2_000_000,
        base=1_900_000,
        unit="MAC",
        causes=("Conv /stem takes 1,254,400 MAC (47%)", "MatMul /classifier takes 768 MAC"),
        fixes=(Fix(text="make the layer narrower, or raise `max_macs` in the base configuration"),),
    )


def wrong_digest() -> Answer:
    return Answer(
        outcome=Outcome.FAIL,
        message="model/kws.onnx is not the file the manifest states",
        measured=B,
        limit=A,
        fixes=(
            Fix(text="restore model/kws.onnx if it was changed by mistake"),
            Fix(text="let `policy-gate fix` write the computed digest", pointer="/artifacts/0/digest", replacement=B),
        ),
    )


DIGESTS = rule("FPR-001", "Every artifact has the digest the manifest states", severity=Severity.CRITICAL)
MACS = rule("COST-002", "Multiply-accumulates stay within the budget", limited=True)
GROWTH = rule("COST-003", "Multiply-accumulates do not grow", against_base=True)
LICENCE = rule("LIN-020", "The release states its licence", mode=Mode.WARN, severity=Severity.LOW)
CLOSED = rule("FPR-003", "The folder that ships holds no unlisted file")
