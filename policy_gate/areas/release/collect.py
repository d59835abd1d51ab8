"""Collects what is known of the release itself from its manifest, the base's names and the tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.release.facts import (
    CertificationTerm,
    CreationTime,
    DanglingReference,
    DocumentDigest,
    ModelSurvey,
    ModelUse,
    References,
    ReleaseName,
    ReleaseState,
    RollbackPlan,
    SequenceFloor,
    TargetUse,
)
from policy_gate.areas.release.instants import end_of_day, read_instant
from policy_gate.areas.release.survey import survey_models
from policy_gate.errors import EvidenceError, Reason
from policy_gate.manifest import Manifest
from policy_gate.manifest.decode import nearest
from policy_gate.model import RELEASE, Fact, Fix, Missing, Subject

ABOUT_TARGETS = ("cost", "quality", "compatibility")

# Finding the nearest name compares with every known one, so it is done for few names and among few.
MAX_SUGGESTIONS = 5
MAX_COMPARED_NAMES = 1000


def state(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Sequence and digest of the manifest."""
    yield ReleaseState(
        subject=RELEASE,
        pointer="/metadata/sequence",
        sequence=evidence.manifest.metadata.sequence,
        manifest_digest=evidence.manifest.digest,
    )


def name(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The release's name beside those of the base."""
    release, history = evidence.manifest.metadata.name, evidence.history
    is_new = history.base_known and not history.name_at_path and release not in history.names
    yield ReleaseName(
        subject=RELEASE,
        pointer="/metadata/name",
        release=release,
        base_known=history.base_known,
        name_at_path=history.name_at_path,
        known_in_base=release in history.names,
        nearest_in_base=_nearest(release, tuple(sorted(set(history.names)))) if is_new else "",
    )


def _nearest(word: str, known: tuple[str, ...]) -> str:
    return nearest(word, known) if len(known) <= MAX_COMPARED_NAMES else ""


def creation_time(evidence: Evidence) -> Iterator[Fact | Missing]:
    """When the release says it was made."""
    created = evidence.manifest.metadata.created
    if created is None:
        yield not_declared(
            CreationTime,
            "/metadata/created",
            "the manifest does not say when the release was made",
            fix='add `created: "YYYY-MM-DDThh:mm:ssZ"` with the time of the build, in UTC',
        )
        return
    instant_ms = read_instant(created)
    yield CreationTime(
        subject=RELEASE,
        pointer="/metadata/created",
        created=created,
        well_formed=instant_ms is not None,
        created_ms=instant_ms or 0,
        end_of_today_ms=end_of_day(evidence.today),
        today=evidence.today.isoformat(),
    )


def use(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Which target runs what."""
    manifest = evidence.manifest
    if not manifest.targets:
        for kind in (ModelUse, TargetUse):
            yield not_declared(
                kind,
                "/targets",
                "the manifest names no target, so nothing says where its models run",
                fix="add `targets: [{id: NAME, runs: [ARTIFACT]}]`",
            )
        return
    by_content = {fact.subject for fact in evidence.facts.known(ModelFile)}
    models = {
        artifact.id
        for artifact in manifest.artifacts
        if artifact.role == "model" or Subject("artifact", (artifact.id,)) in by_content
    }
    for position, target in enumerate(manifest.targets):
        yield TargetUse(
            subject=Subject("target", (target.id,)),
            pointer=f"/targets/{position}/runs",
            models=tuple(artifact for artifact in target.runs if artifact in models),
            assets=tuple(artifact for artifact in target.runs if artifact not in models),
        )
    yield from _model_uses(evidence, models)


def _model_uses(evidence: Evidence, models: set[str]) -> Iterator[Fact | Missing]:
    """One fact per model; one missing fact when the release has none."""
    manifest = evidence.manifest
    run_by: dict[str, list[str]] = {}
    for target in manifest.targets:
        for artifact_id in dict.fromkeys(target.runs):
            run_by.setdefault(artifact_id, []).append(target.id)
    derivatives = _running_derivatives(manifest, run_by)
    for position, artifact in enumerate(manifest.artifacts):
        if artifact.id in models:
            yield ModelUse(
                subject=Subject("artifact", (artifact.id,)),
                pointer=f"/artifacts/{position}/id",
                targets=tuple(run_by.get(artifact.id, ())),
                derivative=derivatives.get(artifact.id, ""),
                stays_behind=_stays_behind(evidence, artifact.path),
            )
    if not models:
        yield not_declared(ModelUse, "/artifacts", "no artifact of the release is a model")


def _running_derivatives(manifest: Manifest, running: Iterable[str]) -> dict[str, str]:
    """For each artifact one that runs and was derived from it, over any number of steps; each step is walked once."""
    origin = {one.id: one.derived_from.artifact for one in manifest.artifacts if one.derived_from is not None}
    found: dict[str, str] = {}
    for artifact_id in running:
        ancestor = origin.get(artifact_id)
        while ancestor is not None and ancestor != artifact_id and ancestor not in found:
            found[ancestor] = artifact_id  # all that is behind a found one was found with it
            ancestor = origin.get(ancestor)
    return found


def _stays_behind(evidence: Evidence, path: str) -> bool:
    """Whether a file lies outside the folder that ships; what cannot be told is taken to ship."""
    bundle = evidence.manifest.bundle
    if bundle is None:
        return False
    try:
        return not evidence.tree_path(path).startswith(f"{evidence.tree_path(bundle.root)}/")
    except EvidenceError:
        return False


def survey(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Model files that are in no manifest."""
    try:
        yield survey_models(evidence)
    except EvidenceError as error:
        yield not_established(ModelSurvey, RELEASE, "/artifacts", error)


def rollback(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Where a device goes back to, and the floor under it."""
    from policy_gate.areas.release.claims import Rollback

    claimed = evidence.section("rollback")
    floor = claimed.min_sequence if isinstance(claimed, Rollback) else None
    yield SequenceFloor(subject=RELEASE, pointer="/rollback/min_sequence", min_sequence=-1 if floor is None else floor)
    if not isinstance(claimed, Rollback):
        yield not_declared(
            RollbackPlan,
            "/rollback",
            "the manifest does not say which release a device goes back to",
            fix="add `rollback: {to: {version: VERSION, sequence: NUMBER, manifest: DIGEST}}` with the last good one",
        )
        return
    yield RollbackPlan(
        subject=RELEASE,
        pointer="/rollback",
        sequence=evidence.manifest.metadata.sequence,
        to_version=claimed.to.version,
        to_sequence=claimed.to.sequence,
        min_sequence=-1 if floor is None else floor,
    )


def certification(evidence: Evidence) -> Iterator[Fact | Missing]:
    """How long each certification is still valid."""
    from policy_gate.areas.release.claims import Certification

    claimed = evidence.section("certification")
    entries = claimed.root if isinstance(claimed, Certification) else ()
    for position, entry in enumerate(entries):
        yield CertificationTerm(
            subject=Subject("certification", (str(position), entry.scheme)),
            pointer=f"/certification/{position}/valid_until",
            scheme=entry.scheme,
            valid_until=entry.valid_until,
            days_left=(date.fromisoformat(entry.valid_until) - evidence.today).days,
        )
    if not entries:
        yield not_declared(CertificationTerm, "/certification", "the manifest states no certification")


def documents(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The digest of every document, beside what the manifest claims."""
    from policy_gate.areas.release.claims import Documents

    claimed = evidence.section("documents")
    entries = claimed.root if isinstance(claimed, Documents) else ()
    for position, entry in enumerate(entries):
        subject, pointer = Subject("document", (entry.path,)), f"/documents/{position}"
        try:
            computed = evidence.digest(entry.path).sha256
        except EvidenceError as error:
            yield not_established(DocumentDigest, subject, f"{pointer}/path", error)
            continue
        if entry.digest is None:
            yield _undeclared_digest(subject, f"{pointer}/digest", computed)
            continue
        yield DocumentDigest(
            subject=subject, pointer=f"{pointer}/digest", path=entry.path, claimed=entry.digest, computed=computed
        )
    if not entries:
        yield not_declared(DocumentDigest, "/documents", "the manifest names no document")


def _undeclared_digest(subject: Subject, pointer: str, computed: str) -> Missing:
    return Missing(
        fact=DocumentDigest.name,
        subject=subject,
        pointer=pointer,
        reason=Reason.NOT_DECLARED,
        detail="the manifest gives no digest for this document",
        fixes=(Fix(text=f"add `digest: {computed}`", pointer=pointer, replacement=computed),),
    )


def references(evidence: Evidence) -> Iterator[Fact | Missing]:
    """Names of targets and artifacts that the sections use."""
    known = {
        "target": tuple(target.id for target in evidence.manifest.targets),
        "artifact": tuple(artifact.id for artifact in evidence.manifest.artifacts),
    }
    ids = {kind: frozenset(names) for kind, names in known.items()}
    used = list(_used_names(evidence.manifest))
    dangling = [one for one in used if one[2] not in ids[one[1]]]
    yield References(
        subject=RELEASE,
        pointer="",
        checked=len(used),
        dangling=tuple(
            DanglingReference(
                pointer=pointer,
                kind=kind,
                name=used_name,
                nearest=_nearest(used_name, known[kind]) if position < MAX_SUGGESTIONS else "",
            )
            for position, (pointer, kind, used_name) in enumerate(dangling)
        ),
    )


def _used_names(manifest: Manifest) -> Iterator[tuple[str, str, str]]:
    """Pointer, kind and name of each reference; the sections are decoded, so their shape is known."""
    for key in ABOUT_TARGETS:
        entries = manifest.document.get(f"/{key}")
        for position, entry in enumerate(entries if isinstance(entries, list) else []):
            for kind in ("target", "artifact"):
                used_name = entry.get(kind) if isinstance(entry, dict) else None
                if isinstance(used_name, str):
                    yield f"/{key}/{position}/{kind}", kind, used_name
