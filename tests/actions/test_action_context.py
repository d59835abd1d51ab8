from __future__ import annotations

from dataclasses import replace

import pytest
from action_world import Pull, environment, pull_event, repository_tree

from policy_gate.actions.context import resolve
from policy_gate.actions.event import read_event
from policy_gate.actions.inputs import Inputs
from policy_gate.actions.runner import read_runner
from policy_gate.errors import GateError, UsageError
from policy_gate.model import Stage

NEW = {"release.yaml": "name: changed\n"}
MAIN = {"GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main"}


@pytest.fixture
def context(tmp_path):
    """The context of an event in a clone, or its refusal."""

    def ask(root, kind, payload, sha="", inputs=Inputs(), **more):  # noqa: B008  # frozen
        runner = read_runner(environment(tmp_path / "run", kind, payload, sha, **more))
        return resolve(read_event(runner), inputs, runner, root)

    return ask


def refused(ask, *words: str) -> None:
    with pytest.raises(UsageError) as error:
        ask()
    text = str(error.value)
    assert all(word in text for word in words), text


def push(before: str, **more: object) -> dict[str, object]:
    return {"before": before, "repository": repository_tree(), **more}


def test_a_merge_two_commits_deep_is_judged_by_its_first_parent(repository, context, tmp_path) -> None:
    pull = repository.pull(NEW)
    clone = repository.clone(tmp_path / "clone", pull.merge, depth=2)
    found = context(clone.root, "pull_request", pull_event(replace(pull, base="e" * 40)), pull.merge)
    assert (found.judged, found.head, found.base) == (pull.merge, pull.head, pull.base)


def test_the_merge_is_judged_by_the_base_it_is_into_and_not_by_an_older_one(repository, context) -> None:
    older = repository.oid("main")
    repository.commit({"other.txt": "x"})
    pull = repository.pull(NEW)
    found = context(repository.root, "pull_request", pull_event(replace(pull, base=older)), pull.merge)
    assert found.base == pull.base != older


def test_a_clone_one_commit_deep_is_refused_with_what_mends_it(repository, context, tmp_path) -> None:
    pull = repository.pull(NEW)
    clone = repository.clone(tmp_path / "clone", pull.merge, depth=1)
    event = pull_event(pull)
    refused(
        lambda: context(clone.root, "pull_request", event, pull.merge),
        "fetch-depth: 2",
        f"git fetch --no-tags --depth=1 origin {pull.base}",
    )
    clone.git("fetch", "-q", "--no-tags", "--depth=1", "origin", pull.base)
    assert context(clone.root, "pull_request", event, pull.merge).base == pull.base


@pytest.mark.parametrize("kind", ["pull_request", "pull_request_target", "pull_request_review"])
def test_the_head_itself_is_judged_by_the_base_of_the_event(repository, context, kind) -> None:
    pull = repository.pull(NEW)
    repository.git("checkout", "-q", pull.head)
    found = context(repository.root, kind, pull_event(pull), pull.merge)
    assert (found.judged, found.base, found.occasion) == (pull.head, pull.base, None)


def test_a_head_whose_base_is_not_here_is_refused_with_the_command_that_fetches_it(
    repository, context, tmp_path
) -> None:
    pull = repository.pull(NEW)
    clone = repository.clone(tmp_path / "clone", pull.head, depth=1)
    refused(
        lambda: context(clone.root, "pull_request", pull_event(pull), pull.merge),
        f"git fetch --no-tags --depth=1 origin {pull.base}",
    )


def test_nobody_chooses_the_base_by_a_merge_of_ones_own(repository, context) -> None:
    """A merge that GitHub does not name: its first parent would be a commit of its author's."""
    pull = repository.pull(NEW)
    repository.git("checkout", "-q", "--detach", "main")
    kinder = repository.commit({"policy-gate.yaml": "kinder"})
    repository.git("merge", "-q", "--no-ff", "-m", "mine", pull.head)
    found = context(repository.root, "pull_request", pull_event(pull), pull.merge)
    assert found.base == pull.base != kinder


