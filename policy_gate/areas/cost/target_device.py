"""Finds the device profile that a target names among those that are trusted, and the operators its device runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.area import Evidence, not_declared, not_established
from policy_gate.areas.cost.facts_device import TargetProfile
from policy_gate.artifact_model import once
from policy_gate.errors import EvidenceError, PolicyError, Reason
from policy_gate.frozen import dataclass
from policy_gate.model import RELEASE, Fact, Missing, Subject
from policy_gate.source.paths import shown

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.areas.cost.groups import Group
    from policy_gate.manifest import Manifest
    from policy_gate.manifest.claims import Target

PROFILE, FIRMWARE = "profile", "firmware"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runnable:
    """The operators that a device runs, as domain::name, and who says so: a trusted profile, or the manifest alone."""

    operators: frozenset[str]
    lists: str

    @property
    def is_trusted(self) -> bool:
        """Whether a trusted profile bounds the list, so that the manifest could only narrow it."""
        return self.lists.startswith(PROFILE)


def target_profiles(evidence: Evidence) -> Iterator[Fact | Missing]:
    """What every target says of its device; a release without targets says nothing of any."""
    for position, target in enumerate(evidence.manifest.targets):
        yield _target_profile(evidence, target, f"/targets/{position}/device/profile")
    if not evidence.manifest.targets:
        yield TargetProfile(
            subject=RELEASE, pointer="/targets", profile="", device_class="", source="", digest="", lists=""
        )


def _target_profile(evidence: Evidence, target: Target, pointer: str) -> TargetProfile:
    device = target.device
    found = _named(evidence, target)
    known = None if found is None or isinstance(found, EvidenceError) else found
    return TargetProfile(
        subject=Subject("target", (target.id,)),
        pointer=pointer,
        profile=(device.profile or "") if device is not None else "",
        device_class=(device.class_ or "") if device is not None else "",
        source=known.source if known is not None else "",
        digest=known.digest if known is not None else "",
        lists=_lists(known, target),
    )


def device_of(evidence: Evidence, group: Group, kind: type[Fact]) -> DeviceProfile | Missing:
    """The trusted profile of a target that also names its runtime, else why there is none."""
    target = target_of(evidence.manifest, group)
    if target is None:
        return not_declared(kind, "/targets", "the release names no target, so no device is known", group.subject)
    pointer = f"/targets/{group.position}/device/profile"
    found = _named(evidence, target)
    if found is None:
        fix = "name it under `device: {profile: ID}` of the target; `policy-gate profile list` shows those there are"
        return not_declared(kind, pointer, "the target names no device profile", group.subject, fix)
    if isinstance(found, EvidenceError):
        return not_established(kind, group.subject, pointer, found)
    if target.runtime is None:
        what = f"the target does not name its runtime, and {found.id} is for one version of one"
        fix = f'add `runtime: {{name: {found.runtime_name}, version: "{found.runtime_version}"}}` if that is what runs'
        return not_declared(kind, f"/targets/{group.position}/runtime", what, group.subject, fix)
    return found


def target_of(manifest: Manifest, group: Group) -> Target | None:
    """The target of a group; None for a release without targets."""
    return manifest.targets[group.position] if group.position >= 0 else None


def device_name(target: Target | None, profile: DeviceProfile | Missing) -> str:
    """What a measurement has to call the device: as its profile does; its class where the target names no profile.

    The class is the manifest's own word, so that it counts only where no trusted profile says what the device is.
    """
    if target is None or target.device is None:
        return ""
    if target.device.profile is None:
        return target.device.class_ or ""
    return "" if isinstance(profile, Missing) else profile.device


def runnable(evidence: Evidence, target: Target) -> Runnable:
    """The operators that a target's device runs; raises EvidenceError where no list of them is known.

    The firmware's own list can only take away from that of the profile.
    """
    found = _named(evidence, target)
    if isinstance(found, EvidenceError):
        raise found
    own = frozenset(target.runtime.operators) if target.runtime is not None else frozenset()
    listed = frozenset(found.operators) if found is not None else frozenset()
    lists = _lists(found, target)
    if not lists:
        raise EvidenceError(
            Reason.NOT_DECLARED,
            "neither a device profile nor the manifest lists the operators that the device runs",
            fix="list those of the firmware under `runtime: {operators: [tflite::CONV_2D, …]}` of the target",
        )
    return Runnable(operators=listed & own if listed and own else listed | own, lists=lists)


def _lists(profile: DeviceProfile | None, target: Target) -> str:
    by_profile = profile is not None and bool(profile.operators)
    by_firmware = target.runtime is not None and bool(target.runtime.operators)
    if by_profile and by_firmware:
        return f"{PROFILE} and {FIRMWARE}"
    return PROFILE if by_profile else FIRMWARE if by_firmware else ""


def _named(evidence: Evidence, target: Target) -> DeviceProfile | EvidenceError | None:
    """The trusted profile of the id a target names; None where it names none."""
    wanted = target.device.profile if target.device is not None else None
    if wanted is None:
        return None
    from policy_gate.areas.cost.trusted_profiles import trusted_profile

    def find() -> DeviceProfile:
        return trusted_profile(wanted, _configured(evidence))

    try:
        return once(evidence.tree, f"cost.device_profile:{wanted}", find)
    except EvidenceError as error:
        return error


def _configured(evidence: Evidence) -> tuple[DeviceProfile, ...]:
    from policy_gate.areas.cost.trusted_profiles import configured_profiles

    def read() -> tuple[DeviceProfile, ...]:
        try:
            return configured_profiles(evidence.trusted.profiles)
        except PolicyError as error:
            detail = f"the device profiles of {evidence.trusted.source} cannot be used: {shown(str(error.problems[0]))}"
            raise EvidenceError(Reason.NOT_TRUSTED, detail) from None

    return once(evidence.tree, "cost.configured_profiles", read)
