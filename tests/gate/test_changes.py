"""What a change does to its judge is named, whatever the head holds, and never makes comparing fail."""

from __future__ import annotations

import json

import pytest
from changes_world import BASELINE, CONFIG, PACK, WAIVER, WORKFLOW, Two, trust_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_gate.errors import GateError
from policy_gate.gate.change_approval import change_digest
from policy_gate.gate.watched import MAX_WATCHED_FILES

JUDGING = ("policy-gate.yaml", "packs/acme.yaml", "waivers.yaml", "baseline.json", "trust.yaml")


@pytest.fixture
def two(tmp_path) -> Two:
    return Two(tmp_path)


def test_a_head_that_is_the_base_has_no_difference(two) -> None:
    assert two.rows() == []


def test_a_release_alone_is_no_change_of_what_judges(two) -> None:
    two.write("release.yaml", "kind: ReleaseManifest\n")
    two.write("model/kws.onnx", b"\x08\x01")
    assert two.rows() == []


@pytest.mark.parametrize("path", JUDGING)
def test_a_file_that_becomes_a_link_is_looser(two, tmp_path, path) -> None:
    (tmp_path / "same").write_bytes((two.base / path).read_bytes())
    two.link(path, tmp_path / "same")
    found = [one for one in two.changes().rows if one.change.value == "looser"]
    assert any("symbolic link" in one.after for one in found)
    assert any(one.place.path == path for one in found)


@pytest.mark.parametrize("path", JUDGING)
def test_a_file_that_is_gone_is_looser(two, path) -> None:
    (two.head / path).unlink()
    assert any(one.change.value == "looser" and one.place.path == path for one in two.changes().rows)


@pytest.mark.parametrize("path", JUDGING)
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"a: &a [*a]", b"[" * 5000, b"a: 1\na: 2\n", b"x" * (1024 * 1024 + 1), b"kind: Other\n"],
)
def test_a_file_that_cannot_be_read_is_looser_and_no_exception(two, path, content) -> None:
    two.write(path, content)
    found = two.changes()
    assert any(one.change.value == "looser" and one.place.path == path for one in found.rows)


def test_a_head_that_cannot_be_loaded_still_shows_what_it_wants(two) -> None:
    two.replace("policy-gate.yaml", "max_macs_growth: 0.02", "max_macs_growth: 0.5")
    two.replace("packs/acme.yaml", "sequence > 0", "sequence > -1")
    changes = two.changes()
    named = {(one.kind, one.name): (one.before, one.after, one.change.value) for one in changes.rows}
    assert named[("parameter", "max_macs_growth")] == ("0.02", "0.5", "looser")
    assert named[("check", "ACME-001")][2] == "different"
    assert named[("proposal", "as a whole")][2] == "looser"
    assert "loosens the policy" in str(changes.problems[0])


def test_a_rule_that_the_head_may_not_remove_is_named_too(two) -> None:
    two.replace(
        "policy-gate.yaml", "  manifests:", "  rules: {ACME-001: {remove: true}, FPR-001: {mode: audit}}\n  manifests:"
    )
    found = two.names()
    assert ("rule ACME-001", "looser") in found
    assert ("mode FPR-001", "looser") in found


def test_a_pack_that_cannot_be_read_is_named_beside_the_configuration(two) -> None:
    two.write("packs/acme.yaml", "kind: PolicyPack\n")
    two.replace("policy-gate.yaml", '["**/release.yaml"]', '["nowhere/*.yaml"]')
    found = two.names()
    assert ("pack packs/acme.yaml", "looser") in found
    assert ("configuration manifests **/release.yaml", "looser") in found


def test_another_policy_path_is_named_with_every_rule_it_drops(two) -> None:
    two.write("other.yaml", PACK.replace("ACME-001", "ACME-002").replace("name: acme", "name: other"))
    two.replace("policy-gate.yaml", '"builtin:edge-baseline", packs/acme.yaml', "other.yaml")
    two.replace("policy-gate.yaml", "  parameters:\n    max_macs_growth: 0.02\n", "")
    found = two.names()
    assert ("configuration policy", "different") in found
    assert ("rule ACME-001", "looser") in found
    assert ("rule FPR-001", "looser") in found


