"""Files that run the gate are compared line by line: pins apart, and what switches the gate off named as looser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.gate.watched_lines import MAX_CHANGED_LINES, MAX_LINE_CHARS, line_changes

COMMIT, OTHER = "0123456789" * 4, "abcdef0123" * 4
WORKFLOW = f"""\
on: [pull_request]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: acme/policy-gate-action@{COMMIT}
        with: {{base: main}}
      - run: policy-gate check --base main --stage release
"""
HOOKS = """\
repos:
  - repo: https://example.invalid/ruff
    rev: v1
    hooks: [{id: ruff}]
  - repo: https://example.invalid/policy-gate
    rev: v0.1.0
    hooks:
      - id: policy-gate-check
"""


def changes(before: str, after: str, **more: bool) -> list[tuple[str, str]]:
    return [(one.name, one.change.value) for one in line_changes(before, after, **more)]


def edited(old: str, new: str, text: str = WORKFLOW) -> list[tuple[str, str]]:
    assert text.count(old) == 1
    return changes(text, text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--stage release", "--stage release || true"),
        ("--stage release", "--stage release || :"),
        ("--stage release", "--stage release || exit 0"),
        ("--stage release", "--stage release; true"),
        ("--stage release", "--stage release --fail-on never"),
        ("--stage release", "--stage release --fail-on=never"),
        ("with: {base: main}", "with: {base: main, fail-on: never}"),
        ("with: {base: main}", 'with: {base: main, "fail-on": "never"}'),
        ("with: {base: main}", "continue-on-error: true\n        with: {base: main}"),
        ("with: {base: main}", "if: github.actor != 'me'\n        with: {base: main}"),
        ("with: {base: main}", '"if" : false\n        with: {base: main}'),
        ("    runs-on", "    if: false\n    runs-on"),
        ("    runs-on", "    continue-on-error: ${{ true }}\n    runs-on"),
        ("on: [pull_request]", "on: [push]"),
        ("on: [pull_request]", "on: {pull_request: {paths: [docs/**]}}"),
        ("--base main", ""),
        ("--base main", "--no-base"),
        ("--stage release", "--stage candidate"),
        ("run: policy-gate", "run: set +e; policy-gate"),
        ("      - run: policy-gate check --base main --stage release\n", ""),
        ("      - run: policy-gate check", "      # - run: policy-gate check"),
        ("run: policy-gate check", "run: make check"),
        # What cannot be compared counts as looser: a line that runs the gate is not written anew by itself.
        ("run: policy-gate check", "run: echo policy-gate check"),
        ("run: policy-gate check", "run: '! policy-gate check"),
        ("--stage release", "--stage release | tee log"),
        ("--stage release", "--stage release &"),
        ("--stage release", "--stage release --help"),
        ("--stage release", "--stage release --config weak.yaml"),
        ("--stage release", "--stage release || [ -f log ]"),
        ("--stage release", '--stage release "--fail-on" "never"'),
        ("--base main", "--base weak"),
        ("{base: main}", "{base: weak}"),
        ("--base main", "--base main --base record:kind.json"),
        ("with: {base: main}", "with: {base: 'record:${{ runner.temp }}/kind.json'}"),
        ("      - run", "      - env: {BASE: 'bundle:$RUNNER_TEMP/kind'}\n      - run"),
        ("with: {base: main}", "with: {base: main}\n        shell: echo {0}"),
        ("with: {base: main}", 'with: {base: main}\n        "continue\\x2don-error": true'),
        ("with: {base: main}", "with: {base: main}\n        <<: *quiet"),
        ("actions/checkout@v4", "actions/checkout@v4\n        with: {ref: main}"),
        ("      - run", "      - run: alias policy-gate=true\n      - run"),
    ],
)
def test_what_switches_the_gate_off_is_looser(old, new) -> None:
    assert [one[1] for one in edited(old, new)] == ["looser"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ubuntu-latest", "ubuntu-24.04"),
        ("actions/checkout@v4", "actions/checkout@v5"),
        ("      - run", "      - run: make\n      - run"),
        ("with: {base: main}", "continue-on-error: false\n        with: {base: main}"),
        ("--stage release", "--stage release --fail-on warned -v"),
    ],
)
def test_any_other_line_of_a_workflow_that_runs_the_gate_is_different(old, new) -> None:
    assert [one[1] for one in edited(old, new)] == ["different"]


def test_a_pin_that_moves_to_another_commit_is_a_row_of_its_own() -> None:
    (row,) = line_changes(WORKFLOW, WORKFLOW.replace(COMMIT, OTHER))
    assert (row.name, row.before, row.after) == ("pin acme/policy-gate-action", COMMIT, OTHER)
    assert (row.change.value, row.line) == ("different", 7)


@pytest.mark.parametrize("moving", ["v1", "main", COMMIT[:12]])
def test_a_pin_that_is_no_commit_any_more_is_looser(moving) -> None:
    assert edited(COMMIT, moving) == [("pin acme/policy-gate-action", "looser")]


def test_an_action_of_somebody_else_under_the_same_name_is_looser_for_the_first() -> None:
    found = edited("acme/policy-gate-action", "mallory/policy-gate-action")
    assert ("pin acme/policy-gate-action", "looser") in found
    assert ("pin mallory/policy-gate-action", "different") in found


def test_a_step_that_is_commented_out_is_looser_and_so_is_its_pin() -> None:
    found = edited("      - uses: acme/", "      # - uses: acme/")
    assert ("pin acme/policy-gate-action", "looser") in found


def test_a_second_line_that_goes_on_after_a_failure_is_looser_though_one_was_there() -> None:
    before = WORKFLOW + "      - run: make docs || true\n"
    after = before.replace("{base: main}", "{base: main}\n      - run: make docs || true")
    assert [one[1] for one in changes(before, after)] == ["looser"]


def test_lines_that_only_moved_down_are_the_same_lines() -> None:
    found = changes(WORKFLOW, "# a comment\n\n" + WORKFLOW)
    assert found == [("line 1", "different")]


def test_a_space_at_the_end_of_a_line_counts_since_a_shell_reads_it() -> None:
    before = WORKFLOW.replace("check --base", "check \\\n          --base")
    assert [one[1] for one in changes(before, before.replace("check \\\n", "check \\ \n"))] == ["different"]


def test_hooks_of_others_are_not_ours_to_judge() -> None:
    assert changes(HOOKS, HOOKS.replace("rev: v1", "rev: v2"), in_entries=True) == []


def test_the_revision_of_our_hook_is_a_pin() -> None:
    found = changes(HOOKS, HOOKS.replace("v0.1.0", "v0.2.0"), in_entries=True)
    assert found == [("pin https://example.invalid/policy-gate", "different")]


@pytest.mark.parametrize(
    "after",
    [
        HOOKS.replace("      - id: policy-gate-check\n", "      - id: policy-gate-check\n        stages: [manual]\n"),
        HOOKS.replace("      - id: policy-gate-check\n", "      - id: policy-gate-check\n        exclude: .*\n"),
        HOOKS[: HOOKS.index("  - repo: https://example.invalid/policy-gate")],
        HOOKS.replace("      - id: policy-gate-check", "      # - id: policy-gate-check"),
        HOOKS + "        files: ^$\n",
        HOOKS + "        entry: 'true'\n",
        HOOKS + "        args: [--fail-on, never]\n",
        HOOKS + "        types: [symlink]\n",
    ],
)
def test_a_hook_that_does_not_run_any_more_is_looser(after) -> None:
    assert "looser" in [one[1] for one in changes(HOOKS, after, in_entries=True)]


def test_what_stands_beside_all_hooks_is_compared_too() -> None:
    found = changes(HOOKS, "default_stages: [manual]\n" + HOOKS, in_entries=True)
    assert found == [("line 1", "looser")]


@pytest.mark.parametrize(
    "text",
    [
        '{repos: [{repo: "https://example.invalid/policy-gate", rev: v1, hooks: [{id: other}]}]}\n',
        HOOKS.replace("rev: v1", "rev: &first v1"),
        HOOKS + "repos:\n  - repo: local\n",
    ],
)
def test_a_file_that_is_not_plainly_written_is_compared_as_a_whole(text) -> None:
    assert changes(text, text.replace("v1", "v2"), in_entries=True) != []


def test_a_line_that_nobody_can_read_is_looser() -> None:
    assert edited("ubuntu-latest", "x" * (MAX_LINE_CHARS + 1))[0][1] == "looser"


@pytest.mark.parametrize(
    "text",
    [
        "uses: " + "policy-gate" * 40_000 + "\n",
        "run: " + "|| " * 100_000 + "\n",
        "policy-gate\n" * 50_000,
        "a\nb\n" * (MAX_CHANGED_LINES // 4),
        ("fail-on" + " " * (MAX_LINE_CHARS - 10) + "\n") * 200,
        (",uses:policy-gate" * 240 + "\n") * 200,
        ("policy-gate " + "--stage release " * 200 + "\n") * 200,
    ],
)
def test_a_text_that_is_made_to_take_for_ever_comes_to_an_end(text) -> None:
    assert list(line_changes(WORKFLOW, text, in_entries=True))
    assert list(line_changes(text, text[::-1]))


LINES = st.lists(
    st.sampled_from([*WORKFLOW.splitlines(), *HOOKS.splitlines(), "", "# x", "repos:", "- repo: x", "  if: false"]),
    max_size=12,
).map("\n".join)


@settings(deadline=None)
@given(LINES, LINES)
def test_two_texts_that_differ_in_more_than_blank_lines_have_a_difference(one, other) -> None:
    found = changes(one, other)
    plain = [[line for line in text.split("\n") if line.strip()] for text in (one, other)]
    if plain[0] != plain[1]:
        assert found
    assert changes(one, one, in_entries=True) == []
