"""Runs the gate: a record per manifest, and every problem of what could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TypeVar

from policy_gate import __version__
from policy_gate.area import Collector, Evidence, FactBook, History, Trusted
from policy_gate.document import join, problem
from policy_gate.engine import Base, Setting, collect, evaluate, exit_code
from policy_gate.errors import EvidenceError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.gate.asked import fail_on_of, raised_from, refuse_own_base, stage_of
from policy_gate.gate.bases import Bases
from policy_gate.gate.before import Before, before
from policy_gate.gate.earlier import NO_COMPARISON, Comparison
from policy_gate.gate.earlier_source import open_comparison
from policy_gate.gate.exempting import Exceptions, digest_collectors, read_exceptions
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
from policy_gate.gate.judge import Judges
from policy_gate.gate.ledgers import aimed
from policy_gate.gate.proposal import Proposal, joined, read_proposal, with_proposed, with_proposed_base
from policy_gate.gate.reading import claims_of, find_manifests, identity_of, input_of, read_manifest
from policy_gate.gate.request import Report, Request
from policy_gate.gate.reviewing import permission_notes, review
from policy_gate.gate.trees import Trees, open_base, open_trees
from policy_gate.gate.trusted import PolicyFiles, read_configuration, read_policy, read_trusted
from policy_gate.manifest import Manifest
from policy_gate.model import FailOn, Input, Record, Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.direction import ANY_OTHER
from policy_gate.policy.globs import matches
from policy_gate.policy.loading import CONFIGURATION, Policy, place_of
from policy_gate.source import Digest, Tree, check_path

LISTED = "release.every_model_is_listed"

T = TypeVar("T")


def judge(request: Request) -> Report[Record]:
    """Judge every manifest of a request; raises GateError only where nothing at all could be judged."""
    return judge_each(request, lambda record, _: record)


def judge_each(request: Request, present: Present[T]) -> Report[T]:
    """As `judge`, keeping of each record only what `present` makes of it; a large fleet is judged on all cores."""
    with open_trees(request) as trees:
        configuration = read_configuration(request.config, trees.trusted, from_base=trees.policy_from_base)
        if not request.exceptions:
            configuration = configuration.without("waivers", "baseline")
        files = PolicyFiles(configuration, request.today.isoformat())
        run = _run(request, trees, files)
        run.bases.refuse_left_out()
        with open_comparison(request, configuration.spec.manifests) as comparison:
            report = replace(run, comparison=comparison).judge_all(configuration.spec, present)
        return _reviewed(run, trees, files, report)


def _run(request: Request, trees: Trees, files: PolicyFiles) -> Run:
    """Read everything that judges; raises GateError."""
    configuration = files.configuration
    spec = configuration.spec
    stage = stage_of(request, spec)
    refuse_own_base(request, trees)
    also = raised_from(request, spec, stage)
    policy = read_policy(request, files, stage, from_base=trees.policy_from_base, also=also)
    judges = Judges(policy, stage, files.today, also)
    trusted, trusted_inputs = read_trusted(configuration, judges.usual.collectors)
    exceptions = read_exceptions(files)
    if not request.exceptions:  # who drafts a waiver may want to bind it to bytes
        exceptions = replace(exceptions, collectors=digest_collectors())
    inputs = (
        *configuration.inputs,
        *files.inputs,
        *judges.usual.policy.inputs,
        *trusted_inputs,
        *(() if trusted.trust is not None else files.trust_inputs),
        *exceptions.inputs,
    )
    return Run(
        request=request,
        head=trees.head,
        bases=Bases(trees.base, spec, partial(open_base, request)),
        judges=judges,
        proposal=read_proposal(request, trees, stage, inputs) if trees.policy_from_base else None,
        trusted=trusted,
        exceptions=exceptions,
        stage=stage,
        fail_on=fail_on_of(request, files, from_base=trees.policy_from_base),
        bootstrap=configuration.bootstrap,
        inputs=inputs,
    )


def _reviewed(run: Run, trees: Trees, files: PolicyFiles, report: Report[T]) -> Report[T]:
    """A report with what the change does to its judge, or else with notes on the policy."""
    notes = permission_notes(run.judges.usual.policy)
    found = None
    if trees.policy_from_base:
        found = review(run.request, trees, files, run.judges, run.proposal, previews=report.previews)
    if found is None:
        return replace(report, notes=(*report.notes, *notes))
    return replace(report, review=found, exit_code=max(report.exit_code, exit_code(found, run.fail_on)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything one run of the gate judges by, and the two trees it judges."""

    request: Request
    head: Tree
    bases: Bases
    judges: Judges
    proposal: Proposal | None
    trusted: Trusted
    exceptions: Exceptions
    stage: Stage
    fail_on: FailOn
    bootstrap: bool
    inputs: tuple[Input, ...]
    comparison: Comparison = NO_COMPARISON

    def judge_all(self, spec: ConfigSpec, present: Present[T]) -> Report[T]:
        """Judge every manifest of the request, on all cores when there are many."""
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
        return Report(
            presented=tuple(one.presented for one in ordered),
            problems=tuple(problems),
            exit_code=code,
            previews={one.name: one.preview for one in ordered if one.preview is not None},
        )

    def _may_fork(self, manifests: int) -> bool:
        """A fleet on disk is shared among processes; trees that talk to a git of their own are not."""
        return manifests >= FLEET and self.request.tree == "working" and can_fork()

    def _judge_share(self, spec: ConfigSpec, paths: Sequence[str], present: Present[T], desk: Desk) -> Share[T]:
        run = self
        if not desk.first:
            run = replace(self, bases=self.bases.reopened(), comparison=self.comparison.reopened())
        manifests, problems = run.read_share(paths, desk)
        everywhere = desk.exchange(run.known(manifests.values(), spec, paths))
        if desk.first:
            problems.extend(_same_names(everywhere.names))
            problems.extend(idle_budgets(self.judges.usual.policy, everywhere.targets))
            if self.request.base:
                judged_names = (name.name for name in everywhere.names)
                names = chain(judged_names, (other.metadata.name for other in self._others(spec, paths)))
                # What git ignores, or what a submodule holds, lies on disk and is judged by nobody.
                found = {*paths, *(entry.path for entry in self.head.list())}
                problems.extend(run.bases.vanished(found.__contains__, names))
        run.digest_all(manifests.values())
        judged = []
        for position, path in desk.mine(paths):
            try:
                past = run.before(manifests[path]) if path in manifests else None
            except GateError as error:
                problems.extend(error.problems)
                continue
            if past is not None:
                record = run.judge_one(manifests[path], past, everywhere.listed)
                code = exit_code(record, self.fail_on)
                shown = present(record, len(paths))
                judged.append(Judged(position, shown, code, record.release.name, record.preview))
        return Share(tuple(judged), tuple(problems))

    def read_share(self, paths: Sequence[str], desk: Desk) -> tuple[dict[str, Manifest], list[Problem]]:
        """Read the manifests of a share; what cannot be read is a problem, and the others are judged."""
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
        others = tuple(self._others(spec, paths))
        based = tuple(self.bases.all()) if self.request.base else ()
        listed = (
            f"{manifest.folder}/{artifact.path}" if manifest.folder else artifact.path
            for manifest in (*manifests, *(based if self.request.base else others))
            for artifact in manifest.artifacts
        )
        targets = frozenset(target.id for one in (*manifests, *others, *based) for target in one.targets)
        # A manifest that was decoded is a document, and need not be opened again to see that it is no model.
        files = frozenset((*listed, *(manifest.path for manifest in manifests)))
        return Known(tuple(names), files, targets)

    def _nothing(self, spec: ConfigSpec) -> Report[T]:
        if spec.allow_none:
            self._refuse_unlisted(spec)
            return Report(presented=(), problems=(), exit_code=0, notes=("no manifest, as the configuration allows",))
        patterns = ", ".join(spec.manifests)
        hint = "`policy-gate init` drafts one; `allow_none: true` in the configuration accepts that there is none"
        raise UsageError(Problem(f"no release manifest in {self.head.label} (looked for {patterns})", hint=hint))

    def _refuse_unlisted(self, spec: ConfigSpec) -> None:
        """Without a manifest no rule is asked, so that the rule about models under no manifest is held here."""
        if not any(one.policy_rule.rule.check_name == LISTED for one in self.judges.usual.rules):
            return
        for entry in self.head.list():
            if matches(entry.path, spec.models):
                hint = "list it under `artifacts` of a release, or leave it out of `models` in the configuration"
                raise UsageError(Problem("a model is here, and there is no manifest at all", entry.path, hint=hint))

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

    def before(self, manifest: Manifest) -> Before:
        """What a release is compared with; raises GateError where that cannot be established."""
        return before(self.bases, self.comparison, manifest)

    def judge_one(self, manifest: Manifest, past: Before, listed: frozenset[str]) -> Record:
        """Judge one release against what came before it; `listed` are the files that some manifest lists."""
        claims = claims_of(manifest)
        judge = self.judges.of(claims, past.base)
        proposal = self.proposal
        collectors = joined(judge.collectors, self.exceptions.collectors)
        evidence = self._evidence(manifest, self.head, past.history, listed)
        evidence = replace(evidence, trusted=aimed(self.trusted, judge.rules))
        facts = collect(with_proposed(collectors, proposal), evidence)
        base = self._with_facts(past, with_proposed_base(judge.base_collectors, proposal))
        release = identity_of(manifest, self.head)
        setting = Setting(
            claims=claims,
            locate=lambda pointer: place_of(manifest.document, pointer, release.source),
            release=release,
            stage=self.stage,
            today=self.request.today.isoformat(),
            tool_version=__version__,
            policy_names=judge.policy.names,
            policy_source=self.trusted.source,
            bootstrap=self.bootstrap,
            inputs=(input_of("manifest", self.head, manifest.document), *past.inputs, *self.inputs),
            parameters=judge.parameters,
            limits=(*self._limits(), *past.notes),
        )
        exempt = self.exceptions.for_release(release, judge.policy)
        record = evaluate(judge.rules, facts, base, setting, own_rules=judge.own_rules, exempt=exempt)
        return record if proposal is None else proposal.previewed(record, facts, base, setting)

    def _limits(self) -> tuple[str, ...]:
        notes = ["policies were read from the tree that is judged: this is advice, not a boundary"]
        if self.request.base:
            notes = []
        if self.fail_on == "never":
            notes.append("the configuration says fail_on: never, so a blocked release is no failure of the command")
        return tuple(notes)

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

    def _with_facts(self, past: Before, collectors: tuple[Collector, ...]) -> Base:
        if past.manifest is None or past.tree is None:
            return past.base
        evidence = self._evidence(past.manifest, past.tree, History(base_known=False), frozenset())
        return replace(past.base, facts=collect(collectors, evidence))


def idle_budgets(policy: Policy, targets: frozenset[str]) -> Iterator[Problem]:
    """Budgets of the configuration for targets that no manifest has: a budget that judges nothing is a mistake."""
    for name, value in sorted(policy.values.items()):
        setting = value.setting
        if value.parameter.by != "target" or setting is None or setting.origin != CONFIGURATION:
            continue
        for target in sorted(setting.value) if isinstance(setting.value, dict) else ():
            if target not in (*targets, ANY_OTHER):
                known = ", ".join(sorted(targets)) or "none"
                message = f"parameter '{name}' has a value for the target '{target}', which no manifest has"
                yield problem(setting.document, join(setting.pointer, target), message, f"targets: {known}")


def _given(digest: Digest | EvidenceError) -> Digest | EvidenceError:
    return digest


def _same_names(names: Iterable[NamedRelease]) -> Iterator[Problem]:
    first: dict[str, NamedRelease] = {}
    for one in names:
        other = first.setdefault(one.name, one)
        if other is not one:
            message = f"release '{one.name}' is already described by {other.path}"
            yield Problem(message, one.path, one.line, one.column)