def test_a_configuration_that_moved_is_gone(two) -> None:
    (two.head / "policy-gate.yaml").rename(two.head / "policy.yaml")
    found = two.changes()
    assert [(one.kind, one.name, one.after) for one in found.rows][:1] == [
        ("configuration", "policy-gate.yaml", "absent")
    ]


def test_a_look_alike_of_the_configuration_is_looser(two) -> None:
    (two.head / "policy-gate.yaml").rename(two.head / "policy-gate.yml")
    assert two.names()[0] == ("configuration policy-gate.yaml", "looser")


def test_a_configuration_named_on_the_command_line_may_lie_in_a_folder(two) -> None:
    for side in (two.base, two.head):
        (side / "gate").mkdir()
        for path in ("policy-gate.yaml", "packs", "waivers.yaml", "baseline.json", "trust.yaml"):
            (side / path).rename(side / "gate" / path)
    two.write("gate/waivers.yaml", WAIVER)
    two.write("gate/policy-gate.lock", "kind: PolicyLock\n")
    found = two.changes("gate/policy-gate.yaml")
    assert [(one.kind, one.name) for one in found.rows if one.kind in ("waiver", "lock")] == [
        ("lock", "gate/policy-gate.lock"),
        ("waiver", "W-1"),
    ]


def test_a_waiver_that_the_change_grants_itself_is_looser(two) -> None:
    two.write("waivers.yaml", WAIVER)
    assert two.rows() == [("waiver", "W-1", "looser")]


def test_waivers_from_another_file_are_compared_with_those_that_counted(two) -> None:
    two.write("mine.yaml", WAIVER)
    two.replace("policy-gate.yaml", "waivers: waivers.yaml", "waivers: mine.yaml")
    assert two.rows() == [("waiver", "W-1", "looser"), ("configuration", "waivers", "different")]


def test_a_named_file_outside_the_tree_is_looser(two) -> None:
    two.replace("policy-gate.yaml", "trust: trust.yaml", "trust: ../trust.yaml")
    assert ("trust file", "../trust.yaml", "looser") in two.rows()


def test_a_key_of_their_own_is_looser(two) -> None:
    two.write("trust.yaml", trust_file(1, 2))
    (row,) = two.changes().rows
    assert (row.kind, row.change.value, row.name[:5]) == ("key", "looser", "key-2")


def test_a_finding_in_the_baseline_is_looser(two) -> None:
    finding = (
        '{"id": "FPR-001:artifact:kws:/x", "rule": "FPR-001", "release": "kws", "outcome": "fail", "reason": null,'
        f' "measured": null, "limit": null, "unit": "", "message_digest": "sha256:{"a" * 64}"}}'
    )
    two.write("baseline.json", BASELINE.replace("[]", f"[{finding}]"))
    assert two.rows() == [("baseline", "FPR-001, added", "looser")]


@pytest.mark.parametrize("path", JUDGING)
def test_a_file_with_other_words_or_layout_is_different_and_never_nothing(two, path) -> None:
    text = (two.base / path).read_text()
    two.write(path, f"{text}\n" if path.endswith(".json") else f"# a comment\n{text}")
    (row,) = two.changes().rows
    assert (row.change.value, row.place.path) == ("different", path)
    assert row.after.endswith("(words or layout)")


def test_what_only_one_stage_demands_is_named_with_its_stage(two) -> None:
    preset = "  presets:\n    calm: {words: a calm preset, modes: {ACME-001: enforce}}\n"
    pack = PACK.replace("spec:\n", f"spec:\n{preset}").replace("severity: high", "severity: high\n      mode: warn")
    two.everywhere("packs/acme.yaml", pack)
    two.write("policy-gate.yaml", CONFIG.replace("  trust:", "  stages: {release: {preset: calm}}\n  trust:"))
    assert two.rows() == [("mode", "ACME-001 at stage release", "stricter")]


