from __future__ import annotations

import os
import shutil

import pytest
from composite import ActionError, Job, run_action

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the steps of an action are run by bash")

INPUTS = "inputs: {name: {default: gate}, flag: {default: 'false'}, token: {default: '${{ github.token }}'}}\n"


@pytest.fixture
def act(tmp_path):
    def run(steps: str, inputs: dict[str, str] | None = None, outputs: str = "", uses: dict | None = None):
        folder = tmp_path / "action"
        folder.mkdir(exist_ok=True)
        (folder / "action.yml").write_text(f"name: n\n{INPUTS}{outputs}runs:\n  using: composite\n  steps:\n{steps}")
        (tmp_path / "work").mkdir(exist_ok=True)
        env = {"PATH": os.environ["PATH"], "GITHUB_REPOSITORY": "acme/models"}
        job = Job(tmp_path / "work", tmp_path / "temp", env, {"token": "ghs_secret"})
        return run_action(folder, job, inputs or {}, uses)

    return run


def test_steps_run_in_order_with_inputs_outputs_and_variables(act) -> None:
    run = act(
        "    - {id: one, shell: bash, env: {NAME: '${{ inputs.name }}'}, run: 'echo verdict=$NAME-$GITHUB_REPOSITORY >> $GITHUB_OUTPUT; echo SAID=x >> $GITHUB_ENV'}\n"
        "    - {id: two, shell: bash, run: 'echo ${{ steps.one.outputs.verdict }} $SAID ${{ inputs.token }}; pwd; echo \"# hi\" >> $GITHUB_STEP_SUMMARY'}\n",
        {"name": "mine"},
        "outputs: {verdict: {value: '${{ steps.one.outputs.verdict }}'}}\n",
    )
    assert run.outputs == {"verdict": "mine-acme/models"}
    assert run.step("two").text.splitlines()[0] == "mine-acme/models x ghs_secret"
    assert run.step("two").text.splitlines()[1].endswith("/work")
    assert run.step("two").summary == "# hi\n"
    assert not run.is_failed


def test_after_a_failure_only_steps_that_ask_for_it_run(act) -> None:
    run = act(
        "    - {id: one, shell: bash, run: 'false | true; echo unreached'}\n"
        "    - {id: two, shell: bash, run: 'echo two'}\n"
        "    - {id: three, if: '!cancelled()', shell: bash, run: 'echo three'}\n"
        "    - {id: four, if: \"failure() && inputs.flag == 'true'\", shell: bash, run: 'echo four'}\n"
    )
    assert [one.outcome for one in run.steps] == ["failure", "skipped", "success", "skipped"]
    assert run.text == "three\n"
    assert run.is_failed


def test_a_step_that_may_fail_does_not_fail_the_action(act) -> None:
    run = act(
        "    - {id: one, continue-on-error: true, shell: bash, run: 'exit 3'}\n    - {id: two, shell: bash, run: 'echo ${{ steps.one.outcome }}'}\n"
    )
    assert (run.step("one").code, run.step("one").outcome, run.is_failed, run.text) == (
        3,
        "failure",
        False,
        "failure\n",
    )


def test_another_action_is_refused_or_skipped_with_a_record(act) -> None:
    steps = "    - {id: cache, uses: actions/cache@0123}\n    - {id: two, shell: bash, run: 'echo ${{ steps.cache.outputs.cache-hit }}'}\n"
    with pytest.raises(ActionError, match="uses actions/cache@0123"):
        act(steps)
    run = act(steps, uses={"actions/cache@0123": {"cache-hit": "true"}})
    assert (run.step("cache").outcome, run.text) == ("skipped", "true\n")


@pytest.mark.parametrize(
    "steps",
    ["    - {run: 'true'}\n", "    - {shell: pwsh, run: 'true'}\n", "    - {shell: bash, run: 'true', timeout: 3}\n"],
)
def test_a_step_the_runner_does_not_take_is_refused(steps, act) -> None:
    with pytest.raises(ActionError):
        act(steps)


def test_commands_and_files_that_are_wrong_fail_the_step(act) -> None:
    run = act(
        "    - {id: one, continue-on-error: true, shell: bash, run: 'echo \"::set-env name=A::b\"'}\n    - {id: two, shell: bash, run: 'echo words >> $GITHUB_OUTPUT'}\n"
    )
    assert [one.outcome for one in run.steps] == ["failure", "failure"]
    assert "Invalid format 'words'" in run.step("two").log.faults


def test_an_input_that_the_action_does_not_have_is_named(act) -> None:
    assert act("    - {shell: bash, run: 'true'}\n", {"nmae": "x"}).unexpected == ["nmae"]


def test_a_script_sees_nothing_of_the_tests_environment(act, monkeypatch) -> None:
    monkeypatch.setenv("SEEN_FROM_OUTSIDE", "yes")
    assert act("    - {shell: bash, run: 'echo \"[$SEEN_FROM_OUTSIDE]\"'}\n").text == "[]\n"
