"""The formats of `check`: what is printed, what is written to a file, and the exit code, which is always the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

FORMATS = ("sarif", "junit", "markdown", "github")


@pytest.fixture
def blocked(release, tmp_path):
    """A release whose file is not the one its manifest states."""
    (tmp_path / "labels.txt").write_text("changed")
    return release


def test_sarif_of_a_blocked_release_names_its_rule_and_line(run, blocked) -> None:
    done = run("check", "--format", "sarif")
    (found,) = json.loads(done.out)["runs"]
    assert done.code == 1
    assert "FPR-001" in [one["ruleId"] for one in found["results"]]
    assert all(one["locations"][0]["physicalLocation"]["region"]["startLine"] == 5 for one in found["results"])


def test_junit_of_a_blocked_release_has_its_failure(run, blocked) -> None:
    done = run("check", "--format", "junit")
    top = ET.fromstring(done.out)
    assert (done.code, top.get("name")) == (1, "policy-gate")
    assert int(top.get("failures")) >= 1


def test_markdown_of_a_blocked_release_begins_with_the_verdict(run, blocked) -> None:
    done = run("check", "--format", "markdown")
    assert done.code == 1
    assert done.out.startswith("# ❌ `kws 1.0` is blocked by `FPR-001`")


def test_github_of_a_blocked_release_is_commands_alone(run, blocked) -> None:
    done = run("check", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=release.yaml,line=5,")
    assert all(line.startswith("::") for line in done.out.splitlines())


@pytest.mark.parametrize("name", FORMATS)
def test_the_exit_code_is_the_verdict_in_every_format(name, run, release, tmp_path) -> None:
    assert run("check", "--format", name).code == 0
    (tmp_path / "labels.txt").write_text("changed")
    assert run("check", "--format", name).code == 1
    release.write_text("kind: [\n")
    done = run("check", "--format", name)
    assert done.code == 2
    assert "release.yaml" in done.out
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_that_can_judge_nothing_at_all_says_so_in_its_format(name, run, tmp_path) -> None:
    (tmp_path / "policy-gate.yaml").write_text("kind: nonsense\n")
    done = run("check", "--format", name)
    assert done.code == 2
    assert done.out.strip()


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_holds_what_would_be_printed(name, run, blocked, tmp_path) -> None:
    printed = run("check", "--format", name).out
    done = run("check", "--format", name, "--output", "report")
    assert (done.code, done.out) == (1, "")
    assert (tmp_path / "report").read_bytes().decode("utf-8") == printed


@pytest.mark.parametrize("name", FORMATS)
def test_quiet_prints_nothing_where_every_release_is_allowed(name, run, release) -> None:
    done = run("check", "--format", name, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("name", FORMATS)
def test_two_runs_give_the_same_bytes(name, run, blocked) -> None:
    assert run("check", "--format", name).out == run("check", "--format", name).out


def test_no_format_pays_for_another(release, tmp_path) -> None:
    script = (
        "import sys\n"
        "from policy_gate.cli import main\n"
        "try: main(['check', '--no-base', '--format', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print('\\n' + ' '.join(sorted(one for one in sys.modules if one.startswith('policy_gate.report.')"
        " or one in ('policy_gate.overview', 'xml.etree.ElementTree', 'onnx', 'jsonschema'))))"
    )
    seen = {}
    for name in ("text", "json", *FORMATS):
        done = subprocess.run(
            [sys.executable, "-I", "-c", script, name], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
        )
        seen[name] = set(done.stdout.splitlines()[-1].split())
    report = "policy_gate.report."
    assert not seen["text"] & {"policy_gate.overview", f"{report}findings", "xml.etree.ElementTree"}
    assert not seen["json"] & {"policy_gate.overview", f"{report}findings", f"{report}text"}
    assert f"{report}body" not in seen["sarif"] | seen["junit"] | seen["github"]
    assert "xml.etree.ElementTree" not in seen["sarif"] | seen["markdown"] | seen["github"]
    assert not {"onnx", "jsonschema"} & set().union(*seen.values())