def test_a_first_configuration_is_compared_with_what_judged_before(two) -> None:
    for path in JUDGING[:1]:
        (two.base / path).unlink()
    found = two.rows()
    assert ("configuration", "manifests **/release.json", "looser") in found
    assert ("rule", "ACME-001", "stricter") in found


def test_a_base_that_cannot_judge_is_an_error_and_no_difference(two) -> None:
    two.write("packs/acme.yaml", "kind: Other\n", at=two.base)
    with pytest.raises(GateError, match="acme"):
        two.changes()


def test_a_workflow_that_runs_the_gate_no_more_is_looser(two) -> None:
    (two.head / ".github/workflows/gate.yml").unlink()
    assert two.rows() == [("workflow", ".github/workflows/gate.yml", "looser")]


def test_a_workflow_that_is_a_link_is_looser(two, tmp_path) -> None:
    (tmp_path / "gate.yml").write_text(WORKFLOW)
    two.link(".github/workflows/gate.yml", tmp_path / "gate.yml")
    assert two.rows() == [("workflow", ".github/workflows/gate.yml", "looser")]


@pytest.mark.parametrize("content", [b"\0" + WORKFLOW.encode(), WORKFLOW.encode("utf-16"), b"x" * 2_000_000])
def test_a_workflow_that_nobody_can_read_is_looser(two, content) -> None:
    two.write(".github/workflows/gate.yml", content)
    assert two.rows() == [("workflow", ".github/workflows/gate.yml", "looser")]


def test_bytes_that_are_no_text_are_still_told_apart(two) -> None:
    for side, byte in ((two.base, b"\xf0"), (two.head, b"\xf1")):
        two.write(".github/workflows/gate.yml", WORKFLOW.encode() + b"# " + byte, at=side)
    assert [one[2] for one in two.rows()] == ["different"]


def test_a_workflow_that_does_not_speak_of_the_gate_is_not_ours(two) -> None:
    two.write(".github/workflows/docs.yml", "on: [push]\n")
    assert two.rows() == []


def test_a_new_workflow_that_speaks_of_the_gate_is_different(two) -> None:
    two.write(".github/workflows/other.yml", WORKFLOW)
    assert two.rows() == [("workflow", ".github/workflows/other.yml", "different")]


@pytest.mark.parametrize("path", ["profiles/board.yaml", "devices/profiles/board.yml", ".policy-gate/packs/x.yaml"])
def test_a_device_profile_or_a_stored_pack_of_their_own_is_named(two, path) -> None:
    two.write(path, "anything: 1\n")
    assert [(one[1], one[2]) for one in two.rows()] == [(path, "different")]


def test_a_device_profile_that_changes_is_shown_by_its_lines(two) -> None:
    two.everywhere("profiles/board.yaml", "ns_per_mac: 2\nwatts: 1\n")
    two.replace("profiles/board.yaml", "ns_per_mac: 2", "ns_per_mac: 1")
    (row,) = two.changes().rows
    assert (row.name, row.before, row.after) == ("profiles/board.yaml line 1", "ns_per_mac: 2", "ns_per_mac: 1")


def test_more_files_than_can_be_compared_are_looser(two) -> None:
    for number in range(MAX_WATCHED_FILES + 1):
        two.write(f"profiles/{number}.yaml", "a: 1\n")
    assert two.names()[0] == ("watched files number", "looser")


def test_a_setting_that_changes_nothing_today_is_still_named(two) -> None:
    two.replace("policy-gate.yaml", "  trust:", "  rules: {ACME-001: {mode: enforce}}\n  trust:")
    (row,) = two.changes().rows
    assert (row.kind, row.change.value) == ("configuration", "different")
    assert row.after.endswith("(without effect today)")


