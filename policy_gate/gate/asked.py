"""What a run is asked at the command line: against a base it may only tighten, and the base is not what is judged."""

from __future__ import annotations

from policy_gate.document import problem
from policy_gate.errors import PolicyError, Problem, UsageError
from policy_gate.gate.request import Request
from policy_gate.gate.trees import Trees
from policy_gate.gate.trusted import PolicyFiles
from policy_gate.model import FailOn, Stage, stricter_fail_on
from policy_gate.policy.config import ConfigSpec
from policy_gate.source import head_commit


def refuse_own_base(request: Request, trees: Trees) -> None:
    """A pull request that is its own base is judged by what it says itself, as in a clone that is too shallow.

    A tag is its own base, which the command line says by its stage, or the service by its event; what the configuration
    says would be its own word.
    """
    if not request.in_ci or not request.base or trees.base is None or is_release(request):
        return
    judged = head_commit(request.root) if request.tree in ("working", "index") else trees.head.source
    commit = trees.base.source.rpartition(":")[2]
    if judged is not None and judged.rpartition(":")[2] == commit:
        hint = (
            "name the commit of the branch it goes to (in a shallow clone, fetch it first: fetch-depth: 0); "
            "in a job for a tag, say --stage release"
        )
        raise UsageError(Problem(f"--base {request.base} is {commit[:12]}, the very commit that is judged", hint=hint))


def is_release(request: Request) -> bool:
    """Whether who starts the run says that it is about a release, by its stage or by what happened."""
    return request.stage is Stage.RELEASE or request.event is not None


def fail_on_of(request: Request, files: PolicyFiles, *, from_base: bool) -> FailOn:
    """When the command fails; raises PolicyError where a configuration would make a floor advisory by it."""
    configuration = files.configuration
    wanted = configuration.spec.fail_on
    if wanted == "never" and configuration.document is not None and files.lock is not None and files.lock.floors():
        message = f"fail_on is never, and {files.lock.floors()[0].source} is a floor: it cannot be made advisory"
        raise PolicyError(problem(configuration.document, "/spec/fail_on", message))
    return stricter_fail_on(wanted, request.fail_on) if from_base else request.fail_on or wanted


def stage_of(request: Request, spec: ConfigSpec) -> Stage:
    """The stage to judge at; against a base the command line may only tighten, and `release` asks for more.

    A tag or a publication is a release where the configuration does not say otherwise.
    """
    configured = Stage.RELEASE if request.event in spec.release_events else spec.stage
    if request.base and Stage.RELEASE in (request.stage, configured):
        return Stage.RELEASE
    return request.stage or configured


def raised_from(request: Request, spec: ConfigSpec, stage: Stage) -> tuple[Stage, ...]:
    """The stage of the configuration, where the command line raised it: what that demands is still demanded."""
    return (spec.stage,) if request.base and spec.stage is not stage else ()
