"""Device profiles that count: the shipped ones, and those of the files that a trusted configuration names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from policy_gate.document import problem
from policy_gate.errors import GateError, PolicyError, Problem

if TYPE_CHECKING:
    from policy_gate.areas.cost.device import DeviceProfile
    from policy_gate.document import Document


def configured_profiles(documents: Iterable[Document]) -> tuple[DeviceProfile, ...]:
    """Decode the files of a configuration.

    Raises PolicyError with every problem: a document that is no profile, and an id that a shipped one or another
    document has already, since of two nobody could tell which of them judged.
    """
    from policy_gate.areas.cost.device_file import BUILTIN, builtin_ids, decode_profile

    taken = dict.fromkeys(builtin_ids(), BUILTIN)
    profiles: list[DeviceProfile] = []
    problems: list[Problem] = []
    for document in documents:
        try:
            profile = decode_profile(document, document.path)
        except GateError as error:
            problems.extend(error.problems)
            continue
        if profile.id in taken:
            message = f"the id '{profile.id}' is that of another profile already ({taken[profile.id]})"
            hint = "give it an id of its own: a shipped profile is not replaced by one of the same name"
            problems.append(problem(document, "/metadata/id", message, hint))
        taken.setdefault(profile.id, profile.source)
        profiles.append(profile)
    if problems:
        raise PolicyError(problems)
    return tuple(profiles)


def trusted_profile(profile_id: str, configured: tuple[DeviceProfile, ...]) -> DeviceProfile:
    """The profile of an id, shipped or configured; EvidenceError NOT_TRUSTED, with the nearest ids, where none has it.

    Of the shipped ones only the one that is asked for is read.
    """
    from policy_gate.areas.cost.device_file import builtin_ids, builtin_profile, builtin_profiles, find_profile

    if profile_id in builtin_ids():
        return builtin_profile(profile_id)
    if any(one.id == profile_id for one in configured):
        return find_profile(profile_id, configured)
    return find_profile(profile_id, (*configured, *builtin_profiles()))
