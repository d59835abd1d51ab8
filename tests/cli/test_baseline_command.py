"""`baseline`: records what is found, never what holds for everybody, and says when it is stale."""

from __future__ import annotations

import json

import pytest
from board_world import MODEL, Checkout, lay, waiver, waiver_file

NOW = ("--now", "2026-11-23")
FILE = "policy-gate.baseline.json"
NAMED = f"  baseline: {FILE}\n"


@pytest.fixture
def here(tmp_path) -> Checkout:
    return lay(tmp_path)


@pytest.fixture
def baseline(run):
    def asked(*args: str, code: int = 0):
        done = run("baseline", *args, *NOW)
        assert done.code == code, done
        assert "Traceback" not in done.err
        return done

    return asked


def known(here: Checkout, path: str = FILE) -> list[tuple[str, str]]:
    return [(one["release"], one["rule"]) for one in json.loads((here.root / path).read_text())["findings"]]


def budget(here: Checkout, macs: int) -> None:
    text = (here.root / "policy-gate.yaml").read_text()
    here.write("policy-gate.yaml", text.replace("{node: 5}", f"{{node: {macs}}}"))


def second_release(here: Checkout) -> None:
    for path in ("release.yaml", MODEL):
        here.write(f"second/{path}", (here.root / path).read_bytes())
    text = (here.root / "second/release.yaml").read_text().replace("name: kws", "name: second")
    here.write("second/release.yaml", text)


def test_what_holds_for_everybody_is_never_known(baseline, here) -> None:
    here.write("own.yaml", (here.root / "own.yaml").read_text() + '    - {pack: "builtin:signature"}\n')
    done = baseline("--stage", "release")
    assert {rule for _, rule in known(here)} == {"COST-005"}
    assert "cannot be known: signatures, policy, rules of a floor and errors hold for everybody" in done.out
    assert "SIG-001 release: " in done.out


def test_a_rule_of_the_floor_is_never_known(baseline, here, run) -> None:
    assert run("policy", "lock", "--floor", "own.yaml").code == 0
    done = baseline()
    assert known(here) == []
    assert "0 findings are known" in done.out
    assert "COST-005 target node: " in done.out


def test_what_a_waiver_covers_for_some_days_is_not_known_for_ever(baseline, here) -> None:
    here.write("waivers.yaml", waiver_file(waiver()))
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  waivers: waivers.yaml\n")
    baseline()
    assert known(here) == []
    here.write("waivers.yaml", waiver_file(waiver(expires="2026-11-22")))
    baseline()
    assert known(here) == [("kws", "COST-005")]


def test_a_waiver_file_that_cannot_be_read_stops_it(baseline, here) -> None:
    here.write("waivers.yaml", waiver_file(waiver(rule="*")))
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  waivers: waivers.yaml\n")
    assert "'*' is no rule" in baseline(code=2).err
    assert not (here.root / FILE).exists()


def test_a_part_of_the_releases_makes_no_baseline_that_would_lose_the_rest(baseline, here) -> None:
    second_release(here)
    baseline()
    assert known(here) == [("kws", "COST-005"), ("second", "COST-005")]
    before = (here.root / FILE).read_bytes()
    assert "holds findings of second too, which would get lost" in baseline("release.yaml", code=2).err
    assert (here.root / FILE).read_bytes() == before


def test_a_release_that_cannot_be_judged_makes_no_baseline(baseline, here) -> None:
    here.write("second/release.yaml", "kind: [\n")
    done = baseline(code=2)
    assert "second/release.yaml:" in done.err
    assert "not everything could be judged" in done.err
    assert not (here.root / FILE).exists()


@pytest.mark.parametrize("output", ["../out.json", "/tmp/out.json"])
def test_nothing_is_written_outside_the_tree(output, baseline, here) -> None:
    assert "lies outside" in baseline("--output", output, code=2).err


