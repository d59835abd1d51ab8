"""What a run is asked at the command line: against a base it may only tighten, and the base is not what is judged."""

from __future__ import annotations

from policy_gate.errors import Problem, UsageError
from policy_gate.gate.request import Request
from policy_gate.gate.trees import Trees
from policy_gate.model import Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import head_commit


def refuse_own_base(request: Request, trees: Trees) -> None:
    """A pull request that is its own base is judged by what it says itself, as in a clone that is too shallow.

    A tag is its own base, which the command line says by its stage; what the configuration says would be its own word.
    """
    if not request.in_ci or not request.base or trees.base is None or request.stage is Stage.RELEASE:
        return
    judged = head_commit(request.root) if request.tree in ("working", "index") else trees.head.source
    commit = trees.base.source.rpartition(":")[2]
    if judged is not None and judged.rpartition(":")[2] == commit:
        hint = (
            "name the commit of the branch it goes to (in a shallow clone, fetch it first: fetch-depth: 0); "
            "in a job for a tag, say --stage release"
        )
        raise UsageError(Problem(f"--base {request.base} is {commit[:12]}, the very commit that is judged", hint=hint))


def stage_of(request: Request, spec: ConfigSpec) -> Stage:
    """The stage to judge at; against a base the command line may only tighten, and `release` asks for more."""
    if request.base and Stage.RELEASE in (request.stage, spec.stage):
        return Stage.RELEASE
    return request.stage or spec.stage


def raised_from(request: Request, spec: ConfigSpec, stage: Stage) -> tuple[Stage, ...]:
    """The stage of the configuration, where the command line raised it: what that demands is still demanded."""
    return (spec.stage,) if request.base and spec.stage is not stage else ()
