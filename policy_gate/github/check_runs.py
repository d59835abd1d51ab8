"""A check run of our own: completed by its first request, its annotations in batches, each sent once."""

from __future__ import annotations

from policy_gate.frozen import dataclass
from policy_gate.github.answers import number_at, text_at
from policy_gate.github.client import Client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.once import write_once
from policy_gate.github.posted import Missed, Part, missed
from policy_gate.github.pulls import below, object_id
from policy_gate.github.sticky import same_text
from policy_gate.publication import Annotation, CheckRun

BATCH = 50
"""Annotations of one request, by GitHub's description; updates add more."""
MAX_ANNOTATIONS = 200
MAX_RUN_PAGES = 10
_WHAT = "the check run"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """A check run that GitHub has, and how many annotations it shows."""

    id: int
    shown: int
    same_words: bool


def write_check_run(client: Client, repository: str, head: str, external_id: str, check: CheckRun) -> Part:
    """Let a completed check run stand on the commit `head`; `external_id` tells this run's from all others.

    Where the newest of this name says exactly the same, from an earlier attempt, nothing is written.
    """
    return _Writing(client, repository, object_id(head), external_id, check).write()


class _Writing:
    """The writing of one check run, as it goes: the writes made so far."""

    def __init__(self, client: Client, repository: str, head: str, external_id: str, check: CheckRun) -> None:
        self._client = client
        self._repository = repository
        self._head = head
        self._external_id = external_id
        self._check = check
        self._annotations = check.annotations[:MAX_ANNOTATIONS]
        self._writes: list[str] = []

    def write(self) -> Part:
        """Create or complete it; what fails is said with how much of it stands."""
        total = len(self._annotations)
        try:
            standing = self._find() or self._create(with_annotations=True)
        except GithubError as failure:
            if not (total and failure.kind in (Kind.VALIDATION, Kind.TOO_LONG)):
                return missed(_WHAT, failure)
            return self._without_annotations(failure)
        try:
            self._reword(standing)
        except GithubError as failure:
            return self._part(Missed(what="the words of the check run", why=failure.words))
        return self._annotate(standing.id, standing.shown)

    def _part(self, *rest: Missed) -> Part:
        return Part(writes=tuple(self._writes), missed=rest)

    def _without_annotations(self, refused: GithubError) -> Part:
        """The verdict is worth more than its annotations, one of which GitHub refuses."""
        try:
            self._create(with_annotations=False)
        except GithubError as failure:
            return missed(_WHAT, failure)
        return self._part(self._shown(0, refused))

    def _shown(self, shown: int, failure: GithubError) -> Missed:
        total = len(self._annotations)
        return Missed(
            what=f"{total - shown} of {total} annotations of the check run ({shown} are shown)", why=failure.words
        )

    def _annotate(self, run: int, shown: int) -> Part:
        """Add what is not shown yet, in order; an update adds, so it is no more repeatable than a POST."""
        while shown < len(self._annotations):
            until = min(shown + BATCH, len(self._annotations))
            try:
                self._add(run, shown, until)
            except GithubError as failure:
                return self._part(self._shown(shown, failure))
            self._writes.append(f"added {until - shown} annotations to the check run")
            shown = until
        return self._part()

    def _add(self, run: int, first: int, until: int) -> None:
        path = below(self._repository, "check-runs", run)
        output = self._output(first, until)
        write_once(
            self._client,
            lambda: self._client.patch(path, {"output": output}, repeatable=False),
            lambda: number_at(self._client.get(path), "output", "annotations_count") >= until,
        )

    def _find(self) -> _Standing | None:
        """This run's own, or the newest of its name where that says all of the same."""
        runs = self._runs()
        mine = [run for run in runs if self._external_id and text_at(run, "external_id") == self._external_id]
        if mine:
            return self._standing(mine[-1])
        newest = self._standing(runs[-1]) if runs else None
        return newest if newest and newest.same_words and newest.shown == len(self._annotations) else None

    def _runs(self) -> list[object]:
        """Check runs of this name on the commit, oldest first."""
        path = below(self._repository, "commits", self._head, "check-runs")
        name = self._check.name
        found = self._client.pages(path, most=MAX_RUN_PAGES, list_name="check_runs", check_name=name, filter="all")
        return sorted((run for run in found if text_at(run, "name") == name), key=lambda run: number_at(run, "id"))

    def _standing(self, run: object) -> _Standing:
        texts = {"title": self._check.title, "summary": self._check.summary, "text": self._check.text}
        same = all(same_text(text_at(run, "output", name), text) for name, text in texts.items())
        done = text_at(run, "status") == "completed" and text_at(run, "conclusion") == self._conclusion
        shown = number_at(run, "output", "annotations_count")
        return _Standing(id=number_at(run, "id"), shown=shown, same_words=same and done)

    @property
    def _conclusion(self) -> str:
        """Anything but success is a failure: what neither passed nor failed would let an unjudged release pass."""
        return "success" if self._check.conclusion == "success" else "failure"

    def _output(self, first: int, until: int) -> dict[str, object]:
        rows = [_annotation(one) for one in self._annotations[first:until]]
        text = {"text": self._check.text} if self._check.text else {}
        annotations = {"annotations": rows} if rows else {}
        return {"title": self._check.title, "summary": self._check.summary, **text, **annotations}

    def _create(self, *, with_annotations: bool) -> _Standing:
        """Post it completed, so that a run that dies here leaves nothing that is in progress for ever."""
        until = min(BATCH, len(self._annotations)) if with_annotations else 0
        body = {
            "name": self._check.name,
            "head_sha": self._head,
            "external_id": self._external_id,
            "status": "completed",
            "conclusion": self._conclusion,
            "output": self._output(0, until),
        }
        made: list[_Standing] = []

        def post() -> None:
            answer = self._client.post(below(self._repository, "check-runs"), body)
            made[:] = [_Standing(id=number_at(answer, "id"), shown=until, same_words=True)]

        def stands() -> bool:
            found = self._find()
            made[:] = [found] if found else []
            return bool(found)

        write_once(self._client, post, stands)
        shown = f" with {until} of {len(self._annotations)} annotations" if self._annotations else ""
        self._writes.append(f"created the check run{shown}")
        return made[0]

    def _reword(self, standing: _Standing) -> None:
        if standing.same_words:
            return
        body = {"status": "completed", "conclusion": self._conclusion, "output": self._output(0, 0)}
        self._client.patch(below(self._repository, "check-runs", standing.id), body)
        self._writes.append("edited the check run")


def _annotation(one: Annotation) -> dict[str, object]:
    """One annotation as GitHub's description has it; columns only on one line, and only where both are known."""
    columns: dict[str, object] = {}
    if one.start_line == one.end_line and 0 < one.start_column <= one.end_column:
        columns = {"start_column": one.start_column, "end_column": one.end_column}
    return {
        "path": one.path,
        "start_line": one.start_line,
        "end_line": one.end_line,
        "annotation_level": one.level,
        "title": one.title,
        "message": one.message,
        **columns,
    }
