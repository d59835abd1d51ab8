"""Models that are built in CI and never committed are compared with an earlier run's record, or with the last bundle."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
from pathlib import Path

import pytest
from built_in_ci import CONFIG, NOW, BuiltInCi, wide_model
from checkout import MODEL


@pytest.fixture
def built(checkout, git, gate, tmp_path) -> BuiltInCi:
    return BuiltInCi(checkout, git, gate, tmp_path / "elsewhere")


def sources(built: BuiltInCi) -> tuple[str, str]:
    return f"record:{built.report}", f"bundle:{built.bundle}"


def test_git_alone_cannot_say_how_much_an_uncommitted_model_grew_and_blocks(built) -> None:
    built.build(4, sequence=2)
    found = built.outcomes("main")
    assert found["COST-002"] == "unknown"


@pytest.mark.parametrize("kind", [0, 1], ids=["record", "bundle"])
def test_growth_is_measured_against_the_record_or_the_bundle_of_the_base(built, kind) -> None:
    built.build(3, sequence=2)
    assert built.outcomes("main", sources(built)[kind])["COST-002"] == "pass"
    built.build(9, sequence=2)
    record = built.record("main", sources(built)[kind])
    found = {one["rule"]: one for one in record["judgements"]}
    assert (found["COST-002"]["outcome"], found["COST-002"]["base"]) == ("fail", 6)
    assert found["REL-001"]["outcome"] == "pass"
    assert record["base_state"].startswith("compared with")


def test_the_record_says_where_its_base_came_from_and_who_judged(built, git) -> None:
    built.build(3, sequence=2)
    for source, content in (
        (sources(built)[0], built.report.read_bytes()),
        (sources(built)[1], (built.bundle / "release.yaml").read_bytes()),
    ):
        record = built.record("main", source)
        label = f"{source.partition(':')[0]}:{Path(source).name}"
        assert record["base"]["source"] == label
        given = [one for one in record["inputs"] if one["role"] == "base"]
        assert [(one["source"], one["digest"]) for one in given] == [
            (label, f"sha256:{hashlib.sha256(content).hexdigest()}")
        ]
        assert record["policy_source"] == f"base:{git(built.root, 'rev-parse', 'main')}"
        assert built.check("main", source).code == 0


def test_the_same_sequence_with_other_bytes_fails_against_a_record_too(built) -> None:
    built.build(4, sequence=1)
    for source in sources(built):
        assert built.outcomes("main", source)["REL-001"] == "fail"
        assert built.outcomes(source)["REL-001"] == "fail"


def test_without_a_revision_the_comparison_stands_alone_and_the_result_is_advice(built) -> None:
    built.build(9, sequence=2)
    for source in sources(built):
        done = built.check(source)
        assert done.code == 1
        assert "FAIL COST-002" in done.out
        assert "this is advice, not a boundary" in done.out


def test_ci_still_demands_a_revision_beside_a_comparison(built) -> None:
    done = built.check(sources(built)[0], env={"CI": "true"})
    assert done.code == 2
    assert "--base REV, or --no-base" in done.err
    built.build(3, sequence=2)
    built.commit()
    for source in sources(built):
        done = built._gate("check", "--base", "main", "--base", source, cwd=built.root, env={"CI": "true"})
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["record", "bundle"])
@pytest.mark.parametrize("way", ["inside", "link", "parent", "dotdot"])
def test_in_ci_a_file_of_the_checkout_is_no_baseline_however_it_is_named(built, kind, way, tmp_path) -> None:
    built.commit()
    built.here.write("mine/last.json", built.report.read_bytes())
    built.here.write("mine/last/release.yaml", (built.bundle / "release.yaml").read_bytes())
    inner = built.root / "mine" / ("last.json" if kind == "record" else "last")
    if way == "link":
        link = tmp_path / "innocent"
        link.symlink_to(inner)
        inner = link
    elif way == "parent":
        inner = tmp_path if kind == "bundle" else built.root / "mine/../mine/last.json"
    elif way == "dotdot":
        inner = built.elsewhere / ".." / built.root.name / "mine" / inner.name
    done = built._gate("check", "--base", "main", "--base", f"{kind}:{inner}", cwd=built.root, env={"CI": "true"})
    assert done.returncode == 2
    assert "is part of what is judged" in done.stderr
    assert "$RUNNER_TEMP" in done.stderr


def test_outside_ci_a_file_of_the_checkout_may_be_compared_with(built) -> None:
    built.here.write("mine.json", built.report.read_bytes())
    assert built.check("main", "record:mine.json").code == 0


def test_in_ci_a_file_of_the_repository_around_a_submodule_is_no_baseline_either(built, git) -> None:
    built.commit()
    outer = built.root.parent
    git(outer, "init", "-q")
    kinder = outer / "kinder.json"
    kinder.write_bytes(built.report.read_bytes())
    done = built.check("main", f"record:{kinder}", env={"CI": "true"})
    assert done.code == 2
    assert "is part of what is judged" in done.err


def test_a_bundle_is_not_compared_with_itself_in_ci(built, gate) -> None:
    named = ("--no-base", "--bundle", str(built.bundle), "--base", f"bundle:{built.bundle}")
    done = gate("check", *named, cwd=built.root, env={"CI": "true"})
    assert done.returncode == 2
    assert "is part of what is judged" in done.stderr


@pytest.mark.parametrize("source", ["record", "bundle"])
def test_a_kinder_baseline_than_the_base_holds_is_refused(built, source) -> None:
    built.build(9, sequence=0)
    kinder = built.judge_alone(built.elsewhere / "kinder.json") if source == "record" else None
    kinder = kinder or built.pack(built.elsewhere / "kinder")
    built.build(9, sequence=2)
    done = built.check("main", f"{source}:{kinder}")
    assert done.code == 2
    assert "is not the one of the base (sequence 1, manifest sha256:" in done.err
    assert "made from the commit the base is" in done.err


def test_a_bundle_with_the_right_manifest_and_a_bigger_model_is_refused(built) -> None:
    (built.bundle / MODEL).write_bytes(wide_model(9))
    built.build(9, sequence=2)
    done = built.check("main", f"bundle:{built.bundle}")
    assert done.code == 2
    assert f"'{MODEL}' has other bytes than its manifest names" in done.err


def test_a_bundle_whose_model_is_gone_is_refused_and_not_taken_for_small(built) -> None:
    (built.bundle / MODEL).unlink()
    done = built.check("main", f"bundle:{built.bundle}")
    assert done.code == 2
    assert "not in checkout" in done.err


def test_a_manifest_that_does_not_name_its_bytes_makes_no_baseline(built) -> None:
    text = (built.root / "release.yaml").read_text()
    unnamed = built.pack(built.elsewhere / "unnamed")
    head, _, tail = text.partition(', digest: "')
    (unnamed / "release.yaml").write_text(head + tail[tail.index('"') + 1 :])
    done = built.check(f"bundle:{unnamed}")
    assert done.code == 2
    assert "does not name the digest of artifact 'kws'" in done.err


def test_a_blocked_record_is_no_baseline(built) -> None:
    built.build(4, sequence=1)
    built.here.write(MODEL, wide_model(9))
    blocked = built.judge_alone(built.elsewhere / "blocked.json")
    assert json.loads(blocked.read_text())["records"][0]["verdict"] == "blocked"
    built.build(3, sequence=2)
    done = built.check(f"record:{blocked}")
    assert done.code == 2
    assert "was blocked there, and only an allowed release is a baseline" in done.err


def test_a_verdict_that_somebody_wrote_over_is_found(built) -> None:
    built.build(4, sequence=1)
    built.here.write(MODEL, wide_model(9))
    blocked = json.loads(built.judge_alone(built.elsewhere / "blocked.json").read_text())
    blocked["records"][0]["verdict"] = "allowed"
    path = built.elsewhere / "written-over.json"
    path.write_text(json.dumps(blocked))
    done = built.check("main", f"record:{path}")
    assert done.code == 2
    assert "its judgements say blocked" in done.err


def set_at(*keys: object):
    *inner, last, value = keys

    def change(tree: dict) -> None:
        for key in ("records", 0, *inner):
            tree = tree[key]
        tree[last] = value

    return change


def facts_named(tree: dict, name: str) -> list[dict]:
    return [one for one in tree["records"][0]["facts"] if one["fact"] == name]


EDITS = {
    "another sequence in its claims": (
        set_at("claims", "metadata", "sequence", 0),
        "has another sequence in its claims there",
    ),
    "another sequence in its facts": (
        lambda tree: facts_named(tree, "release.state")[0].update(sequence=0),
        "has another sequence or manifest in its facts",
    ),
    "another model": (
        lambda tree: facts_named(tree, "fingerprint.file_digest")[0].update(sha256=f"sha256:{'0' * 64}"),
        "with other bytes of artifact 'kws' than its manifest names",
    ),
    "other claims": (
        lambda tree: tree["records"][0]["claims"].update(targets=[]),
        "has other claims than the manifest of the base",
    ),
    "an unknown key": (lambda tree: tree["records"][0].update(kinder=True), "not a record of policy-gate"),
    "a fact of another kind": (
        lambda tree: tree["records"][0]["facts"].append({"fact": "cost.nothing"}),
        "not a record of policy-gate",
    ),
    "a problem beside it": (
        lambda tree: tree["problems"].append({"message": "release.yaml cannot be read"}),
        "its run could not judge everything",
    ),
    "an exit code of a run that failed": (lambda tree: tree.update(exit_code=2), "its run could not judge everything"),
    "an exit code that is no number": (lambda tree: tree.update(exit_code=True), "its run could not judge everything"),
    "no record": (lambda tree: tree["records"].clear(), "it holds no record at all"),
    "the same release twice": (
        lambda tree: tree["records"].append(tree["records"][0]),
        "it holds the release 'kws' more than once",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_record_that_was_edited_is_refused(built, edit) -> None:
    change, words = EDITS[edit]
    done = built.check("main", f"record:{built.edited(change)}")
    assert done.code == 2
    assert words in done.err


def test_a_record_under_another_name_than_its_claims_is_refused_where_that_name_is_judged(built) -> None:
    renamed = built.edited(set_at("release", "name", "vad"))
    built.build(3, sequence=2, name="vad")
    done = built.check(f"record:{renamed}")
    assert done.code == 2
    assert "has another name in its claims there" in done.err


UNREADABLE = {
    "absent": None,
    "empty": b"",
    "blank": b" \n",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe{}",
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "other JSON": b"{}",
    "NaN": b'{"schema": NaN}',
    "a number of JSON lines": b'{"a": 1}\n{"a": 2}\n',
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_record_that_cannot_be_read_is_exit_2_and_never_a_first_release(built, what) -> None:
    path = built.elsewhere / "broken.json"
    if UNREADABLE[what] is not None:
        path.write_bytes(UNREADABLE[what])
    done = built.check("main", f"record:{path}")
    assert (done.code, done.out) == (2, "")
    assert "the base record:broken.json cannot be compared with" in done.err


def test_a_folder_is_no_record_and_an_empty_folder_is_no_bundle(built) -> None:
    assert built.check("main", f"record:{built.bundle}").code == 2
    empty = built.elsewhere / "empty"
    empty.mkdir()
    done = built.check("main", f"bundle:{empty}")
    assert done.code == 2
    assert "it holds no release manifest" in done.err
    assert built.check("main", f"bundle:{built.elsewhere / 'absent'}").code == 2
    (empty / "release.yaml").write_text("kind: [")
    done = built.check("main", f"bundle:{empty}")
    assert done.code == 2
    assert "its manifest cannot be read" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_is_no_record_and_nothing_waits_for_it(built) -> None:
    os.mkfifo(built.elsewhere / "pipe.json")
    assert built.check("main", f"record:{built.elsewhere / 'pipe.json'}").code == 2


def test_an_archive_is_a_bundle_too_and_a_damaged_one_is_exit_2(built) -> None:
    path = built.elsewhere / "last.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(built.bundle / "release.yaml", "release.yaml")
        archive.add(built.bundle / MODEL, MODEL)
    built.build(9, sequence=2)
    done = built.check("main", f"bundle:{path}")
    assert (done.code, "FAIL COST-002" in done.out) == (1, True)
    path.write_bytes(path.read_bytes()[:-20])
    done = built.check("main", f"bundle:{path}")
    assert done.code == 2
    assert "cannot be compared with" in done.err


@pytest.mark.parametrize("kind", [0, 1], ids=["record", "bundle"])
def test_a_name_that_neither_knows_is_a_first_release_and_says_what_was_there(built, git, kind) -> None:
    git(built.root, "checkout", "-q", "main")
    git(built.root, "rm", "-q", "release.yaml")
    built.commit()
    git(built.root, "checkout", "-q", "-B", "work")
    built.build(9, name="vad")
    record = built.record("main", sources(built)[kind])
    said = f"no baseline: the base holds no release of this name: {sources(built)[kind].partition(':')[0]}:last"
    assert record["base_note"].startswith(said)
    assert record["base_note"].endswith("holds kws")
    assert record["base"] is None
    done = built.check("main", sources(built)[kind])
    assert "no baseline: the base holds no release of this name" in done.out
    assert "holds kws" in done.out


def test_a_release_whose_manifest_is_built_too_is_compared_by_the_comparison_alone(built, git) -> None:
    git(built.root, "checkout", "-q", "main")
    git(built.root, "rm", "-q", "release.yaml")
    built.commit()
    git(built.root, "checkout", "-q", "-B", "work")
    built.build(9, sequence=2)
    for source in sources(built):
        done = built.check("main", source)
        assert (done.code, "FAIL COST-002" in done.out) == (1, True)


def test_a_release_that_only_the_base_holds_is_compared_with_the_base_and_said_so(built, git) -> None:
    built.build(3, sequence=2)
    other = built.edited(lambda tree: tree["records"].clear())
    text = built.report.read_text().replace('"kws"', '"vad"')
    other.write_text(text)
    record = built.record("main", f"record:{other}")
    assert record["base"]["source"].startswith("base:")
    assert any("record:edited.json holds vad, and not 'kws'" in one for one in record["limits"])


def test_a_release_that_takes_another_name_is_not_compared_with_a_kinder_one_of_that_name(built) -> None:
    built.build(9, name="fresh")
    kinder = built.judge_alone(built.elsewhere / "fresh.json")
    built.build(9, sequence=2, name="fresh")
    done = built.check("main", f"record:{kinder}")
    assert done.code == 2
    assert "in the base this manifest is the release 'kws', and record:fresh.json holds 'fresh'" in done.err


def test_a_manifest_that_vanished_from_the_base_is_still_missed(built, git) -> None:
    git(built.root, "rm", "-q", "release.yaml")
    built.commit()
    done = built.check("main", sources(built)[0])
    assert done.code == 2
    assert "release 'kws' of the base has no manifest any more" in done.err


def test_a_base_manifest_that_cannot_be_read_is_not_replaced_by_a_record(built, git) -> None:
    git(built.root, "checkout", "-q", "main")
    text = (built.root / "release.yaml").read_text()
    built.here.write("release.yaml", text + "unknown: true\n")
    built.commit()
    git(built.root, "checkout", "-q", "-B", "work")
    built.build(3, sequence=2)
    found = built.record("main", sources(built)[0])
    assert found["base_state"] == "the base release could not be read"
    assert found["verdict"] == "blocked"


def test_facts_that_the_record_does_not_hold_are_unknown_and_never_pass(built) -> None:
    def without_structure(tree: dict) -> None:
        one = tree["records"][0]
        one["facts"] = [fact for fact in one["facts"] if not fact["fact"].startswith("cost.")]
        one["missing"] = [fact for fact in one["missing"] if not fact["fact"].startswith("cost.")]

    built.build(3, sequence=2)
    record = built.record("main", f"record:{built.edited(without_structure)}")
    found = {one["rule"]: one for one in record["judgements"]}
    for rule in ("COST-002", "COST-003", "COST-004"):
        assert (found[rule]["outcome"], found[rule]["reason"]) == ("unknown", "not in the record")
    assert record["verdict"] == "blocked"


@pytest.mark.parametrize(
    ("bases", "words"),
    [
        (("main", "work"), "names a revision that judges twice: main and work"),
        (("record:a", "bundle:b"), "names a record or a bundle to compare with twice: record:a and bundle:b"),
        (("",), "names nothing to compare with"),
        (("main", "record:"), "names nothing to compare with"),
        (("bundle:",), "names nothing to compare with"),
    ],
)
def test_at_most_one_base_judges_and_at_most_one_is_compared_with(built, bases, words) -> None:
    done = built.check(*bases)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_record_of_another_version_of_the_gate_is_compared_with_and_named(built) -> None:
    built.build(3, sequence=2)
    older = built.edited(set_at("tool_version", "0.0.1"))
    record = built.record("main", f"record:{older}")
    assert any("those that policy-gate 0.0.1 found" in one for one in record["limits"])


def test_the_same_comparison_gives_the_same_bytes_wherever_it_lies(built, tmp_path) -> None:
    built.build(3, sequence=2)
    other = tmp_path / "other-folder"
    other.mkdir()
    (other / "last.json").write_bytes(built.report.read_bytes())
    runs = [
        built.check("main", f"record:{one}", more=("--format", "json")) for one in (built.report, other / "last.json")
    ]
    assert runs[0].out == runs[1].out
    assert NOW[1] in runs[0].out


CONDITIONAL = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  rules:
    - id: OWN-001
      title: what is shipped to cars has a high sequence
      severity: high
      when: manifest.metadata.license == "Apache-2.0"
      assert: manifest.metadata.sequence > 100
      rationale: a reason
      remediation: a way
    - id: OWN-002
      title: its model does not grow
      severity: high
      when: facts.cost.macs[0].macs > 0
      assert: facts.cost.macs[0].macs <= base.facts.cost.macs[0].macs
      rationale: a reason
      remediation: a way
"""


