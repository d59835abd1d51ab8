from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from action_world import LABELS, POLICY, environment, manifest, pull_event, repository_tree

import policy_gate.actions.log
import policy_gate.actions.suggesting
import policy_gate.gate
import policy_gate.report.annotations
import policy_gate.report.sarif
import policy_gate.report.summary
from policy_gate.actions.job import run_job
from policy_gate.actions.overview_file import decode_overview
from policy_gate.actions.runner import read_runner
from policy_gate.actions.sinks import folder_of

MORE = LABELS + b" up"
GOOD = {"labels.txt": MORE, "release.yaml": manifest(MORE, version="1.1", sequence=2)}
BAD = {"labels.txt": MORE, "release.yaml": manifest(version="1.1", sequence=2)}
ENTRY = re.compile(r"(?P<name>[a-z-]+)<<(?P<end>end_[0-9a-f]{32})\n(?P<value>.*?)\n(?P=end)\n", re.DOTALL)


def outputs_of(env: dict[str, str]) -> dict[str, str]:
    text = Path(env["GITHUB_OUTPUT"]).read_text(encoding="utf-8")
    assert ENTRY.sub("", text) == ""
    return {found["name"]: found["value"] for found in ENTRY.finditer(text)}


def pull_env(repository, folder, files, **more: str) -> dict[str, str]:
    pull = repository.pull(files)
    return environment(folder, "pull_request", pull_event(pull), pull.merge, **more)


@pytest.mark.parametrize("name", [".", "..", "a/b", "a-b", "...", "../../x"])
def test_each_name_has_a_folder_of_its_own_below_the_gates(tmp_path, name) -> None:
    runner = read_runner({"RUNNER_TEMP": str(tmp_path)})
    others = {folder_of(runner, one) for one in (".", "..", "a/b", "a-b", "...", "../../x") if one != name}
    folder = folder_of(runner, name)
    assert folder is not None
    assert folder.resolve().parent == tmp_path.resolve() / "policy-gate"
    assert folder not in others


def outside_stopped(lines: list[str]) -> list[str]:
    """The lines that a runner reads commands in."""
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[0] != token
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    return lines[lines.index(f"::{token}::") + 1 :]


def in_process(env, root) -> tuple[int, list[str]]:
    """The job in this process, for what cannot be brought about from outside."""
    said: list[str] = []
    return run_job(env, root, date(2026, 11, 23), said.append), said


