"""Compares what the manifest claims of its files with what was read."""

from __future__ import annotations

from policy_gate.areas.fingerprint.facts import ClaimedDigest, ClaimedSize, ExternalFiles, FileList, ModelIdentity, Side
from policy_gate.errors import Reason
from policy_gate.model import Answer, Fix, Outcome

SHOWN_FILES = 5

MEANING = {
    Side.WEIGHTS: "the numbers changed",
    Side.STRUCTURE: "the operators, their attributes or their connections changed",
    Side.BOUND: "which number stands where changed",
    Side.INTERFACE: "the inputs or outputs changed",
    Side.OPERATORS: "how often each operator is used changed",
}
"""What it says of a model when one side of its identity differs."""


def digest_matches(digest: ClaimedDigest) -> Answer:
    """The file of every artifact has the SHA-256 digest that the manifest states.

    If the file is the one you mean to ship, let `policy-gate fix` write its digest; if not, restore the file.
    """
    if digest.claimed == digest.computed:
        return Answer(outcome=Outcome.PASS, message=f"{digest.path} has the stated digest", measured=digest.computed)
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{digest.path} is not the file the manifest states",
        measured=digest.computed,
        limit=digest.claimed,
        fixes=(
            Fix(text=f"restore {digest.path} if it was changed by mistake"),
            Fix(
                text="let `policy-gate fix` write the computed digest",
                pointer=digest.pointer,
                replacement=digest.computed,
            ),
        ),
    )


def size_matches(size: ClaimedSize) -> Answer:
    """The file of every artifact has the size in bytes that the manifest states.

    A size lets a device reserve storage before it downloads; let `policy-gate fix` write the real one.
    """
    if size.claimed_bytes == size.computed_bytes:
        return Answer(
            outcome=Outcome.PASS, message=f"{size.path} has the stated size", measured=size.computed_bytes, unit="B"
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{size.path} does not have the stated size",
        measured=size.computed_bytes,
        limit=size.claimed_bytes,
        unit="B",
        fixes=(
            Fix(
                text="let `policy-gate fix` write the real size", pointer=size.pointer, replacement=size.computed_bytes
            ),
        ),
    )


def closed_list(listing: FileList) -> Answer:
    """Every file in the folder that ships is listed in the manifest as an artifact, and what ships lies there.

    List the file under `artifacts`, or move it out of the bundle's root. Move an artifact that a target runs into it.
    """
    if not listing.unlisted and not listing.outside:
        return Answer(
            outcome=Outcome.PASS, message=f"all {listing.files} files under {listing.root} are listed", measured=0
        )
    return Answer(
        outcome=Outcome.FAIL,
        message=_open_list(listing),
        measured=len(listing.unlisted) + len(listing.outside),
        limit=0,
        unit="files",
        causes=tuple(
            f"{what}: {_some(paths)}"
            for what, paths in (("unlisted", listing.unlisted), ("outside", listing.outside))
            if paths
        ),
        fixes=_closing(listing),
    )


def _open_list(listing: FileList) -> str:
    if listing.unlisted:
        return f"{len(listing.unlisted)} of {listing.files} files under {listing.root} are not listed"
    return f"not every artifact that ships lies under {listing.root}"


def _closing(listing: FileList) -> tuple[Fix, ...]:
    listed = Fix(text="list each file under `artifacts`, or move it out of the bundle")
    inside = Fix(text="let `bundle.root` name the folder that ships, with every artifact that a target runs in it")
    return (*((listed,) if listing.unlisted else ()), *((inside,) if listing.outside else ()))


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN_FILES
    return ", ".join(names[:SHOWN_FILES]) + (f" and {more} more" if more > 0 else "")


def identity_matches(identity: ModelIdentity) -> Answer:
    """Every model holds and computes what the fingerprint in the manifest states.

    Unlike a file's digest, a fingerprint stays the same when a model is only stored in another way.
    It states `bound`, or `weights` and `structure`: fewer sides would also hold for other models.
    If the change is meant, let `policy-gate fix` write the computed sides; if not, restore the model.
    """
    differing = tuple(one for one in identity.sides if one.claimed != one.computed)
    if not differing:
        return _all_hold(identity)
    first = differing[0]
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{identity.path} is not the model the manifest states",
        measured=first.computed,
        limit=first.claimed,
        pointer=f"{identity.pointer}/{first.side.value}",
        causes=tuple(f"{one.side.value} differs: {MEANING[one.side]}" for one in differing),
        fixes=(
            Fix(text=f"restore {identity.path} if the model was changed by mistake"),
            *(
                Fix(
                    text=f"let `policy-gate fix` write the computed `{one.side.value}`",
                    pointer=f"{identity.pointer}/{one.side.value}",
                    replacement=one.computed,
                )
                for one in differing
            ),
            *_bound_to_add(identity),
        ),
    )


def _all_hold(identity: ModelIdentity) -> Answer:
    stated = ", ".join(one.side.value for one in identity.sides)
    if identity.lacks_bound:
        return Answer(
            outcome=Outcome.UNKNOWN,
            reason=Reason.NOT_DECLARED,
            message=f"other models have the same {stated}: state `bound`, or both `weights` and `structure`",
            fixes=_bound_to_add(identity),
        )
    return Answer(
        outcome=Outcome.PASS,
        message=f"{identity.path} has the stated fingerprint ({stated})",
        measured=identity.sides[0].computed if identity.sides else None,
    )


def _bound_to_add(identity: ModelIdentity) -> tuple[Fix, ...]:
    if not identity.lacks_bound:
        return ()
    text = "let `policy-gate fix` add the computed `bound`"
    return (Fix(text=text, pointer=f"{identity.pointer}/{Side.BOUND.value}", replacement=identity.lacks_bound),)


def external_listed(external: ExternalFiles) -> Answer:
    """Every file that holds weights of a model is listed in the manifest as an artifact.

    List the file under `artifacts` with `role: asset`, or store the weights inside the model file.
    """
    count = len(external.files)
    if not external.unlisted:
        held = f"all {count} files beside {external.path} are listed" if count else f"{external.path} is one file"
        return Answer(outcome=Outcome.PASS, message=held, measured=0, limit=0, unit="files")
    return Answer(
        outcome=Outcome.FAIL,
        message=f"{len(external.unlisted)} of {count} files with weights of {external.path} are not listed",
        measured=len(external.unlisted),
        limit=0,
        unit="files",
        causes=(f"unlisted: {_some(external.unlisted)}",),
        fixes=(
            Fix(text=f"list {external.unlisted[0]} under `artifacts` with `role: asset`"),
            Fix(text="or let the export store the weights inside the model file"),
        ),
    )
