"""What a release is judged with, beside its facts: the base release, and everything else that decides a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from policy_gate.area import FactBook
from policy_gate.errors import Reason
from policy_gate.frozen import dataclass
from policy_gate.model import BaseState, Fact, Input, Judgement, Place, ReleaseIdentity, Stage, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The base release as facts from the same collectors; `detail` says what was wrong when it is BROKEN.

    Of a first release it says where no release of this name was found. `uncollected` is why there may be no entry at
    all of a fact type: of a base that is known from a record, that nobody asked for it then.
    """

    state: BaseState
    identity: ReleaseIdentity | None = None
    claims: Mapping[str, object] = field(default_factory=dict)
    facts: FactBook | None = None
    detail: str = ""
    uncollected: Reason = Reason.NOTHING_TO_JUDGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything beside policy and facts that decides a record, all of it an argument.

    `locate` maps a pointer into the manifest to its place; `parameters` are what expressions may read.
    """

    claims: Mapping[str, object]
    locate: Callable[[str], Place]
    release: ReleaseIdentity
    stage: Stage
    today: str
    tool_version: str
    policy_names: tuple[str, ...]
    policy_source: str
    bootstrap: bool
    inputs: tuple[Input, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    uncollected: Reason = Reason.NOTHING_TO_JUDGE
    """Why there may be no entry at all of a fact type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempted:
    """Judgements after waivers and baseline, with the state of each exception as facts, and where each stands."""

    judgements: tuple[Judgement, ...]
    states: tuple[Fact, ...] = ()
    places: Mapping[Subject, Place] = field(default_factory=dict)


Exempt = Callable[[tuple[Judgement, ...], FactBook], Exempted]
"""Applies waivers and the baseline to the judgements of one release."""
