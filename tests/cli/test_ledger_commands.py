"""The `privacy ledger` commands: lines that landed stay, a release has one line, and what is wrong is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_folder import CONFIGURATION, PATH, Trained, digest

from policy_gate.areas.privacy.ledger.chain import read_ledger
from policy_gate.spent import LedgerSheet, LedgerVerified

FIRST = Trained()
SECOND = Trained(sequence=2, noise=1.2, model=b"weights 2")
DAY = ("--now", "2026-03-01")


def entries(root: Path) -> list[tuple[str, str]]:
    """Release and day of every line, once the chain holds."""
    return [(line.entry.words, line.entry.date) for line in read_ledger((root / PATH).read_bytes(), PATH)]


@pytest.fixture
def append(run, tmp_path):
    """Writes a release and appends its line."""

    def command(one: Trained, *options: str):
        return run("privacy", "ledger", "append", one.write(tmp_path), *options)

    return command


@pytest.fixture
def landed(append, git, tmp_path):
    """A repository on `main` with one release and its line."""
    git(tmp_path, "init", "-q", "-b", "main")
    assert append(FIRST, *DAY).code == 0
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_the_first_line_starts_the_ledger_without_any_git(append, tmp_path) -> None:
    done = append(FIRST, *DAY)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{PATH}: added line 1: kws 1 about kws-users-eu, 2026-03-01\n")
    assert entries(tmp_path) == [("kws 1", "2026-03-01")]


def test_appending_twice_writes_nothing_the_second_time(append, tmp_path) -> None:
    append(FIRST, *DAY)
    before = (tmp_path / PATH).stat().st_mtime_ns
    done = append(FIRST, *DAY)
    assert (done.code, "nothing to write" in done.out) == (0, True)
    assert (tmp_path / PATH).stat().st_mtime_ns == before


def test_a_line_that_has_not_landed_is_replaced_when_its_manifest_changes(append, landed) -> None:
    append(SECOND, "--now", "2026-04-01")
    done = append(replace(SECOND, noise=1.3), "--now", "2026-04-02")
    assert (done.code, "replaced by line 2" in done.out) == (0, True)
    assert entries(landed) == [("kws 1", "2026-03-01"), ("kws 2", "2026-04-02")]


def test_a_line_that_landed_is_never_replaced(append, landed) -> None:
    before = (landed / PATH).read_bytes()
    done = append(replace(FIRST, noise=2.0), *DAY)
    assert (done.code, "HEAD has a line of kws 1 with another manifest" in done.err) == (2, True)
    assert "Raise metadata.sequence" in done.err
    assert (landed / PATH).read_bytes() == before


def test_a_line_that_is_committed_on_a_branch_is_replaced_beyond_the_base(append, landed, git) -> None:
    git(landed, "checkout", "-q", "-b", "retrain")
    append(SECOND, "--now", "2026-04-01")
    git(landed, "commit", "-q", "-a", "-m", "second")
    changed = replace(SECOND, noise=1.3)
    assert append(changed, "--now", "2026-04-02").code == 2
    assert append(changed, "--now", "2026-04-02", "--base", "main").code == 0
    assert entries(landed) == [("kws 1", "2026-03-01"), ("kws 2", "2026-04-02")]


def test_a_release_that_landed_has_its_line_already(append, landed) -> None:
    done = append(FIRST, "--now", "2026-09-01")
    assert (done.code, "line 1 of HEAD already says so of kws 1" in done.out) == (0, True)


def test_of_two_pull_requests_the_second_appends_again_behind_the_first(append, run, landed, git) -> None:
    other = Trained(name="wake", epsilon=3.0, model=b"wake")
    git(landed, "checkout", "-q", "-b", "wake")
    append(other, "--now", "2026-04-01")
    ours = (landed / PATH).read_bytes()
    git(landed, "add", "-A")
    git(landed, "commit", "-q", "-m", "wake")
    git(landed, "checkout", "-q", "main")
    append(SECOND, "--now", "2026-04-02")
    git(landed, "commit", "-q", "-a", "-m", "second")
    git(landed, "checkout", "-q", "wake")
    (landed / PATH).write_bytes(ours)
    verified = run("privacy", "ledger", "verify", "--base", "main", *("--now", "2026-05-01"))
    assert (verified.code, f"{PATH}:2: line 2" in verified.out) == (1, True)
    refused = append(other, "--base", "main", "--now", "2026-04-03")
    assert (refused.code, f"git checkout main -- {PATH}" in refused.err) == (2, True)
    git(landed, "checkout", "main", "--", PATH)
    assert append(other, "--base", "main", "--now", "2026-04-03").code == 0
    assert [words for words, _ in entries(landed)] == ["kws 1", "kws 2", "wake 1"]
    assert run("privacy", "ledger", "verify", "--base", "main", *("--now", "2026-05-01")).code == 0


def test_lines_of_other_releases_in_the_same_change_are_kept_and_linked_again(append, landed) -> None:
    append(SECOND, "--now", "2026-04-01")
    append(Trained(name="wake", model=b"wake"), "--now", "2026-04-01")
    done = append(replace(SECOND, noise=1.3), "--now", "2026-04-02")
    assert done.code == 0
    assert [words for words, _ in entries(landed)] == ["kws 1", "wake 1", "kws 2"]


def edited(content: bytes) -> bytes:
    return content.replace(b'"noise_multiplier":1.0', b'"noise_multiplier":9.0')


def renamed(content: bytes) -> bytes:
    return content.replace(b"kws-users-eu", b"kws-users-us")


def cut(content: bytes) -> bytes:
    return content[:-10]


def reordered(content: bytes) -> bytes:
    one, two, *rest = content.splitlines(keepends=True)
    return b"".join([two, one, *rest])


def emptied(content: bytes) -> bytes:
    return b""


def without_the_first(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[1:])


def with_windows_ends(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


FORGERIES = [edited, renamed, cut, reordered, emptied, without_the_first, with_windows_ends]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_ledger_is_named_by_its_line_and_never_extended(append, run, landed, git, forge) -> None:
    append(SECOND, "--now", "2026-04-01")
    git(landed, "commit", "-q", "-a", "-m", "second")
    forged = forge((landed / PATH).read_bytes())
    (landed / PATH).write_bytes(forged)
    verified = run("privacy", "ledger", "verify", "--base", "HEAD", *("--now", "2026-05-01"))
    assert verified.code == 1
    assert f"{PATH}:1: " in verified.out or f"{PATH}:2: " in verified.out
    refused = append(replace(SECOND, sequence=3), "--now", "2026-05-01")
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert (landed / PATH).read_bytes() == forged


def test_a_chain_that_breaks_is_seen_without_any_base(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(SECOND, "--now", "2026-04-01")
    (tmp_path / PATH).write_bytes(renamed((tmp_path / PATH).read_bytes()))
    done = run("privacy", "ledger", "verify", "--now", "2026-05-01")
    assert (done.code, f"{PATH}:2: `previous` should be the digest of line 1" in done.out) == (1, True)


def test_a_line_of_tomorrow_and_one_before_its_forerunner_are_named(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(SECOND, "--now", "2026-02-01")
    done = run("privacy", "ledger", "verify", "--now", "2026-02-15")
    assert done.code == 1
    assert f"{PATH}:1: the line is dated 2026-03-01, which is after 2026-02-15" in done.out
    assert f"{PATH}:2: the line is dated 2026-02-01, which is before the line above it (2026-03-01)" in done.out


def test_another_path_in_the_configuration_is_no_new_ledger(append, run, landed) -> None:
    append(SECOND, "--now", "2026-04-01")
    (landed / "policy-gate.yaml").write_text(
        'apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: ["builtin:privacy"], ledger: fresh.jsonl}\n'
    )
    refused = run("privacy", "ledger", "append", "kws.yaml", "--now", "2026-04-01")
    assert (refused.code, f"HEAD keeps its ledger at {PATH}" in refused.err) == (2, True)
    verified = run("privacy", "ledger", "verify", "--base", "HEAD", "--now", "2026-05-01")
    assert (verified.code, f"the base keeps its ledger at {PATH}" in verified.out) == (1, True)


def test_a_sound_ledger_says_how_much_of_it_is_new(append, run, landed) -> None:
    append(SECOND, "--now", "2026-04-01")
    done = run("privacy", "ledger", "verify", "--base", "HEAD", "--now", "2026-05-01")
    assert done.out == f"{PATH}: 2 lines, the chain holds; 1 line of HEAD unchanged, 1 new\n"
    told = json.loads(run("privacy", "ledger", "verify", "--now", "2026-05-01", "--format", "json").out)
    assert set(told["ledger"]) == set(LedgerVerified.__dataclass_fields__)


def test_joint_spend_stays_below_the_plain_sum_and_the_forecast_ends_above_the_limit(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(SECOND, "--now", "2026-04-01")
    done = run("privacy", "ledger", "show", "--now", "2026-05-01", "--format", "json")
    sheet = json.loads(done.out)["ledger"]
    assert set(sheet) == set(LedgerSheet.__dataclass_fields__)
    (spend,) = sheet["spends"]
    assert (spend["releases"], spend["since"], spend["until"]) == (2, "2026-03-01", "2026-05-01")
    assert 0 < spend["epsilon"]["upper"] < spend["plain_sum"] == 8.0
    fits = spend["forecast"][: spend["room"]]
    assert all(one <= spend["max_epsilon"] for one in fits)
    assert fits == sorted(fits)
    assert len(spend["forecast"]) == 4 or spend["forecast"][-1] > spend["max_epsilon"]


def test_another_id_for_the_same_data_is_the_same_population(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(replace(SECOND, population="fresh-people"), "--now", "2026-04-01")
    shown = run("privacy", "ledger", "show", "--now", "2026-05-01")
    assert "2 releases about fresh-people" in shown.out
    assert "1 release" not in shown.out


def test_other_people_are_counted_apart(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(Trained(name="wake", population="wake-users", people=b"others", model=b"wake"), "--now", "2026-04-01")
    shown = run("privacy", "ledger", "show", "--now", "2026-05-01").out
    assert "1 release about wake-users" in shown
    assert "1 release about kws-users-eu" in shown


def test_a_pinned_ledger_of_another_repository_counts_and_one_that_changed_judges_nothing(
    append, run, tmp_path
) -> None:
    append(FIRST, *DAY)
    other = (tmp_path / PATH).read_bytes()
    (tmp_path / PATH).unlink()
    (tmp_path / "theirs.jsonl").write_bytes(other)
    append(replace(SECOND, name="wake"), "--now", "2026-04-01")

    def pin(content: bytes) -> None:
        (tmp_path / "policy-gate.yaml").write_text(
            f"{CONFIGURATION}  ledgers: [{{path: theirs.jsonl, digest: '{digest(content)}'}}]\n"
        )

    assert "1 release about kws-users-eu" in run("privacy", "ledger", "show", "--now", "2026-05-01").out
    pin(other)
    shown = run("privacy", "ledger", "show", "--now", "2026-05-01").out
    assert f"{PATH}: 1 line, and 1 line of other repositories" in shown
    assert "2 releases about kws-users-eu" in shown
    pin(other + b" ")
    for command in (("ledger", "show"), ("account", "wake.yaml")):
        done = run("privacy", *command)
        assert (done.code, "the configuration pins" in done.err) == (2, True)


def test_a_release_that_left_the_window_is_shown_and_not_counted(append, run, tmp_path) -> None:
    append(FIRST, "--now", "2025-01-01")
    append(SECOND, "--now", "2026-04-01")
    shown = run("privacy", "ledger", "show", "--now", "2026-05-01").out
    assert "1 release about kws-users-eu, 2026-04-01 to 2026-05-01" in shown
    assert "kws 1" in shown


def test_a_release_that_cannot_be_accounted_for_leaves_the_spend_unknown(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    append(replace(SECOND, scheme="balls-in-bins"), "--now", "2026-04-01")
    shown = run("privacy", "ledger", "show", "--now", "2026-05-01")
    assert (shown.code, "not bounded (not proven): kws 2" in shown.out) == (0, True)


def test_an_account_of_a_manifest_counts_its_own_line_once(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    once = json.loads(run("privacy", "account", "kws.yaml", *DAY, "--format", "json").out)["account"]
    assert (once["window"]["releases"], once["window"]["epsilon"]["upper"]) == (1, once["epsilon"]["upper"])
    SECOND.write(tmp_path)
    twice = json.loads(run("privacy", "account", "kws.yaml", *DAY, "--format", "json").out)["account"]
    assert twice["window"]["releases"] == 2
    assert twice["window"]["epsilon"]["upper"] > twice["epsilon"]["upper"]


def test_the_window_of_an_account_is_the_one_that_the_gate_judges(append, run, landed) -> None:
    append(SECOND, "--now", "2026-04-01")
    judged = json.loads(run("check", "kws.yaml", "--base", "HEAD", "--now", "2026-04-01", "--format", "json").out)
    facts = [one for record in judged["records"] for one in record["facts"]]
    (gate,) = [one for one in facts if one.get("fact") == "privacy.window_spend"]
    (kept,) = [one for one in facts if one.get("fact") == "privacy.ledger_kept"]
    window = json.loads(run("privacy", "account", "kws.yaml", "--now", "2026-04-01", "--format", "json").out)[
        "account"
    ]["window"]
    assert (kept["fault"], kept["new_lines"]) == ("none", 1)
    assert (window["releases"], window["plain_sum"]) == (gate["releases"], gate["claims_sum"]) == (2, 8.0)
    assert gate["epsilon_lower"] <= window["epsilon"]["upper"] <= gate["epsilon_upper"]


def test_a_manifest_may_promise_a_longer_window_than_policy_asks(append, run, tmp_path) -> None:
    append(FIRST, "--now", "2025-01-01")
    SECOND.write(tmp_path)
    for days, releases in ((365, 1), (30, 1), (730, 2)):
        text = SECOND.manifest().replace("window_days: 365", f"window_days: {days}")
        (tmp_path / "kws.yaml").write_text(text)
        done = run("privacy", "account", "kws.yaml", "--now", "2026-04-01", "--format", "json")
        assert json.loads(done.out)["account"]["window"]["releases"] == releases


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("privacy: {claim_type: none}", "claims no differential privacy"),
        ("", "has no privacy section"),
        ("privacy: {claim_type: central-dp}", "no line can be written"),
    ],
)
def test_a_manifest_without_a_whole_claim_gets_no_line(run, tmp_path, section, said) -> None:
    name = FIRST.write(tmp_path)
    text = FIRST.manifest()
    start, end = text.index("privacy:"), text.index("lineage:")
    (tmp_path / name).write_text(f"{text[:start]}{section}\n{text[end:]}")
    done = run("privacy", "ledger", "append", name)
    assert (done.code, said in done.err, (tmp_path / PATH).exists()) == (2, True, False)


def test_data_of_people_without_a_digest_gets_no_line(run, tmp_path) -> None:
    name = FIRST.write(tmp_path)
    lines = FIRST.manifest().splitlines(keepends=True)
    kept = [one for one in lines if "digest: {sha256" not in one and "path: kws.clips" not in one]
    (tmp_path / name).write_text("".join(kept))
    done = run("privacy", "ledger", "append", name)
    assert (done.code, "has no digest" in done.err) == (2, True)


@pytest.mark.parametrize("what", ["show", "verify"])
def test_without_a_ledger_the_command_says_how_one_starts(run, tmp_path, what) -> None:
    FIRST.write(tmp_path)
    done = run("privacy", "ledger", what)
    assert (done.code, "`policy-gate privacy ledger append MANIFEST` writes the first line" in done.err) == (2, True)


@pytest.mark.parametrize("what", [("show",), ("verify",), ("append", "kws.yaml")])
def test_a_link_is_neither_read_nor_written_through(run, tmp_path, what) -> None:
    FIRST.write(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    try:
        (tmp_path / "privacy").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    done = run("privacy", "ledger", *what)
    assert (done.code, list(elsewhere.iterdir()), "Traceback" in done.err) == (2, [], False)


def test_hostile_text_in_a_ledger_does_not_reach_the_terminal(append, run, tmp_path) -> None:
    append(FIRST, *DAY)
    (tmp_path / PATH).write_bytes((tmp_path / PATH).read_bytes().replace(b"kws-users-eu", b"\x1b]0;owned\x07"))
    for what in ("show", "verify"):
        done = run("privacy", "ledger", what)
        assert (done.code > 0, "\x1b" in done.out + done.err) == (True, False)


def test_a_base_that_is_none_is_refused(run, landed) -> None:
    done = run("privacy", "ledger", "verify", "--base", "no-such-branch")
    assert (done.code, "no-such-branch" in done.err) == (2, True)