def test_nothing_is_written_through_a_link(baseline, here, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "kept.json"
    outside.write_text("kept")
    (here.root / FILE).symlink_to(outside)
    assert "is no plain file" in baseline(code=2).err
    assert outside.read_text() == "kept"


def test_a_write_that_fails_leaves_the_old_baseline_whole(baseline, here, monkeypatch) -> None:
    from pathlib import Path

    baseline()
    before = (here.root / FILE).read_bytes()
    budget(here, 4)
    monkeypatch.setattr(Path, "replace", _full)
    assert "cannot be written" in baseline(code=2).err
    monkeypatch.undo()
    assert (here.root / FILE).read_bytes() == before
    assert sorted(path.name for path in here.root.iterdir()) == [
        "model",
        "own.yaml",
        FILE,
        "policy-gate.yaml",
        "release.yaml",
    ]


def _full(self, target):
    raise OSError(28, "No space left on device")


def test_it_says_what_is_known_and_which_line_to_add(baseline, here) -> None:
    done = baseline()
    assert f"{FILE}: 1 finding is known\n  COST-005  1\n" in done.out
    assert f"Add to policy-gate.yaml, under spec: `baseline: {FILE}`" in done.out
    assert "counts only once it is merged into the base" in done.out


def test_the_configuration_may_name_it_before_it_is_there(baseline, here, run) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  baseline: gate/known.json\n")
    assert run("check", *NOW).code == 2
    assert "Add to" not in baseline().out
    assert known(here, "gate/known.json") == [("kws", "COST-005")]
    done = run("check", *NOW)
    assert (done.code, "WAIVED COST-005" in done.out) == (0, True)


def test_a_known_finding_that_gets_worse_blocks(baseline, here, run) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    baseline()
    assert run("check", *NOW).code == 0
    budget(here, 4)
    assert run("check", *NOW).code == 1


def test_the_same_findings_give_the_same_bytes(baseline, here) -> None:
    second_release(here)
    baseline()
    first = (here.root / FILE).read_bytes()
    baseline()
    assert (here.root / FILE).read_bytes() == first


def test_made_again_it_says_what_nobody_has_reviewed(baseline, here) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    baseline()
    budget(here, 4)
    second_release(here)
    done = baseline()
    assert "2 of them are new, or worse than they were recorded: have these reviewed" in done.out
    assert "of them are new" not in baseline().out


def test_a_baseline_that_cannot_be_read_is_made_anew_from_everything_only(baseline, here) -> None:
    here.write(FILE, "<<<<<<< ours\n")
    assert baseline("release.yaml", code=2).err.startswith(f"{FILE}:")
    baseline()
    assert known(here) == [("kws", "COST-005")]


# For hooks: --check writes nothing.


def test_there_has_to_be_a_baseline_to_check(baseline, here) -> None:
    done = baseline("--check", code=2)
    assert f"{FILE}: not in checkout" in done.err
    assert "`policy-gate baseline` makes it" in done.err


def test_a_finding_that_is_gone_makes_it_stale(baseline, here) -> None:
    baseline()
    assert "every finding in it is still there" in baseline("--check").out
    before = (here.root / FILE).read_bytes()
    budget(here, 9)
    done = baseline("--check", code=1)
    assert "COST-005:target:node:/artifacts/0/path: gone" in done.err
    assert (here.root / FILE).read_bytes() == before


def test_a_finding_that_is_better_makes_it_stale_too_and_one_that_is_worse_does_not(baseline, here) -> None:
    budget(here, 3)
    baseline()
    here.write(FILE, (here.root / FILE).read_text().replace('"measured": 6', '"measured": 8'))
    assert "better than recorded" in baseline("--check", code=1).err
    here.write(FILE, (here.root / FILE).read_text().replace('"measured": 8', '"measured": 5'))
    baseline("--check")


def test_a_release_that_is_gone_makes_it_stale_unless_only_some_are_looked_at(baseline, here) -> None:
    second_release(here)
    baseline()
    (here.root / "second/release.yaml").unlink()
    assert ": gone" in baseline("--check", code=1).err
    baseline("--check", "release.yaml")


def test_a_crashed_check_is_never_known_and_keeps_its_exit_code(baseline, here, monkeypatch) -> None:
    from dataclasses import replace

    from policy_gate.catalogue import area

    def crash(*_args, **_named):
        raise KeyError("lost")

    checks = area("cost").checks
    name = "cost.macs_within_budget"
    monkeypatch.setitem(checks, name, replace(checks[name], function=crash))
    done = baseline(code=3)
    assert known(here) == []
    assert "COST-005 target node: KeyError: 'lost' (error)" in done.out


def test_a_configuration_in_a_folder_is_told_the_path_beside_it(baseline, here) -> None:
    for name in ("policy-gate.yaml", "own.yaml"):
        here.write(f"gate/{name}", (here.root / name).read_bytes())
    done = baseline("--config", "gate/policy-gate.yaml")
    assert f"Add to gate/policy-gate.yaml, under spec: `baseline: {FILE}`" in done.out
    assert (here.root / "gate" / FILE).is_file()
    far = baseline("--config", "gate/policy-gate.yaml", "--output", "far.json")
    assert "it has to lie below gate/" in far.out