def test_every_row_has_a_file_and_no_two_rows_look_alike(two) -> None:
    two.write("waivers.yaml", WAIVER)
    two.write("trust.yaml", trust_file(2))
    two.replace("policy-gate.yaml", "0.02", "0.5")
    two.replace("policy-gate.yaml", '["**/release.yaml"]', '["a", "b"]')
    rows = two.changes().rows
    assert all(row.place is not None and row.place.path for row in rows)
    assert len({(row.kind, row.name, row.before, row.after) for row in rows}) == len(rows)


def test_the_digest_of_a_table_outlives_a_comment_and_nothing_else(two) -> None:
    two.write("waivers.yaml", WAIVER)
    first = change_digest(two.changes().rows)
    two.write("waivers.yaml", "# a comment\n" + WAIVER)
    assert change_digest(two.changes().rows) == first
    two.write("waivers.yaml", WAIVER.replace("accept: 9", "accept: 10"))
    assert change_digest(two.changes().rows) != first


EDITS = st.lists(
    st.tuples(
        st.sampled_from(JUDGING), st.integers(0, 2000), st.sampled_from(["", "x", "0", "\n", " ", "a: 1\n", "- "])
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_no_edit_of_a_file_that_judges_goes_unseen(tmp_path_factory, edits) -> None:
    two = Two(tmp_path_factory.mktemp("edited"))
    for path, offset, text in edits:
        content = (two.head / path).read_text()
        at = offset % len(content)
        two.write(path, content[:at] + text + content[at + 1 :])
    changed = {path for path in JUDGING if (two.base / path).read_bytes() != (two.head / path).read_bytes()}
    named = {one.place.path for one in two.changes().rows}
    assert bool(changed) is bool(named)
    if "policy-gate.yaml" not in changed:
        assert changed <= named


@pytest.mark.parametrize("path", ["trust.yaml", "waivers.yaml", "baseline.json"])
@pytest.mark.parametrize("content", [b"kind: Other\n", b"", b"\xff", None])
def test_a_file_that_would_stop_every_later_run_makes_the_proposal_fail(two, path, content) -> None:
    if content is None:
        (two.head / path).unlink()
    else:
        two.write(path, content)
    changes = two.changes()
    assert [one.path for one in changes.problems] == [path]
    assert changes.problems[0].message.startswith("the ")
    if content == b"kind: Other\n":
        assert changes.problems[0].line
    assert ("proposal as a whole", "looser") in two.names()


def test_a_first_configuration_is_named_also_where_it_says_what_holds_already(two) -> None:
    (two.base / "policy-gate.yaml").unlink()
    two.write(
        "policy-gate.yaml",
        'apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: ["builtin:edge-baseline"]}\n',
    )
    assert two.rows() == [("configuration", "policy-gate.yaml", "different")]


def test_many_problems_of_a_pack_are_each_held_against_the_others_at_once(two) -> None:
    unread = "".join(
        f"    p{number}: {{type: integer, default: 1, words: nobody reads it}}\n" for number in range(3000)
    )
    two.write("packs/acme.yaml", PACK.replace("spec:\n", f"spec:\n  parameters:\n{unread}"))
    assert len(two.changes().problems) == 3000


def test_very_many_known_findings_of_as_many_rules_are_compared_rule_by_rule(two) -> None:
    entries = [
        {
            "id": f"R{number}-001:artifact:kws:/x",
            "rule": f"R{number}-001",
            "release": "kws",
            "outcome": "fail",
            "reason": None,
            "measured": None,
            "limit": None,
            "unit": "",
            "message_digest": f"sha256:{'a' * 64}",
        }
        for number in range(5000)
    ]
    two.write("baseline.json", BASELINE.replace("[]", json.dumps(entries, indent=0)))
    rows = two.changes().rows
    assert len(rows) == 5000
    assert len({row.place.line for row in rows}) == 5000