def test_a_blocked_pull_request_is_said_in_log_summary_outputs_and_files(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD)
    done = gate("action", cwd=repository.root, env=env)
    assert (done.returncode, done.stderr) == (1, "")
    assert "BLOCKED kws 1.1: 2 blocking" in done.stdout
    assert "blocked" in Path(env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    outputs = outputs_of(env)
    counted = {name: outputs[name] for name in ("verdict", "exit-code", "releases", "blocked", "findings")}
    assert counted == {"verdict": "blocked", "exit-code": "1", "releases": "1", "blocked": "1", "findings": "2"}
    assert json.loads(Path(outputs["json"]).read_text(encoding="utf-8"))["exit_code"] == 1
    assert json.loads(Path(outputs["sarif"]).read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert ET.parse(outputs["junit"]).getroot().tag == "testsuites"
    overview = decode_overview(Path(outputs["overview"]).read_bytes())
    assert (overview.links.head, overview.links.base) == (repository.oid("work"), repository.oid("main"))
    assert overview.links.run == "https://github.example/acme/kws/actions/runs/42"
    assert len(overview.suggestions) == 1
    assert all(
        Path(outputs[name]).parent == tmp_path / "run/temp/policy-gate/policy-gate" for name in ("json", "sarif")
    )


def test_annotations_stand_behind_the_report_and_are_commands(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD)
    after = outside_stopped(gate("action", cwd=repository.root, env=env).stdout.splitlines())
    assert [one.partition(" ")[0] for one in after if one.startswith("::")] == ["::error", "::error"]


def test_an_allowed_pull_request_is_exit_code_0(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", GOOD)
    assert gate("action", cwd=repository.root, env=env).returncode == 0
    assert outputs_of(env)["verdict"] == "allowed"


def test_the_line_that_reproduces_a_run_gives_the_same_verdict_in_a_clone(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD)
    gate("action", cwd=repository.root, env=env)
    line = decode_overview(Path(outputs_of(env)["overview"]).read_bytes()).reproduce
    fetch, checkout, check = (one.split() for one in line.split(" && "))
    clone = repository.clone(tmp_path / "clone", "main", depth=1)
    clone.git(*fetch[1:])
    clone.git(*checkout[1:])
    assert check[:2] == ["policy-gate", "check"]
    done = gate(*check[1:], cwd=clone.root)
    assert (done.returncode, "BLOCKED kws 1.1: 2 blocking" in done.stdout) == (1, True)


def test_a_clone_too_shallow_is_exit_code_2_and_says_so_everywhere(repository, gate, tmp_path) -> None:
    pull = repository.pull(GOOD)
    clone = repository.clone(tmp_path / "clone", pull.merge, depth=1)
    env = environment(tmp_path / "run", "pull_request", pull_event(pull), pull.merge)
    done = gate("action", cwd=clone.root, env=env)
    assert (done.returncode, "fetch-depth: 2" in done.stdout) == (2, True)
    assert "fetch-depth: 2" in Path(env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    outputs = outputs_of(env)
    assert (outputs["verdict"], outputs["exit-code"]) == ("unjudged", "2")
    assert decode_overview(Path(outputs["overview"]).read_bytes()).links.head == pull.head


def test_a_wrong_input_is_exit_code_2_and_says_so_everywhere(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", GOOD, INPUT_FAIL_ON="nothing")
    done = gate("action", cwd=repository.root, env=env)
    assert (done.returncode, "the input `fail-on` is `nothing`" in done.stdout) == (2, True)
    assert outputs_of(env)["verdict"] == "unjudged"
    assert "fail-on" in Path(env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "loosening",
    [
        {"INPUT_FAIL_ON": "never"},
        {"INPUT_STAGE": "candidate"},
        {"INPUT_POLICIES": "builtin:lineage"},
        {"INPUT_BASE": "work"},
        {"INPUT_TREE": "main"},
        {"INPUT_CONFIG": "kinder.yaml"},
    ],
)
def test_no_input_lets_a_bad_pull_request_pass(repository, gate, tmp_path, loosening) -> None:
    kinder = {"kinder.yaml": POLICY.replace("digests.yaml", "builtin:lineage") + "  fail_on: never\n"}
    env = pull_env(repository, tmp_path / "run", {**BAD, **kinder}, **loosening)
    assert gate("action", cwd=repository.root, env=env).returncode in (1, 2)


HOSTILE = '"::error::pwned\\n::set-env name=X::y\\n  ##[command]z %0A::warning::w \\u2028::stop-commands::t"'


def test_hostile_text_in_the_log_is_never_a_command(repository, gate, tmp_path) -> None:
    text = f"{manifest(version='1.1', sequence=2)}  - id: other\n    path: {HOSTILE}\n    digest: {HOSTILE}\n"
    files = {**BAD, "release.yaml": text, "##[group]x/release.yaml": text, "::error::y/release.yaml": "{::error::"}
    env = pull_env(repository, tmp_path / "run", files)
    done = gate("action", cwd=repository.root, env=env)
    assert done.returncode == 2
    lines = re.split(r"[\r\n\u2028\u2029\x85\x0b\x0c]", done.stdout)
    assert all("##[" not in line for line in lines)
    rest = outside_stopped(lines)
    assert {one.lstrip().partition(" ")[0] for one in rest if one.lstrip().startswith("::")} <= {"::error", "::warning"}
    stopped = lines[1 : len(lines) - len(rest) - 1]
    assert [one for one in stopped if one.lstrip().startswith("::")] == []


def test_hostile_text_in_an_output_is_one_value(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD, INPUT_NAME="x<<end verdict=allowed ../../..")
    assert gate("action", cwd=repository.root, env=env).returncode == 1
    folder = Path(outputs_of(env)["overview"]).parent
    assert folder.parent == tmp_path / "run/temp/policy-gate"


@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "RUNNER_TEMP"])
def test_what_cannot_be_written_is_said_and_changes_no_verdict(repository, gate, tmp_path, name) -> None:
    blocker = tmp_path / "blocker"
    blocker.write_text("no folder")
    env = pull_env(repository, tmp_path / "run", GOOD)
    done = gate("action", cwd=repository.root, env={**env, name: str(blocker / "x")})
    assert (done.returncode, "could not be written" in done.stdout) == (0, True)
    env = pull_env(repository, tmp_path / "other", BAD)
    assert gate("action", cwd=repository.root, env={**env, name: str(blocker / "x")}).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_changes_no_verdict(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD, GITHUB_STEP_SUMMARY="/dev/full", GITHUB_OUTPUT="/dev/full")
    done = gate("action", cwd=repository.root, env=env)
    assert (done.returncode, done.stdout.count("No space left on device")) == (1, 2)


def test_the_job_of_a_runner_that_takes_no_reports_still_has_its_verdict(repository, gate, tmp_path) -> None:
    env = pull_env(repository, tmp_path / "run", BAD, GITHUB_STEP_SUMMARY="", GITHUB_OUTPUT="", RUNNER_TEMP="")
    assert gate("action", cwd=repository.root, env=env).returncode == 1


def test_a_crash_is_exit_code_3_and_is_said_everywhere(repository, tmp_path, monkeypatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("boom\n::error::x")

    env = pull_env(repository, tmp_path / "run", GOOD)
    monkeypatch.setattr(policy_gate.gate, "judge", crash)
    code, said = in_process(env, repository.root)
    assert code == 3
    assert any("internal error: RuntimeError: boom" in line for line in said)
    assert "internal error" in Path(env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert (outputs_of(env)["verdict"], outputs_of(env)["exit-code"]) == ("unjudged", "3")


@pytest.mark.parametrize(
    ("module", "function"),
    [
        (policy_gate.actions.log, "log_lines"),
        (policy_gate.report.annotations, "render_annotations"),
        (policy_gate.report.summary, "render_summary"),
        (policy_gate.report.sarif, "render_sarif"),
        (policy_gate.actions.suggesting, "suggestions"),
    ],
)
@pytest.mark.parametrize(("files", "verdict"), [(GOOD, 0), (BAD, 1)])
def test_a_report_that_crashes_is_said_and_changes_no_verdict(
    repository, tmp_path, monkeypatch, *, module, function, files, verdict
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("boom")

    env = pull_env(repository, tmp_path / "run", files)
    monkeypatch.setattr(module, function, crash)
    code, said = in_process(env, repository.root)
    assert code == verdict
    assert any("RuntimeError: boom" in line for line in said)
    assert outputs_of(env)["exit-code"] == str(verdict)
    assert ("allowed" if verdict == 0 else "blocked") in Path(env["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")


def test_only_what_is_asked_for_is_written(repository, gate, tmp_path) -> None:
    asked = {"INPUT_FORMATS": "junit", "INPUT_SUMMARY": "false", "INPUT_ANNOTATIONS": "false", "INPUT_NAME": "edge"}
    env = pull_env(repository, tmp_path / "run", BAD, **asked)
    done = gate("action", cwd=repository.root, env=env)
    assert not Path(env["GITHUB_STEP_SUMMARY"]).exists()
    assert [one for one in outside_stopped(done.stdout.splitlines()) if one.startswith("::")] == []
    assert {one.name for one in (tmp_path / "run/temp/policy-gate/edge").iterdir()} == {
        "overview.json",
        "report.junit.xml",
    }


def test_manifests_that_are_named_are_judged_alone(repository, gate, tmp_path) -> None:
    other = {"other/release.yaml": manifest(name="other", version="1.1"), "other/labels.txt": MORE}
    env = pull_env(repository, tmp_path / "run", {**GOOD, **other}, INPUT_MANIFESTS="./release.yaml\n")
    assert gate("action", cwd=repository.root, env=env).returncode == 0
    env = pull_env(repository, tmp_path / "both", {**GOOD, **other})
    assert gate("action", cwd=repository.root, env=env).returncode == 1


@pytest.mark.parametrize(
    ("when", "stage"), [("", "release"), ("[tag, publish]", "release"), ("[publish]", "candidate")]
)
def test_the_configuration_says_whether_a_tag_is_a_release(repository, gate, tmp_path, when, stage) -> None:
    spec = f"  stages: {{release: {{preset: default, when: {when}}}}}\n" if when else ""
    main = repository.commit({"policy-gate.yaml": POLICY + spec})
    repository.git("update-ref", "refs/remotes/origin/main", main)
    tagged = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1", "GITHUB_REF": "refs/tags/v1"}
    payload = {"before": "0" * 40, "repository": repository_tree()}
    env = environment(tmp_path / "run", "push", payload, main, **tagged)
    assert gate("action", cwd=repository.root, env=env).returncode == 0
    (record,) = decode_overview(Path(outputs_of(env)["overview"]).read_bytes()).records
    assert record.stage.value == stage


def test_the_job_imports_no_client_of_github(repository, tmp_path) -> None:
    import subprocess

    env = pull_env(repository, tmp_path / "run", BAD)
    script = (
        "import sys\nfrom policy_gate.cli import main\ntry: main(['action'])\nexcept SystemExit: pass\n"
        "print('\\n'+' '.join(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=repository.root, env=env, capture_output=True, text=True
    )
    modules = set(done.stdout.splitlines()[-1].split())
    assert "policy_gate.actions.job" in modules
    assert not modules & {"github", "requests", "urllib3", "onnx", "numpy", "policy_gate.github", "ssl", "asyncio"}
