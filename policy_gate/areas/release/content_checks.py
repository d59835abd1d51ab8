"""Judges what a release consists of: models that run, files that are listed and readable, names that resolve."""

from __future__ import annotations

from policy_gate.areas.cost.facts import ModelFile
from policy_gate.areas.release.facts import DocumentDigest, ModelSurvey, ModelUse, References, TargetUse
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN = 5


def model_is_run(use: ModelUse) -> Answer:
    """Every model is run by a target, or stays behind as what an artifact that runs was derived from.

    Add the artifact to `runs` of a target, or take it out of the release. Keep what others were derived from
    outside the folder that ships, `bundle.root`: what lies there ships, and is judged for no target.
    """
    if use.targets:
        return Answer(outcome=Outcome.PASS, message=f"run by {_some(use.targets)}")
    if use.derivative and use.stays_behind:
        return Answer(outcome=Outcome.PASS, message=f"{use.derivative} was derived from it and runs; it does not ship")
    if use.derivative:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"no target runs this model; {use.derivative} was derived from it, yet it ships too",
            fixes=(Fix(text="keep it outside the folder that ships, which `bundle: {root: FOLDER}` names"),),
        )
    return Answer(
        outcome=Outcome.FAIL,
        message="no target runs this model",
        fixes=(
            Fix(text="add the artifact to `runs` of a target"),
            Fix(text="if it is no model, write `role: asset`; if nothing needs it, take it out of the release"),
        ),
    )


def target_runs_a_model(use: TargetUse) -> Answer:
    """Every target runs at least one model.

    Name a model under `runs`, or take the target out of the release.
    """
    if use.models:
        return Answer(
            outcome=Outcome.PASS, message=f"runs {_some(use.models)}", measured=len(use.models), unit="models"
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"runs {_some(use.assets)}, and no model",
        measured=0,
        limit=1,
        unit="models",
        fixes=(Fix(text="add a model to `runs` of this target"),),
    )


def every_model_is_listed(survey: ModelSurvey) -> Answer:
    """Every model file of the repository is an artifact of some release, whatever it is called.

    List the file in a manifest, or remove it. A model under no manifest is judged by nobody.
    """
    if survey.unlisted:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{len(survey.unlisted)} model files are in no manifest"
            if len(survey.unlisted) > 1
            else "a model file is in no manifest",
            measured=len(survey.unlisted),
            limit=0,
            unit="files",
            causes=tuple(
                f"{found.path} ({f'{found.format} by content' if found.format else 'a model by its name'})"
                for found in survey.unlisted[:SHOWN]
            )
            + _and_more(len(survey.unlisted)),
            fixes=(Fix(text="list each file under `artifacts` of a release, or remove it"),),
        )
    if survey.unread:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.UNREADABLE,
            message=f"{len(survey.unread)} files beside the manifest could not be looked into",
            measured=len(survey.unread),
            limit=0,
            unit="files",
            causes=survey.unread[:SHOWN] + _and_more(len(survey.unread)),
        )
    return Answer(
        outcome=Outcome.PASS, message=f"no unlisted model among {survey.files} files", measured=0, limit=0, unit="files"
    )


def model_is_readable(file: ModelFile) -> Answer:
    """Every model file can be read, is what `format` says, and is declared as a model.

    Let the export write the file again if it is damaged. Write the format the file has, and `role: model`
    for every file that is a model.
    """
    if file.role != "model":
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{file.path} is declared as {file.role}, but its content is an {file.found_format} model",
            measured="model",
            limit=file.role,
            pointer=f"{file.pointer}/role",
            fixes=(Fix(text="write `role: model`", pointer=f"{file.pointer}/role", replacement="model"),),
        )
    if file.claimed_format and file.claimed_format.lower() != file.found_format:
        return Answer(
            outcome=Outcome.FAIL,
            message=f"{file.path} is {file.found_format} by content, and {file.claimed_format[:64]} by its claim",
            measured=file.found_format,
            limit=file.claimed_format[:64],
            pointer=f"{file.pointer}/format",
            fixes=(
                Fix(
                    text=f"write `format: {file.found_format}`",
                    pointer=f"{file.pointer}/format",
                    replacement=file.found_format,
                ),
            ),
        )
    return Answer(outcome=Outcome.PASS, message=f"{file.path} is a readable {file.found_format} model")


def document_matches(document: DocumentDigest) -> Answer:
    """The file of every document has the SHA-256 digest that the manifest states.

    If the document is the one that was approved, let `policy-gate fix` write its digest; if not, restore it.
    """
    if document.claimed == document.computed:
        return Answer(
            outcome=Outcome.PASS, message=f"{document.path} has the stated digest", measured=document.computed
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{document.path} is not the document the manifest states",
        measured=document.computed,
        limit=document.claimed,
        fixes=(
            Fix(text=f"restore {document.path} if it was changed by mistake"),
            Fix(
                text="let `policy-gate fix` write the computed digest",
                pointer=document.pointer,
                replacement=document.computed,
            ),
        ),
    )


def references_resolve(references: References) -> Answer:
    """Every claim about a target or an artifact names one of this manifest.

    Correct the name, or remove the claim.
    """
    if not references.dangling:
        return Answer(
            outcome=Outcome.PASS, message=f"all {references.checked} names are of this manifest", measured=0, limit=0
        )
    first = references.dangling[0]
    near = f"; did you mean '{first.nearest}'?" if first.nearest else ""
    return Answer(
        outcome=Outcome.FAIL,
        message=f"'{first.name}' is no {first.kind} of this manifest{near}",
        measured=len(references.dangling),
        limit=0,
        unit="names",
        pointer=first.pointer,
        causes=tuple(f"{one.pointer}: '{one.name}' is no {one.kind}" for one in references.dangling[:SHOWN])
        + _and_more(len(references.dangling)),
    )


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _and_more(count: int) -> tuple[str, ...]:
    return (f"and {count - SHOWN} more",) if count > SHOWN else ()
