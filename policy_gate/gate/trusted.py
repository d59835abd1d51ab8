"""Trusted input of a run: configuration, lock, policy, trust file, device profiles, from the tree that is trusted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.area import Collector, Trusted
from policy_gate.document import Document
from policy_gate.errors import EvidenceError, PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.gate.ledgers import ledger_inputs, other_ledgers, own_ledger
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES, input_of, read_document
from policy_gate.gate.request import Request
from policy_gate.model import Input, Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.exceptions import NotProven, Proof
from policy_gate.policy.loading import Policy, Setup, load_config, load_policy
from policy_gate.policy.packs import BUILTIN, builtin_content
from policy_gate.policy.sources import parse_source
from policy_gate.source import Tree, check_path

if TYPE_CHECKING:
    from policy_gate.areas.signature.trust import Trust
    from policy_gate.policy.lock import Lock

CONFIG_NAME = "policy-gate.yaml"
LOCK_NAME = "policy-gate.lock"
MAX_APPROVAL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How a tree says it is judged; `document` is None where it says nothing, and the baseline judges."""

    tree: Tree
    spec: ConfigSpec
    document: Document | None
    bootstrap: bool
    inputs: tuple[Input, ...]

    def beside(self, path: str) -> str:
        """A path of the configuration, as a path of the tree: it is relative to the configuration's folder."""
        return beside(self.document, path)

    def without(self, *keys: str) -> Configuration:
        """This configuration as if it named no such files."""
        return replace(self, spec=self.spec.model_copy(update=dict.fromkeys(keys)))

    def read(self, path: str, limit_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
        """Read a file beside the configuration; raises EvidenceError."""
        return self.tree.read(self.beside(path), limit_bytes)


def read_configuration(path: str, tree: Tree, *, from_base: bool) -> Configuration:
    """The configuration of a tree, at `path` or, with "", at its usual place; raises GateError."""
    wanted = path or CONFIG_NAME
    if not tree.exists(wanted):
        if path:
            raise PolicyError(Problem(f"no such configuration file in {tree.label}", path))
        _refuse_lookalikes(tree)
        # A base without configuration is a first adoption, and judged by the baseline.
        return Configuration(tree=tree, spec=ConfigSpec(), document=None, bootstrap=from_base, inputs=())
    try:
        content = tree.read(wanted, MAX_DOCUMENT_BYTES)
    except EvidenceError as error:
        raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", wanted, hint=error.fix)) from error
    spec, document = load_config(content, wanted)
    inputs = (input_of("configuration", tree, document),)
    return Configuration(tree=tree, spec=spec, document=document, bootstrap=False, inputs=inputs)


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


class PolicyFiles:
    """The files of a tree that a policy is made of: packs as the lock pins them, and approvals as a key signed them."""

    def __init__(self, configuration: Configuration, today: str) -> None:
        """Take what a configuration names; the lock is read at once, the trust file when an approval is looked at."""
        self.configuration = configuration
        self.today = today
        self.lock = _read_lock(configuration)
        self._trust: Trust | None = None
        self.trust_inputs: tuple[Input, ...] = ()
        """The trust file, once an approval was held against it."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The lock, where there is one, as an input of the record."""
        if self.lock is None or self.lock.document is None:
            return ()
        return (input_of("lock", self.configuration.tree, self.lock.document),)

    def policy(
        self,
        names: Iterable[str],
        stage: Stage | None,
        *,
        complete: bool = True,
        added: Iterable[str] = (),
        stages: tuple[Stage, ...] = (),
    ) -> Policy:
        """Load the policy of these packs with the configuration's overlays; options as in `Setup`. Raises GateError."""
        setup = Setup(
            names=tuple(dict.fromkeys(names)),
            added=tuple(dict.fromkeys(added)),
            stages=stages,
            source=self.configuration.tree.source,
            today=self.today,
            stage=stage,
            spec=self.configuration.spec,
            config=self.configuration.document,
            floors=tuple(entry.source for entry in self.lock.floors()) if self.lock is not None else (),
            complete=complete,
            proves=self.proves,
        )
        policy = load_policy(self.read_pack, setup)
        self._check_pins(policy)
        return policy

    def read_pack(self, name: str) -> bytes:
        """The bytes of a pack by its path or pinned source; raises PolicyError."""
        source = parse_source(name)
        if source.is_remote:
            from policy_gate.policy.lock import Lock, read_pinned

            return read_pinned(name, self.lock or Lock(), self.configuration.read)
        try:
            content = self.configuration.read(source.path)
        except EvidenceError as error:
            raise PolicyError(Problem(f"{error.reason.value}: {error.detail}", name, hint=error.fix)) from error
        if self.lock is not None:
            from policy_gate.policy.lock import check_pin

            check_pin(source, content, self.lock)
        return content

    def _check_pins(self, policy: Policy) -> None:
        """Hold shipped packs against their pins: another version of the tool is another judge."""
        if self.lock is None:
            return
        from policy_gate.policy.lock import check_pin

        for pack in policy.packs:
            if pack.name.startswith(BUILTIN):
                check_pin(parse_source(pack.name), builtin_content(pack.name), self.lock)

    def proves(self, digest: str, path: str, proposer: str) -> Proof:
        """Whether a key of an approver signed a digest; the envelope lies beside the configuration."""
        return self.proves_in(self.configuration.tree, digest, self.configuration.beside(path), proposer=proposer)

    def proves_in(self, tree: Tree, digest: str, path: str, *, proposer: str) -> Proof:
        """As `proves`, for an envelope of any tree: its bytes may be hostile, the keys are the trusted ones."""
        from policy_gate.areas.signature.approval import prove_approval

        trust = self.trust()
        if trust is None:
            return NotProven(reason="the configuration names no trust file, so no key may approve")
        try:
            envelope = tree.read(path, MAX_APPROVAL_BYTES)
        except EvidenceError as error:
            return NotProven(reason=f"{path}: {error.reason.value}: {error.detail}")
        from datetime import date

        return prove_approval(envelope, digest, trust, date.fromisoformat(self.today), proposer=proposer)

    def trust(self) -> Trust | None:
        """The decoded trust file, or None where the configuration names none; raises GateError when it is wrong."""
        named = self.configuration.spec.trust
        if named is None:
            return None
        if self._trust is None:
            from policy_gate.areas.signature.trust import decode_trust

            document = read_document(self.configuration.tree, self.configuration.beside(named))
            self._trust = decode_trust(document)
            self.trust_inputs = (input_of("trust", self.configuration.tree, document),)
        return self._trust


def _read_lock(configuration: Configuration) -> Lock | None:
    """The lock beside a configuration; None where there is none, and every remote pack is refused.

    It is read also where there is no configuration: a floor is part of the policy whatever that says.
    """
    path = configuration.beside(LOCK_NAME)
    if not _there(configuration.tree, path):
        return None
    from policy_gate.policy.lock import decode_lock  # a run without a lock does not pay

    return decode_lock(read_document(configuration.tree, path))


def _there(tree: Tree, path: str) -> bool:
    """Whether anything lies at a path: a lock that is a link is there, and refused when it is read."""
    return tree.exists(path) or any(entry.path == path for entry in tree.list())


def read_policy(
    request: Request, files: PolicyFiles, stage: Stage | None, *, from_base: bool, also: tuple[Stage, ...] = ()
) -> Policy:
    """The policy of a run; `also` are stages judged beside `stage`. Raises GateError."""
    spec = files.configuration.spec
    # Against a base the command line may only tighten: its packs come on top of the configured ones.
    if from_base:
        return files.policy(spec.policy, stage, added=request.policies, stages=also)
    return files.policy(request.policies or spec.policy, stage, stages=also)


def read_trusted(configuration: Configuration, collectors: Iterable[Collector]) -> tuple[Trusted, tuple[Input, ...]]:
    """What the collectors of a run may trust; files that none of them asks for are not read. Raises GateError."""
    spec, tree = configuration.spec, configuration.tree
    areas = {kind.name.partition(".")[0] for collector in collectors for kind in collector.gives}
    trust = _trust_document(configuration) if "signature" in areas else None
    profiles = read_profiles(configuration) if "cost" in areas else ()
    trusted = Trusted(source=tree.source, trust=trust, profiles=profiles, models=spec.models, manifests=spec.manifests)
    inputs = [input_of("trust", tree, trust)] if trust is not None else []
    inputs += [input_of("device profile", tree, one) for one in profiles]
    if "privacy" not in areas:
        return trusted, tuple(inputs)
    trusted = replace(trusted, ledger=own_ledger(configuration), ledgers=other_ledgers(configuration))
    return trusted, (*inputs, *ledger_inputs(tree.source, (trusted.ledger, *trusted.ledgers)))


def _trust_document(configuration: Configuration) -> Document | None:
    if configuration.spec.trust is None:
        return None
    from policy_gate.areas.signature.trust import decode_trust

    trust = read_document(configuration.tree, configuration.beside(configuration.spec.trust))
    decode_trust(trust)  # a trust file that is wrong is nobody's finding: nothing can be judged by it
    return trust


def read_profiles(configuration: Configuration) -> tuple[Document, ...]:
    """The files of device profiles; raises GateError when one cannot be read, or two share an id: nothing judges."""
    paths = configuration.spec.profiles
    if not paths:
        return ()
    from policy_gate.areas.cost.trusted_profiles import configured_profiles

    documents = tuple(read_document(configuration.tree, configuration.beside(path)) for path in paths)
    configured_profiles(documents)
    return documents