def test_a_merge_from_before_the_pull_request_was_aimed_elsewhere_does_not_judge(repository, context) -> None:
    pull = repository.pull(NEW)
    repository.git("branch", "other", f"{pull.base}")
    repository.git("checkout", "-q", "other")
    other = repository.commit({"other.txt": "x"})
    repository.git("checkout", "-q", "--detach", pull.merge)
    aimed = {
        **pull_event(replace(pull, base=other)),
        "action": "edited",
        "changes": {"base": {"ref": {"from": "main"}}},
    }
    refused(lambda: context(repository.root, "pull_request", aimed, pull.merge), "GitHub's merge is still with")
    back = {**aimed, "pull_request": pull_event(pull)["pull_request"]}
    assert context(repository.root, "pull_request", back, pull.merge).base == pull.base
    titled = {**pull_event(replace(pull, base=other)), "action": "edited", "changes": {"title": {"from": "x"}}}
    assert context(repository.root, "pull_request", titled, pull.merge).base == pull.base


def test_a_head_that_is_itself_a_merge_is_judged_by_the_base_of_the_event(repository, context) -> None:
    base = repository.oid("main")
    repository.git("checkout", "-q", "-b", "kinder")
    repository.commit({"policy-gate.yaml": "kinder"})
    repository.git("checkout", "-q", "-b", "side", "main")
    repository.commit(NEW)
    repository.git("checkout", "-q", "kinder")
    repository.git("merge", "-q", "--no-ff", "-m", "mine", "side")
    head = repository.oid("HEAD")
    found = context(repository.root, "pull_request", pull_event(Pull(base, head, "d" * 40)), head)
    assert found.base == base


def test_the_default_checkout_of_pull_request_target_is_the_base_and_refused(repository, context) -> None:
    pull = repository.pull(NEW)
    repository.git("checkout", "-q", "main")
    refused(
        lambda: context(repository.root, "pull_request_target", pull_event(pull), pull.base),
        "the base branch, and not the pull request",
        "refs/pull/7/merge",
        "persist-credentials: false",
    )


def test_a_checkout_that_is_neither_head_nor_merge_is_refused(repository, context) -> None:
    pull = repository.pull(NEW)
    repository.commit({"more.txt": "made by a step"})
    refused(
        lambda: context(repository.root, "pull_request", pull_event(pull), pull.merge),
        "neither the pull request's head",
        "before any step that commits",
    )


def test_a_pull_request_that_is_its_own_base_is_refused_at_every_stage(repository, context) -> None:
    base = repository.oid("main")
    pull = Pull(base, base, base)
    for inputs in (Inputs(), Inputs(stage=Stage.RELEASE), Inputs(bundle="out")):
        refused(
            lambda inputs=inputs: context(repository.root, "pull_request", pull_event(pull), base, inputs),
            "the very commit that judges",
        )


def test_another_tree_than_the_pull_requests_is_refused(repository, context) -> None:
    pull = repository.pull(NEW)
    for tree in ("main", pull.base, "HEAD~1"):
        refused(
            lambda tree=tree: context(repository.root, "pull_request", pull_event(pull), pull.merge, Inputs(tree=tree)),
            "the base branch, and not the pull request",
        )
    found = context(repository.root, "pull_request", pull_event(pull), pull.merge, Inputs(tree="HEAD"))
    assert found.judged == pull.merge


@pytest.mark.parametrize("kind", ["pull_request", "pull_request_target", "merge_group"])
def test_a_pull_request_cannot_name_the_commit_that_judges(repository, context, kind) -> None:
    pull = repository.pull(NEW)
    group = {"merge_group": {"head_sha": pull.merge, "base_sha": pull.base}, "repository": repository_tree()}
    payload = group if kind == "merge_group" else pull_event(pull)
    refused(
        lambda: context(repository.root, kind, payload, pull.merge, Inputs(base="work")),
        "the input `base`",
        "record:PATH",
    )
    assert context(repository.root, kind, payload, pull.merge, Inputs(base="record:last.json")).base == pull.base


