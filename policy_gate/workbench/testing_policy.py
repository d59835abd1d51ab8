"""What the cases of one test file are judged with: records, the policy of each stage and day, exceptions."""

from __future__ import annotations

import json
import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from policy_gate.catalogue import fact_types
from policy_gate.document import Document, join, load_json, problem
from policy_gate.errors import DocumentError, EvidenceError, PolicyError, Problem
from policy_gate.gate import MAX_DOCUMENT_BYTES, read_document
from policy_gate.gate.exempting import Exceptions
from policy_gate.gate.judge import Judges
from policy_gate.gate.trusted import Configuration, PolicyFiles, read_configuration
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.exceptions import NO_PROOF, Proof
from policy_gate.record import ENVELOPE, decode_record
from policy_gate.source import check_path

if TYPE_CHECKING:
    from policy_gate.model import Record, Stage
    from policy_gate.policy.baseline import Baseline
    from policy_gate.policy.loading import Policy
    from policy_gate.policy.waivers import Waiver
    from policy_gate.source import Tree
    from policy_gate.workbench.testing_file import Case, PolicyTest

MAX_RECORD_BYTES = 16 * 1024 * 1024


class Bench:
    """Reads what a test file names, each file once, and binds its policy once for each stage and day."""

    def __init__(self, tree: Tree, document: Document, test: PolicyTest) -> None:
        """Read the configuration that is tested; raises GateError."""
        self._tree = tree
        self._document = document
        self._test = test
        self._configuration = self._configured()
        self._records: dict[str, Record] = {}
        self._judges: dict[tuple[Stage, str], Judges] = {}
        self._files: dict[str, PolicyFiles] = {}

    def record(self, case: Case, pointer: str) -> Record:
        """The record that a case patches, at the stage of the case; raises PolicyError where it is none."""
        name, at = (
            (case.record, join(pointer, "record")) if case.record else (self._test.defaults.record, "/defaults/record")
        )
        path = self._beside(name or "", at)
        if path not in self._records:
            self._records[path] = self._read_record(path, at)
        found = self._records[path]
        return replace(found, stage=case.stage or self._test.defaults.stage or found.stage)

    def today(self, record: Record, case: Case) -> str:
        """The day of a case: its own, that of the file, else that of its record."""
        return case.now or self._test.defaults.now or record.today

    def judges(self, stage: Stage, today: str) -> Judges:
        """The policy at a stage on a day, bound; raises GateError."""
        if (stage, today) not in self._judges:
            policy = self._files_of(today).policy(self._configuration.spec.policy, stage)
            self._judges[stage, today] = Judges(policy, stage, today)
        return self._judges[stage, today]

    @property
    def policy(self) -> Policy:
        """The policy as the last case was judged by it, with the rules of every stage."""
        return list(self._judges.values())[-1].usual.policy

    def exceptions(self, case: Case, pointer: str, today: str) -> Exceptions | None:
        """The waivers and the baseline that a case names; those of the configuration play no part."""
        if case.waivers is None and case.baseline is None:
            return None
        waivers = self._waivers(case.waivers, join(pointer, "waivers")) if case.waivers is not None else ()
        baseline, path = None, ""
        if case.baseline is not None:
            path = self._beside(case.baseline, join(pointer, "baseline"))
            baseline = self._baseline(path, join(pointer, "baseline"))
        return Exceptions(
            waivers=waivers,
            baseline=baseline,
            proofs={one.id: self._proof(one, today) for one in waivers},
            source="test",
            today=today,
            baseline_path=path,
            inputs=(),
        )

    def _files_of(self, today: str) -> PolicyFiles:
        if today not in self._files:
            self._files[today] = PolicyFiles(self._configuration, today)
        return self._files[today]

    def _configured(self) -> Configuration:
        if self._test.config is not None:
            path = self._beside(self._test.config, "/config")
            self._read(path, "/config", MAX_DOCUMENT_BYTES)  # that it is not there is said at its place
            return read_configuration(path, self._tree, from_base=False)
        names = tuple(
            one if ":" in one else self._beside(one, join("/policy", position))
            for position, one in enumerate(self._test.policy or ())
        )
        spec = ConfigSpec(policy=names)
        return Configuration(tree=self._tree, spec=spec, document=None, bootstrap=False, inputs=())

    def _beside(self, name: str, pointer: str) -> str:
        """A path of the test file as one of the tree: relative to the file's own folder, never out of the tree."""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(self._document.path), name))
        try:
            return check_path(name if name.startswith("/") else joined)
        except EvidenceError as error:
            raise PolicyError(problem(self._document, pointer, f"{error.reason.value}: {error.detail}")) from error

    def _read(self, path: str, pointer: str, limit_bytes: int) -> bytes:
        try:
            return self._tree.read(path, limit_bytes)
        except EvidenceError as error:
            message = f"{path}: {error.reason.value}: {error.detail}"
            raise PolicyError(problem(self._document, pointer, message, error.fix)) from error

    def _read_record(self, path: str, pointer: str) -> Record:
        content = self._read(path, pointer, MAX_RECORD_BYTES)
        try:
            return decode_record(_only_record(content), fact_types())
        except DocumentError as error:
            message = error.problems[0].message.partition("\n")[0]
            raise DocumentError(
                [problem(self._document, pointer, f"{path}: {message}"), Problem(message, path)]
            ) from error

    def _waivers(self, name: str, pointer: str) -> tuple[Waiver, ...]:
        from policy_gate.policy.waiver_file import load_waivers

        path = self._beside(name, pointer)
        self._read(path, pointer, MAX_DOCUMENT_BYTES)
        return load_waivers(read_document(self._tree, path))

    def _baseline(self, path: str, pointer: str) -> Baseline:
        from policy_gate.policy.baseline import LIMITS, load_baseline

        return load_baseline(load_json(self._read(path, pointer, LIMITS.max_bytes), path, LIMITS))

    def _proof(self, waiver: Waiver, today: str) -> Proof:
        if not waiver.approval:
            return NO_PROOF
        return self._files_of(today).proves(waiver.digest, waiver.approval, waiver.owner)


def _only_record(content: bytes) -> bytes | str:
    """The record in a report of `check --format json` about one release; else the file itself."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):
        return content  # the reader of records says what is wrong
    if not isinstance(tree, dict) or tree.get("schema") != ENVELOPE:
        return content
    records = tree.get("records")
    if not isinstance(records, list) or len(records) != 1:
        raise DocumentError("the report holds not exactly one record")
    return json.dumps(records[0])