def test_a_condition_is_asked_of_the_earlier_release_too_so_that_no_claim_takes_a_rule_away(built) -> None:
    built.here.write("own.yaml", CONDITIONAL)
    built.here.write(
        "policy-gate.yaml", CONFIG.replace('["builtin:edge-baseline"]', '["builtin:edge-baseline", own.yaml]')
    )
    built.build(3, sequence=2)
    built.here.replace("license: Apache-2.0", "license: MIT")
    for source in sources(built):
        assert built.outcomes(source)["OWN-001"] == "fail"


def test_what_an_expression_reads_of_a_record_that_does_not_hold_it_is_unknown(built) -> None:
    built.here.write("own.yaml", CONDITIONAL)
    built.here.write(
        "policy-gate.yaml", CONFIG.replace('["builtin:edge-baseline"]', '["builtin:edge-baseline", own.yaml]')
    )
    built.build(9, sequence=2)
    assert built.outcomes(*sources(built)[:1])["OWN-002"] == "fail"

    def without_cost(tree: dict) -> None:
        one = tree["records"][0]
        one["facts"] = [fact for fact in one["facts"] if not fact["fact"].startswith("cost.")]

    record = built.record(f"record:{built.edited(without_cost)}")
    found = {one["rule"]: one for one in record["judgements"]}
    assert (found["OWN-002"]["outcome"], found["OWN-002"]["reason"]) == ("unknown", "not in the record")