@pytest.mark.parametrize("kind", ["pull_request", "pull_request_target", "pull_request_review", "merge_group"])
def test_a_pull_request_whose_event_does_not_say_which_names_no_base_either(repository, context, kind) -> None:
    pull = repository.pull(NEW)
    for payload in ({"repository": repository_tree()}, {**pull_event(pull), "pull_request": None}):
        with pytest.raises(GateError, match=r"is not an object"):
            context(repository.root, kind, payload, pull.merge, Inputs(base="work"))


@pytest.mark.parametrize("place", ["refs/heads", "refs/tags", "refs"])
def test_a_ref_that_is_called_like_the_commit_that_judges_is_not_it(repository, context, place) -> None:
    pull = repository.pull(NEW)
    oid = "e" * 64  # of a length that git takes for a name here
    repository.git("update-ref", f"{place}/{oid}", pull.base)
    repository.git("checkout", "-q", pull.head)
    event = pull_event(replace(pull, base=oid))
    refused(lambda: context(repository.root, "pull_request", event, pull.merge), "is not in this clone")


def test_a_merge_group_is_judged_by_its_base(repository, context, tmp_path) -> None:
    pull = repository.pull(NEW)
    payload = {"merge_group": {"head_sha": pull.merge, "base_sha": pull.base}, "repository": repository_tree()}
    found = context(repository.root, "merge_group", payload, pull.merge)
    assert (found.judged, found.head, found.base) == (pull.merge, pull.merge, pull.base)
    shallow = repository.clone(tmp_path / "clone", pull.merge, depth=1)
    refused(lambda: context(shallow.root, "merge_group", payload, pull.merge), f"origin {pull.base}")
    repository.git("checkout", "-q", pull.head)
    refused(lambda: context(repository.root, "merge_group", payload, pull.merge), "neither the merge group's head")


def test_a_push_to_the_default_branch_is_judged_by_what_it_was_before(repository, context) -> None:
    before = repository.oid("main")
    repository.commit({"other.txt": "x"})
    after = repository.commit({"other.txt": "y"})
    found = context(repository.root, "push", push(before), after, **MAIN)
    assert (found.judged, found.base) == (after, before)
    gone = push("e" * 40)
    refused(lambda: context(repository.root, "push", gone, after, **MAIN), "before the push", "origin " + "e" * 40)
    refused(lambda: context(repository.root, "push", push(after), after, **MAIN), "the very commit that judges")
    refused(lambda: context(repository.root, "push", push(before, deleted=True), after, **MAIN), "was deleted")


def test_a_push_to_another_branch_is_not_judged_by_what_was_pushed_there_before(repository, context) -> None:
    main = repository.oid("main")
    repository.git("checkout", "-q", "-b", "work")
    kinder = repository.commit({"policy-gate.yaml": "kinder"})
    after = repository.commit(NEW)
    work = {"GITHUB_REF": "refs/heads/work", "GITHUB_REF_NAME": "work"}
    refused(lambda: context(repository.root, "push", push(kinder), after, **work), "the default branch `main`")
    repository.git("update-ref", "refs/remotes/origin/main", main)
    assert context(repository.root, "push", push(kinder), after, **work).base == main
    assert context(repository.root, "push", push(kinder), after, Inputs(base=kinder), **work).base == kinder


def test_a_new_branch_is_judged_by_the_default_branch(repository, context) -> None:
    main = repository.oid("main")
    repository.git("checkout", "-q", "-b", "fresh")
    repository.commit(NEW)
    refused(
        lambda: context(repository.root, "push", push("0" * 40)),
        "the default branch `main`",
        "git fetch --no-tags --depth=1 origin main:refs/remotes/origin/main",
    )
    repository.git("update-ref", "refs/remotes/origin/main", main)
    assert context(repository.root, "push", push("0" * 40)).base == main


