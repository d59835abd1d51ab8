"""Runs the gate: a record per manifest, and every problem of what could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TypeVar

from policy_gate import __version__
from policy_gate.area import Collector, Evidence, FactBook, History, Trusted
from policy_gate.catalogue import AREAS, BoundRule, area, bind_rules
from policy_gate.engine import Base, BaseState, Setting, collect, evaluate, exit_code, wanted_collectors
from policy_gate.errors import EvidenceError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.gate.bases import Bases
from policy_gate.gate.fleet import (
    FLEET,
    Alone,
    Desk,
    Judged,
    Known,
    NamedRelease,
    Present,
    Share,
    can_fork,
    judge_in_shares,
)
from policy_gate.gate.reading import find_manifests, identity_of, input_of, read_manifest
from policy_gate.gate.request import Report, Request
from policy_gate.gate.trees import open_base, open_trees
from policy_gate.gate.trusted import read_configuration, read_policy, read_trusted
from policy_gate.manifest import Manifest
from policy_gate.model import Input, Record, Stage
from policy_gate.policy.loading import Policy
from policy_gate.policy.pack import ConfigSpec
from policy_gate.source import Digest, Tree, check_path

T = TypeVar("T")


def judge(request: Request) -> Report[Record]:
    """Judge every manifest of a request; raises GateError only where nothing at all could be judged."""
    return judge_each(request, lambda record, _: record)


def judge_each(request: Request, present: Present[T]) -> Report[T]:
    """As `judge`, keeping of each record only what `present` makes of it; a large fleet is judged on all cores."""
    with open_trees(request) as trees:
        head, base, trusted_tree = trees.head, trees.base, trees.trusted
        spec, config, bootstrap, inputs = read_configuration(request, trusted_tree, from_base=trees.policy_from_base)
        policy = read_policy(request, spec, config, trusted_tree, from_base=trees.policy_from_base)
        stage = _stage(request, spec)
        rules = bind_rules(policy.for_stage(stage))
        trusted, trust_inputs = read_trusted(spec, config, trusted_tree, rules)
        bases = Bases(base, spec, partial(open_base, request))
        run = _Run(
            request=request,
            head=head,
            bases=bases,
            rules=rules,
            collectors=wanted_collectors(rules, _all_collectors(rules)),
            base_collectors=wanted_collectors(
                [rule for rule in rules if rule.check.against_base], _all_collectors(rules)
            ),
            policy=policy,
            trusted=trusted,
            stage=stage,
            bootstrap=bootstrap,
            inputs=(*inputs, *policy.inputs, *trust_inputs),
        )
        return run.judge_all(spec, present)


def _stage(request: Request, spec: ConfigSpec) -> Stage:
    """The stage to judge at; against a base the command line may only tighten, and `release` asks for more."""
    if request.base and Stage.RELEASE in (request.stage, spec.stage):
        return Stage.RELEASE
    return request.stage or spec.stage


def _all_collectors(rules: Iterable[BoundRule]) -> tuple[Collector, ...]:
    """The collectors of every area; areas whose rules are not selected may still be taken from."""
    owners = {name for rule in rules for name in (rule.policy_rule.rule.area, rule.check.judges.name.partition(".")[0])}
    needed = list(dict.fromkeys(name for name in AREAS if name in owners))
    collectors: dict[int, Collector] = {}
    for name in needed:
        for collector in area(name).collectors:
            collectors[id(collector)] = collector
            needed.extend(_owners_of(collector, needed))
    return tuple(collectors.values())


def _owners_of(collector: Collector, known: Sequence[str]) -> list[str]:
    owners = dict.fromkeys(kind.name.partition(".")[0] for kind in collector.takes)
    return [name for name in owners if name not in known]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    request: Request
    head: Tree
    bases: Bases
    rules: tuple[BoundRule, ...]
    collectors: tuple[Collector, ...]
    base_collectors: tuple[Collector, ...]
    policy: Policy
    trusted: Trusted
    stage: Stage
    bootstrap: bool
    inputs: tuple[Input, ...]

    def judge_all(self, spec: ConfigSpec, present: Present[T]) -> Report[T]:
        paths = self.request.manifests or find_manifests(self.head, spec.manifests)
        # A release that the base had is missed below, also where having none is allowed.
        if not paths and not (self.request.base and self.bases.paths()):
            return self._nothing(spec)
        judge_share = partial(self._judge_share, spec, paths, present)
        shares = judge_in_shares(judge_share, len(paths)) if self._may_fork(len(paths)) else [judge_share(Alone())]
        found = [one for share in shares for one in share.judged]
        problems = [problem for share in shares for problem in share.problems]
        code = max([2 if problems else 0, *(one.exit_code for one in found)])
        ordered = sorted(found, key=lambda one: one.position)
        return Report(presented=tuple(one.presented for one in ordered), problems=tuple(problems), exit_code=code)

    def _may_fork(self, manifests: int) -> bool:
        """A fleet on disk is shared among processes; trees that talk to a git of their own are not."""
        return manifests >= FLEET and self.request.tree == "working" and can_fork()

    def _judge_share(self, spec: ConfigSpec, paths: Sequence[str], present: Present[T], desk: Desk) -> Share[T]:
        run = self if desk.first else replace(self, bases=self.bases.reopened())
        manifests, problems = run.read_share(paths, desk)
        everywhere = desk.exchange(run.known(manifests.values(), spec, paths))
        if desk.first:
            problems.extend(_same_names(everywhere.names))
            if self.request.base:
                judged_names = (name.name for name in everywhere.names)
                names = chain(judged_names, (other.metadata.name for other in self._others(spec, paths)))
                problems.extend(run.bases.vanished(self.head.exists, names))
        run.digest_all(manifests.values())
        judged = []
        for position, path in desk.mine(paths):
            if path in manifests:
                record = run.judge_one(manifests[path], everywhere.listed)
                judged.append(Judged(position, present(record, len(paths)), exit_code(record)))
        return Share(tuple(judged), tuple(problems))

    def read_share(self, paths: Sequence[str], desk: Desk) -> tuple[dict[str, Manifest], list[Problem]]:
        manifests: dict[str, Manifest] = {}
        problems: list[Problem] = []
        for _, path in desk.mine(paths):
            try:
                manifests[path] = read_manifest(self.head, path)
            except GateError as error:
                problems.extend(error.problems)
        return manifests, problems

    def known(self, judged: Iterable[Manifest], spec: ConfigSpec, paths: Sequence[str]) -> Known:
        """What others must know of these manifests: names, and the tree paths that manifests list.

        Manifests that this run does not judge list files too. Against a base only those of the base do:
        what a change adds and nobody judges must not hide a model.
        """
        manifests = tuple(judged)
        names = []
        for manifest in manifests:
            span = manifest.document.span("/metadata/name")
            names.append(NamedRelease(manifest.path, manifest.metadata.name, span.line, span.column))
        unjudged = self.bases.all() if self.request.base else self._others(spec, paths)
        listed = (
            f"{manifest.folder}/{artifact.path}" if manifest.folder else artifact.path
            for manifest in (*manifests, *unjudged)
            for artifact in manifest.artifacts
        )
        # A manifest that was decoded is a document, and need not be opened again to see that it is no model.
        return Known(tuple(names), frozenset((*listed, *(manifest.path for manifest in manifests))))

    def _nothing(self, spec: ConfigSpec) -> Report[T]:
        if spec.allow_none:
            return Report(presented=(), problems=(), exit_code=0, notes=("no manifest, as the configuration allows",))
        patterns = ", ".join(spec.manifests)
        hint = "`policy-gate init` drafts one; `allow_none: true` in the configuration accepts that there is none"
        raise UsageError(Problem(f"no release manifest in {self.head.label} (looked for {patterns})", hint=hint))

    def _others(self, spec: ConfigSpec, paths: Sequence[str]) -> Iterator[Manifest]:
        """The head's manifests that this run does not judge; what cannot be read counts for nothing."""
        for path in sorted(set(find_manifests(self.head, spec.manifests)) - set(paths)):
            try:
                yield read_manifest(self.head, path)
            except GateError:
                continue

    def digest_all(self, manifests: Iterable[Manifest]) -> None:
        """Hash every artifact of every manifest at once, so that all cores share the work."""
        paths: dict[str, None] = {}
        for manifest in manifests:
            for artifact in manifest.artifacts:
                try:
                    relative = check_path(artifact.path)
                except EvidenceError:
                    continue  # the fingerprint collector reports it, with its place
                paths[f"{manifest.folder}/{relative}" if manifest.folder else relative] = None
        found = self.head.digests(paths, self.request.progress)
        for path, digest in found.items():
            self.head.memo(f"digest:{path}", partial(_given, digest))

    def judge_one(self, manifest: Manifest, listed: frozenset[str]) -> Record:
        history, base_manifest = self.bases.history(manifest)
        facts = collect(self.collectors, self._evidence(manifest, self.head, history, listed))
        base = self._base(history, base_manifest)
        setting = Setting(
            manifest=manifest.document,
            release=identity_of(manifest, self.head),
            stage=self.stage,
            today=self.request.today.isoformat(),
            tool_version=__version__,
            policy_names=self.policy.names,
            policy_source=self.trusted.source,
            bootstrap=self.bootstrap,
            inputs=(input_of("manifest", self.head, manifest.document), *self.inputs),
            limits=self._limits(),
        )
        return evaluate(self.rules, facts, base, setting)

    def _limits(self) -> tuple[str, ...]:
        if self.request.base:
            return ()
        return ("policies were read from the tree that is judged: this is advice, not a boundary",)

    def _evidence(self, manifest: Manifest, tree: Tree, history: History, listed: frozenset[str]) -> Evidence:
        return Evidence(
            manifest=manifest,
            tree=tree,
            trusted=self.trusted,
            facts=FactBook(),
            today=self.request.today,
            stage=self.stage,
            history=history,
            listed_files=listed,
        )

    def _base(self, history: History, found: Manifest | GateError | None) -> Base:
        if not history.base_known:
            return Base(state=BaseState.NO_BASE)
        if isinstance(found, GateError):
            return Base(state=BaseState.BROKEN, detail=str(found))
        if found is None or self.bases.tree is None:
            return Base(state=BaseState.FIRST_RELEASE)
        own = History(base_known=False)
        evidence = self._evidence(found, self.bases.tree, own, frozenset())
        return Base(
            state=BaseState.FOUND,
            identity=identity_of(found, self.bases.tree),
            facts=collect(self.base_collectors, evidence),
        )


def _given(digest: Digest | EvidenceError) -> Digest | EvidenceError:
    return digest


def _same_names(names: Iterable[NamedRelease]) -> Iterator[Problem]:
    first: dict[str, NamedRelease] = {}
    for one in names:
        other = first.setdefault(one.name, one)
        if other is not one:
            message = f"release '{one.name}' is already described by {other.path}"
            yield Problem(message, one.path, one.line, one.column)
