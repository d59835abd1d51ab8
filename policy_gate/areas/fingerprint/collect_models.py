"""Collects what the models of a release are: their identity beside the claimed one, and the files they lean on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from policy_gate import artifact_model
from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.fingerprint import reading
from policy_gate.areas.fingerprint.facts import ExternalFiles, IdentitySide, ModelIdentity, Side
from policy_gate.document import join
from policy_gate.errors import EvidenceError
from policy_gate.model import Fact, Missing, Subject
from policy_gate.source import check_path

if TYPE_CHECKING:
    from policy_gate.areas.fingerprint.claims import Fingerprint
    from policy_gate.manifest import Artifact

# Finding the nearest name compares with every known one, so it is done for few names and among few.
MAX_SUGGESTIONS = 5
MAX_COMPARED_NAMES = 1000


def identities(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The identity of every model that the manifest gives a fingerprint of; models without one are missing."""
    from policy_gate.areas.fingerprint.claims import Fingerprints

    section = evidence.section("fingerprints")
    claimed = section.root if isinstance(section, Fingerprints) else {}
    artifacts = {artifact.id: artifact for artifact in evidence.manifest.artifacts}
    if not claimed:
        model = next((one for one in evidence.manifest.artifacts if one.role == "model"), None)
        what = "the manifest states no fingerprint of a model"
        yield not_declared(ModelIdentity, "/fingerprints", what, fix=_how(model))
        return
    for artifact_id, fingerprint in claimed.items():
        if artifact_id in artifacts:
            yield _identity(evidence, artifacts[artifact_id], fingerprint)
    yield from _strangers([one for one in claimed if one not in artifacts], tuple(artifacts))
    for artifact in evidence.manifest.artifacts:
        if artifact.role == "model" and artifact.id not in claimed:
            subject, pointer = _about(artifact.id)
            what = "the manifest states no fingerprint of this model"
            yield not_declared(ModelIdentity, pointer, what, subject, _how(artifact))


def _about(artifact_id: str) -> tuple[Subject, str]:
    return Subject("artifact", (artifact_id,)), join("/fingerprints", artifact_id)


def _how(model: Artifact | None) -> str:
    from policy_gate.source.paths import shell_quoted

    path = shell_quoted(model.path) if model else "MODEL"
    name = model.id if model else "ARTIFACT"
    entry = f"fingerprints: {{{name}: {{scheme: pgfp-1, …}}}}"
    return f"add what `policy-gate inspect {path} --fingerprint` prints as `{entry}`"


def _identity(evidence: Evidence, artifact: Artifact, fingerprint: Fingerprint) -> Fact | Missing:
    subject, pointer = _about(artifact.id)
    try:
        identity = reading.identity_of(evidence, artifact)
    except EvidenceError as error:
        return not_established(ModelIdentity, subject, pointer, error)
    sides = tuple(
        IdentitySide(side=Side(name), claimed=claimed, computed=getattr(identity, name))
        for name, claimed in fingerprint.stated().items()
    )
    return ModelIdentity(
        subject=subject,
        pointer=pointer,
        path=artifact.path,
        scheme=identity.scheme,
        sides=sides,
        lacks_bound="" if _enough(sides) else identity.bound,
    )


def _enough(sides: tuple[IdentitySide, ...]) -> bool:
    """Whether the sides tell this model from every other: all its numbers and all that is done with them."""
    stated = {one.side for one in sides}
    return Side.BOUND in stated or {Side.WEIGHTS, Side.STRUCTURE} <= stated


def _strangers(names: Iterable[str], known: tuple[str, ...]) -> Iterator[Missing]:
    """Fingerprints of what is no artifact, each with the artifact that is probably meant."""
    from policy_gate.manifest.decode import nearest

    for position, name in enumerate(names):
        subject, pointer = _about(name)
        compared = position < MAX_SUGGESTIONS and len(known) <= MAX_COMPARED_NAMES
        suggestion = nearest(name, known) if compared else ""
        hint = f"did you mean '{suggestion}'?" if suggestion else "name the id of an artifact, or remove the entry"
        what = f"'{name}' is no artifact of this manifest"
        yield not_declared(ModelIdentity, pointer, what, subject, hint)


def external_files(evidence: Evidence) -> Iterator[Fact | Missing]:
    """The files beside every model that hold weights of it; one missing fact when the release has no model."""
    listed = frozenset(_listed(evidence))
    found = False
    for position, artifact in enumerate(evidence.manifest.artifacts):
        subject, pointer = Subject("artifact", (artifact.id,)), f"/artifacts/{position}/path"
        try:
            if not reading.is_model(evidence, artifact):
                continue
            locations = artifact_model.model_of(evidence, artifact).external_files
        except EvidenceError as error:
            found = True
            yield not_established(ExternalFiles, subject, pointer, error)
            continue
        found = True
        files = tuple(sorted({artifact_model.beside(artifact.path, location) for location in locations}))
        yield ExternalFiles(
            subject=subject,
            pointer=pointer,
            path=artifact.path,
            files=files,
            unlisted=tuple(path for path in files if check_path(path) not in listed),
        )
    if not found:
        yield not_declared(ExternalFiles, "/artifacts", "no artifact of the release is a model")


def _listed(evidence: Evidence) -> Iterator[str]:
    for artifact in evidence.manifest.artifacts:
        try:
            yield check_path(artifact.path)
        except EvidenceError:
            continue  # a refused path lists nothing; its digest is missing with the reason