def test_a_tag_that_is_called_like_the_default_branch_does_not_judge(repository, context) -> None:
    main = repository.oid("main")
    repository.git("checkout", "-q", "-b", "fresh")
    evil = repository.commit({"policy-gate.yaml": "kinder"})
    for name in ("origin/main", "remotes/origin/main", "refs/remotes/origin/main"):
        repository.git("tag", name, evil)
        repository.git("branch", name, evil)
    repository.commit(NEW)
    refused(lambda: context(repository.root, "push", push("0" * 40)), "the default branch `main`")
    repository.git("update-ref", "refs/remotes/origin/main", main)
    assert context(repository.root, "push", push("0" * 40)).base == main


@pytest.mark.parametrize(
    ("kind", "payload", "occasion"),
    [
        ("push", push("0" * 40), "tag"),
        ("workflow_dispatch", {"repository": repository_tree()}, "tag"),
        ("release", {"release": {"tag_name": "v1"}, "repository": repository_tree()}, "publish"),
    ],
)
def test_a_tag_and_a_publication_are_judged_by_the_default_branch_also_at_its_tip(
    repository, context, kind, payload, occasion
) -> None:
    main = repository.oid("main")
    tagged = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1", "GITHUB_REF": "refs/tags/v1"}
    refused(lambda: context(repository.root, kind, payload, main, **tagged), "the default branch `main`", "git fetch")
    repository.git("update-ref", "refs/remotes/origin/main", main)
    found = context(repository.root, kind, payload, main, **tagged)
    assert (found.base, found.judged, found.occasion) == (main, main, occasion)


def test_a_manual_run_on_the_default_branch_needs_a_base_or_a_stage(repository, context) -> None:
    first = repository.oid("main")
    main = repository.commit({"other.txt": "x"})
    repository.git("update-ref", "refs/remotes/origin/main", main)
    payload = {"repository": repository_tree()}
    refused(lambda: context(repository.root, "workflow_dispatch", payload, main), "input `base`", "stage: release")
    assert context(repository.root, "workflow_dispatch", payload, main, Inputs(base="HEAD~1")).base == first
    assert (
        context(repository.root, "schedule", {}, main, Inputs(stage=Stage.RELEASE), GITHUB_REF_NAME="main").base == main
    )
    refused(
        lambda: context(repository.root, "workflow_dispatch", payload, main, Inputs(base="gone")),
        "the input `base` is `gone`",
        "git fetch",
    )


@pytest.mark.parametrize("name", ["base", "tree"])
@pytest.mark.parametrize("revision", ["--upload-pack=x", "^main", "a b", "main:policy-gate.yaml", "x" * 300])
def test_what_is_no_revision_is_refused(repository, context, name, revision) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "main")
    payload, inputs = {"repository": repository_tree()}, Inputs(**{name: revision})
    with pytest.raises(GateError, match=r"is no revision|is not in this clone"):
        context(repository.root, "workflow_dispatch", payload, "", inputs)


def test_a_second_stage_judges_nothing(repository, context) -> None:
    run = {"id": 5, "event": "pull_request", "head_sha": "e" * 40, "head_branch": "w", "head_repository": None}
    refused(
        lambda: context(repository.root, "workflow_run", {"workflow_run": run, "repository": repository_tree()}),
        "policy-gate post --fork",
    )


def test_a_folder_without_a_clone_is_refused(tmp_path, context) -> None:
    (tmp_path / "empty").mkdir()
    refused(lambda: context(tmp_path / "empty", "push", push("e" * 40)), "actions/checkout")


def test_a_clone_without_a_commit_is_refused(tmp_path, context, git) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    refused(lambda: context(tmp_path / "empty", "push", push("e" * 40)), "has no commit")
