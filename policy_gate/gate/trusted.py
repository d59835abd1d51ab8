"""Trusted input of a run: configuration, policy and trust file, from the tree that is trusted."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.area import Trusted
from policy_gate.catalogue import BoundRule
from policy_gate.document import Document
from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES, input_of, read_document
from policy_gate.gate.request import Request
from policy_gate.model import Input
from policy_gate.policy.loading import Policy, load_config, load_policy
from policy_gate.policy.pack import ConfigSpec
from policy_gate.source import Tree, check_path

CONFIG_NAME = "policy-gate.yaml"


def read_configuration(
    request: Request, tree: Tree, *, from_base: bool
) -> tuple[ConfigSpec, Document | None, bool, tuple[Input, ...]]:
    """The configuration, its document (None: there is no file), whether it is a first adoption, what was read."""
    path = request.config or CONFIG_NAME
    if not tree.exists(path):
        if request.config:
            raise PolicyError(Problem(f"no such configuration file in {tree.label}", path))
        _refuse_lookalikes(tree)
        # A base without configuration is a first adoption, and judged by the baseline.
        return ConfigSpec(), None, from_base, ()
    try:
        content = tree.read(path, MAX_DOCUMENT_BYTES)
    except EvidenceError as error:
        raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", path, hint=error.fix)) from error
    spec, document = load_config(content, path)
    return spec, document, False, (input_of("configuration", tree, document),)


def _refuse_lookalikes(tree: Tree) -> None:
    """A configuration that is there but would not be read must not leave the release to the baseline alone."""
    for name in ("policy-gate.yml", "policy-gate.json"):
        if tree.exists(name):
            raise PolicyError(Problem(f"the configuration must be named {CONFIG_NAME}", name))
    if any(entry.path == CONFIG_NAME or entry.path.startswith(f"{CONFIG_NAME}/") for entry in tree.list()):
        raise PolicyError(Problem("the configuration is not a plain file", CONFIG_NAME))


def beside(config: Document | None, path: str) -> str:
    """A path of the configuration, as a path of the tree: it is relative to the configuration's folder."""
    folder = config.path.rpartition("/")[0] if config is not None else ""
    relative = check_path(path)
    return f"{folder}/{relative}" if folder else relative


def read_policy(request: Request, spec: ConfigSpec, config: Document | None, tree: Tree, *, from_base: bool) -> Policy:
    """The policy of a run, with the parameters of the configuration; raises GateError."""
    # Against a base the command line may only tighten: its packs come on top of the configured ones.
    names = (*spec.policy, *request.policies) if from_base or not request.policies else request.policies

    def read(name: str) -> bytes:
        try:
            return tree.read(beside(config, name), MAX_DOCUMENT_BYTES)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", name, hint=error.fix)) from error

    return load_policy(tuple(dict.fromkeys(names)), read, spec.parameters, config, tree.source)


def read_trusted(
    spec: ConfigSpec, config: Document | None, tree: Tree, rules: Iterable[BoundRule]
) -> tuple[Trusted, tuple[Input, ...]]:
    """What collectors may trust; the trust file is read when a rule about signatures is selected."""
    trust = None
    inputs: tuple[Input, ...] = ()
    if spec.trust is not None and any(rule.policy_rule.rule.area == "signature" for rule in rules):
        from policy_gate.areas.signature.trust import decode_trust

        trust = read_document(tree, beside(config, spec.trust))
        decode_trust(trust)  # a trust file that is wrong is nobody's finding: nothing can be judged by it
        inputs = (input_of("trust", tree, trust),)
    trusted = Trusted(source=tree.source, trust=trust, models=spec.models, manifests=spec.manifests)
    return trusted, inputs
