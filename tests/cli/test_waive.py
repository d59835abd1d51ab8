"""`waive`: what it writes would count, what would not count it refuses, and it writes whole files or none."""

from __future__ import annotations

import hashlib
import json

import pytest
import yaml
from board_world import ALICE, BOB, MALLORY, MODEL, Checkout, key_file, lay, trust, waiver, waiver_file

NOW = ("--now", "2026-11-23")
WISH = ("--owner", "jane", "--approved-by", "security", "--reason", "The new board comes in March.")
UNTIL = ("--until", "2027-01-20")
NAMED = "  waivers: waivers.yaml\n"


@pytest.fixture
def here(tmp_path) -> Checkout:
    return lay(tmp_path)


@pytest.fixture
def waive(run, here):
    """Runs `waive`; a refusal leaves every file as it was."""

    def asked(*args: str, code: int = 0):
        before = _all(here)
        done = run("waive", *args, *NOW)
        assert done.code == code, done
        assert "Traceback" not in done.err
        if code:
            assert _all(here) == before
        return done

    return asked


def _all(here: Checkout) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(here.root.rglob("*")) if path.is_file()}


def written(here: Checkout, path: str = "waivers.yaml") -> list[dict]:
    return yaml.safe_load((here.root / path).read_text())["waivers"]


def test_a_rule_that_decides_who_is_trusted_cannot_be_waived(waive) -> None:
    for rule in ("SIG-001", "POL-010", "sig-999"):
        done = waive(rule, *UNTIL, *WISH, code=2)
        assert f"rule {rule.upper()} cannot be waived" in done.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("COST-05",), "did you mean COST-005?"),
        (("FPR-001",), "FPR-001 does not fail: there is nothing to waive"),
        (("COST-005", "--subject", "target nod"), "did you mean target node?"),
        (("COST-005", "--subject", "*"), "COST-005 judges no subject '*'"),
        (("COST-005", "elsewhere.yaml"), "elsewhere.yaml"),
        (("COST-005", "--accept", "5"), "it accepts 5 MAC, and 6 MAC was measured"),
        (("COST-005", "--accept", "nan"), "--accept nan: a number such as 58 or 0.5 is wanted"),
        (("COST-005", "--accept", "1e999"), "a number such as 58 or 0.5 is wanted"),
        (("COST-005", "--accept", "9" * 400), "a number such as 58 or 0.5 is wanted"),
        (("COST-005", "--accept", "9" * 5000), "a number such as 58 or 0.5 is wanted"),
        (("COST-005", "--accept", "٥"), "it accepts 5.0 MAC"),
        (("COST-005", "--versions", ">=2"), "it is for versions >=2, and this is 1.0"),
        (("COST-005", "--versions", "any"), "versions: "),
        (("COST-005", "--reason", "x"), "reason"),
        (("COST-005", "--owner", "jäne"), "should be printable ASCII"),
    ],
)
def test_a_wish_that_would_not_count_is_refused_and_writes_nothing(args, said, waive) -> None:
    done = waive(args[0], *UNTIL, *WISH, *args[1:], code=2)
    assert said in done.err


@pytest.mark.parametrize("owner", ["security", "Security ", "@SECURITY"])
def test_whoever_owns_a_waiver_cannot_approve_it(owner, waive) -> None:
    done = waive("COST-005", *UNTIL, *WISH, "--owner", owner, code=2)
    assert "cannot be among approved_by" in done.err


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2027-02-30", "--until '2027-02-30' is no day"),
        ("tomorrow", "is no day"),
        ("9999-12-31", "the last day that it allows is 2027-01-22"),
        ("2027-01-23", "--until 2027-01-23 is 61 days from today, and the policy allows 60"),
        ("2026-11-22", "it expired on 2026-11-22"),
    ],
)
def test_a_lifetime_that_the_policy_does_not_allow_is_refused_with_the_last_day_it_does(until, said, waive) -> None:
    assert said in waive("COST-005", "--until", until, *WISH, code=2).err


def test_the_longest_lifetime_and_the_shortest_are_allowed(waive, here) -> None:
    waive("COST-005", "--until", "2027-01-22", *WISH)
    waive("COST-005", "--until", "2026-11-23", *WISH)
    assert [one["expires"] for one in written(here)] == ["2027-01-22", "2026-11-23"]


def test_what_is_not_known_cannot_be_waived(waive, here) -> None:
    here.write(MODEL, b"no model")
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "it could not be decided" in done.err
    assert "release.yaml:5:21: unknown: " in done.err


def test_a_waiver_without_all_that_it_has_to_say_is_refused(waive) -> None:
    done = waive("COST-005", "--until", "2027-01-20", code=2)
    assert "add --reason, --owner, --approved-by" in done.err


@pytest.mark.parametrize("args", [(), ("COST-005", "--list"), ("--approve", "W-1", "--list")])
def test_it_does_one_thing_at_a_time(args, waive) -> None:
    assert "waive takes a RULE, or --approve ID, or --list" in waive(*args, code=2).err


def test_several_findings_are_listed_and_none_is_chosen(waive, here) -> None:
    here.replace("- {id: node, runs: [kws]}", "- {id: node, runs: [kws]}\n  - {id: other, runs: [kws]}")
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text().replace("node: 5", '"*": 5'))
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "COST-005 fails 2 times" in done.err
    assert '--subject "target node"' in done.err
    assert '--subject "target other"' in done.err
    waive("COST-005", "--subject", "target other", *UNTIL, *WISH)
    assert [one["subject"] for one in written(here)] == ["target other"]


def test_the_same_finding_of_two_releases_needs_a_manifest(waive, here) -> None:
    for path in ("release.yaml", MODEL):
        here.write(f"second/{path}", (here.root / path).read_bytes())
    text = (here.root / "second/release.yaml").read_text().replace("name: kws", "name: second")
    here.write("second/release.yaml", text)
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "second/release.yaml:5:21: fail: " in done.err
    waive("COST-005", "second/release.yaml", *UNTIL, *WISH)
    assert [one["release"] for one in written(here)] == ["second"]


def test_the_entry_says_what_was_measured_and_who_answers_for_it(waive, here) -> None:
    done = waive("cost-005", *UNTIL, *WISH, "--reference", "BOARD-7")
    assert written(here) == [
        {
            "id": "W-2026-001",
            "rule": "COST-005",
            "release": "kws",
            "subject": "target node",
            "accept": 6,
            "owner": "jane",
            "approved_by": ["security"],
            "reason": "The new board comes in March.",
            "reference": "BOARD-7",
            "granted": "2026-11-23",
            "expires": "2027-01-20",
        }
    ]
    assert "accepts   up to 6 MAC, where the limit is 5 MAC" in done.out
    assert "It counts only once it is merged into the base" in done.out
    assert "never unknown or error" in done.out


def test_more_than_was_measured_can_be_accepted_and_is_written_as_a_number(waive, here) -> None:
    waive("COST-005", *UNTIL, *WISH, "--accept", "7.5", "--versions", ">=1.0 <2")
    assert (written(here)[0]["accept"], written(here)[0]["versions"]) == (7.5, ">=1.0 <2")


def test_a_waiver_is_bound_to_the_bytes_that_the_artifact_has(waive, here) -> None:
    waive("COST-005", *UNTIL, *WISH, "--bind-artifact")
    (entry,) = written(here)
    assert entry["artifact"] in (here.root / "release.yaml").read_text()


def test_a_finding_without_a_number_is_held_to_what_it_found_and_may_be_bound_to_bytes_as_well(waive, here) -> None:
    changed = here.root.joinpath(MODEL).read_bytes() + b"\x72\x00"
    here.write(MODEL, changed)
    digest = f"sha256:{hashlib.sha256(changed).hexdigest()}"
    assert "--bind-artifact" not in waive("FPR-001", *UNTIL, *WISH).out
    assert written(here)[0]["found"] == digest
    waive("FPR-001", *UNTIL, *WISH, "--bind-artifact")
    assert written(here)[1]["artifact"] == digest


def test_the_configuration_names_the_new_file_and_keeps_its_comments(waive, here) -> None:
    before = (here.root / "policy-gate.yaml").read_text()
    done = waive("COST-005", *UNTIL, *WISH)
    assert (here.root / "policy-gate.yaml").read_text() == before + NAMED
    assert "policy-gate.yaml: names that file now" in done.out


def test_a_file_that_is_there_and_not_named_is_not_put_in_force(waive, here) -> None:
    here.write("waivers.yaml", waiver_file(waiver()))
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "waivers.yaml: is there already, and the configuration does not name it" in done.err


def test_a_named_file_is_made_where_it_is_missing_also_in_a_folder(waive, here) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  waivers: gate/waivers.yaml\n")
    waive("COST-005", *UNTIL, *WISH)
    assert len(written(here, "gate/waivers.yaml")) == 1


def test_without_a_configuration_nothing_could_name_a_waiver(waive, here) -> None:
    (here.root / "policy-gate.yaml").unlink()
    here.write(MODEL, here.root.joinpath(MODEL).read_bytes() + b"\x72\x00")
    done = waive("FPR-001", *UNTIL, *WISH, code=2)
    assert "there is no configuration that could name a file of waivers" in done.err


def test_entries_and_comments_of_others_stay_and_ids_never_repeat(waive, here) -> None:
    text = (
        "# ours\napiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers:\n"
        "  # an old one\n"
        "  - {id: w-2026-001, rule: COST-009, release: other, subject: release, owner: jo, approved_by: [sec],"
        " reason: Because., expires: 2026-12-01}\n"
    )
    here.write("waivers.yaml", text)
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    waive("COST-005", *UNTIL, *WISH)
    assert (here.root / "waivers.yaml").read_text().startswith(text)
    assert [one["id"] for one in written(here)] == ["w-2026-001", "W-2026-002"]


def test_more_waivers_than_the_policy_allows_are_not_drafted(waive) -> None:
    waive("COST-005", *UNTIL, *WISH)
    assert "Note: W-2026-001 covers the same finding today." in waive("COST-005", *UNTIL, *WISH).out
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "3 waivers run for this release and the policy allows 2: none counts" in done.err


def test_a_broken_waiver_file_is_named_at_its_line_and_left_alone(waive, here) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    here.write("waivers.yaml", waiver_file(waiver(subject="*")))
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "waivers.yaml:9:15: '*' is no subject" in done.err


@pytest.mark.parametrize("path", ["waivers.yaml", "gate/waivers.yaml"])
def test_nothing_is_written_through_a_link(path, waive, here, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "waivers.yaml").write_text(waiver_file())
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + f"  waivers: {path}\n")
    if path.startswith("gate/"):
        (here.root / "gate").symlink_to(outside)
    else:
        (here.root / path).symlink_to(outside / "waivers.yaml")
    done = waive("COST-005", *UNTIL, *WISH, code=2)
    assert "symbolic link" in done.err
    assert (outside / "waivers.yaml").read_text() == waiver_file()


def test_when_the_second_file_cannot_be_written_the_first_is_taken_back(waive, here, monkeypatch) -> None:
    import policy_gate.cli.together
    from policy_gate.cli.writing import write_whole
    from policy_gate.errors import UsageError

    def failing(path, text):
        if path.name == "policy-gate.yaml":
            raise UsageError("the disk is full")
        write_whole(path, text)

    monkeypatch.setattr(policy_gate.cli.together, "write_whole", failing)
    assert "the disk is full" in waive("COST-005", *UNTIL, *WISH, code=2).err
    assert not (here.root / "waivers.yaml").exists()


def test_when_a_file_that_was_there_is_written_and_the_next_is_not_it_gets_its_text_back(tmp_path, monkeypatch) -> None:
    import policy_gate.cli.together
    from policy_gate.cli.writing import write_whole
    from policy_gate.errors import UsageError

    (tmp_path / "first").write_text("old")

    def failing(path, text):
        if path.name == "second":
            raise UsageError("the disk is full")
        write_whole(path, text)

    monkeypatch.setattr(policy_gate.cli.together, "write_whole", failing)
    with pytest.raises(UsageError):
        policy_gate.cli.together.write_together(tmp_path, {"first": "new", "deep/er/second": "new"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"first": "old"}


def test_a_hostile_reason_reaches_no_terminal(waive, here) -> None:
    done = waive("COST-005", *UNTIL, *WISH[:-1], "red \x1b[31m\u202e text")
    assert "\x1b" not in done.out
    assert written(here)[0]["reason"] == "red \x1b[31m\u202e text"
    listed = waive("--list")
    assert "\x1b" not in listed.out


# Approvals.


@pytest.fixture
def drafted(here, run, tmp_path_factory) -> Checkout:
    """A waiver that needs proof, not approved yet."""
    lay(here.root, proven=True, more="  trust: trust.json\n")
    here.write("trust.json", trust())
    assert run("waive", "COST-005", *UNTIL, *WISH, "--owner", "bob", *NOW).code == 0
    return here


@pytest.fixture
def key(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {
        name: key_file(private, folder / f"{name}.pem")
        for name, private in (("alice", ALICE), ("bob", BOB), ("mallory", MALLORY))
    }


def test_where_proof_is_demanded_the_entry_names_it_and_the_next_step_is_said(run, here) -> None:
    lay(here.root, proven=True)
    done = run("waive", "COST-005", *UNTIL, *WISH, *NOW)
    assert written(here)[0]["approval"] == "approvals/W-2026-001.dsse.json"
    assert "policy-gate waive --approve W-2026-001 --key approver.pem" in done.out


def test_an_approval_makes_a_waiver_count(waive, drafted, key, run) -> None:
    assert run("check", *NOW).code == 1
    done = waive("--approve", "W-2026-001", "--key", key["alice"])
    assert "approvals/W-2026-001.dsse.json: signed by alice" in done.out
    assert "waives COST-005 of kws for target node up to 6" in done.out
    checked = run("check", *NOW)
    assert (checked.code, "signed by alice" in checked.out) == (0, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bob", "key bob belongs to the owner, bob: who proposes cannot approve"),
        ("mallory", "this key is none of trust.json"),
    ],
)
def test_a_key_that_would_count_for_nothing_signs_nothing(name, said, waive, drafted, key) -> None:
    assert said in waive("--approve", "W-2026-001", "--key", key[name], code=2).err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"roles": ["tester"]}, "has the role tester, not approver"),
        ({"revoked": {"at": "2026-11-01", "reason": "lost"}}, "revoked"),
        ({"sign": {"not_before": "2025-01-01", "not_after": "2025-06-01"}}, "counts for nothing"),
    ],
)
def test_a_key_that_may_not_approve_today_signs_nothing(change, said, waive, drafted, key) -> None:
    content = json.loads(trust())
    content["keys"][1]["roles"] = ["approver", "releaser"]
    content["keys"][0].update(change)
    drafted.write("trust.json", json.dumps(content))
    assert said in waive("--approve", "W-2026-001", "--key", key["alice"], code=2).err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("W-2026-001",), "--approve needs --key"),
        (("W-2026-01", "--key", "alice"), "did you mean W-2026-001?"),
        (("sha256:ab", "--key", "alice"), "there is no waiver and no loosening 'sha256:ab'"),
        (("W-2026-001", "--key", "nowhere.pem"), "nowhere.pem: the key cannot be read"),
        (("W-2026-001", "--key", "trust.json"), "not an unencrypted PKCS#8 PEM file"),
        (("W-2026-001", "--key", "alice", "--output", "../a.json"), "lies outside"),
        (("W-2026-001", "--key", "alice", "--output", "a.json"), "would not find its approval there"),
    ],
)
def test_an_approval_of_nothing_is_refused(args, said, waive, drafted, key) -> None:
    assert said in waive("--approve", *(key.get(one, one) for one in args), code=2).err


def test_without_a_trust_file_no_key_may_approve(waive, drafted, key) -> None:
    drafted.write(
        "policy-gate.yaml", (drafted.root / "policy-gate.yaml").read_text().replace("  trust: trust.json\n", "")
    )
    assert "names no trust file" in waive("--approve", "W-2026-001", "--key", key["alice"], code=2).err


def test_an_approval_dies_with_any_change_and_is_not_overwritten(waive, drafted, key, run) -> None:
    waive("--approve", "W-2026-001", "--key", key["alice"])
    text = (drafted.root / "waivers.yaml").read_text()
    drafted.write("waivers.yaml", text.replace("accept: 6", "accept: 600"))
    checked = run("check", *NOW)
    assert checked.code == 1
    assert "what was approved is not this entry: it changed since" in checked.out
    assert (
        "approves something else; remove it first"
        in waive("--approve", "W-2026-001", "--key", key["alice"], code=2).err
    )


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"payload": 1}', "<<<<<<< ours\n", "KEYLESS"])
def test_what_is_no_envelope_of_this_approval_is_never_overwritten(content, waive, drafted, key) -> None:
    waive("--approve", "W-2026-001", "--key", key["alice"])
    path = "approvals/W-2026-001.dsse.json"
    if content == "KEYLESS":
        content = json.dumps({**json.loads((drafted.root / path).read_text()), "more": 1})
    drafted.write(path, content)
    assert (
        "approves something else; remove it first"
        in waive("--approve", "W-2026-001", "--key", key["alice"], code=2).err
    )


def test_an_envelope_without_signatures_gets_one(waive, drafted, key, run) -> None:
    waive("--approve", "W-2026-001", "--key", key["alice"])
    path = "approvals/W-2026-001.dsse.json"
    content = json.loads((drafted.root / path).read_text())
    del content["signatures"]
    drafted.write(path, json.dumps(content))
    waive("--approve", "W-2026-001", "--key", key["alice"])
    assert run("check", *NOW).code == 0


def test_a_second_approver_signs_beside_the_first(waive, drafted, key, run) -> None:
    drafted.write("waivers.yaml", (drafted.root / "waivers.yaml").read_text().replace("owner: bob", "owner: jane"))
    drafted.write("trust.json", trust(thresholds={"releaser": 1, "approver": 2}))
    first = waive("--approve", "W-2026-001", "--key", key["alice"])
    assert "It is no proof yet: " in first.out
    assert "1 of 2 distinct keys" in first.out
    assert run("check", *NOW).code == 1
    assert "no proof yet" in waive("--approve", "W-2026-001", "--key", key["alice"]).out
    assert "no proof yet" not in waive("--approve", "W-2026-001", "--key", key["bob"]).out
    envelope = json.loads((drafted.root / "approvals/W-2026-001.dsse.json").read_text())
    assert len(envelope["signatures"]) == 2
    assert run("check", *NOW).code == 0


def test_an_entry_that_names_no_approval_gets_its_path_and_keeps_its_digest(waive, here, key, run) -> None:
    lay(here.root, proven=True, more="  trust: trust.json\n" + NAMED)
    here.write("trust.json", trust())
    text = (
        "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers:\n"
        "  - id: W-1  # typed by hand\n    rule: COST-005\n    release: kws\n    subject: target node\n    accept: 6\n"
        "    owner: jane\n    approved_by: [sec]\n    reason: Because.\n    expires: 2026-12-31\n"
    )
    here.write("waivers.yaml", text)
    assert run("check", *NOW).code == 1
    done = waive("--approve", "W-1", "--key", key["alice"], "--output", "proof/first.json")
    assert "waivers.yaml: names that file now, under `approval`" in done.out
    assert (here.root / "waivers.yaml").read_text() == text + "    approval: proof/first.json\n"
    assert run("check", *NOW).code == 0


def test_a_loosening_is_approved_by_what_it_loosens(waive, here, key, run) -> None:
    loosens = (
        "  loosens:\n    - {what: parameter max_macs_growth, owner: jane, approved_by: [sec], reason: A new chip.,"
        ' expires: "2026-12-31"}\n'
    )
    config = lay(here.root, proven=True, more="    max_macs_growth: 0.5\n  trust: trust.json\n" + loosens)
    config.write("trust.json", trust())
    assert run("explain", "COST-002", *NOW).out.count("not approved") == 2
    done = waive("--approve", "parameter max_macs_growth", "--key", key["alice"])
    assert "approvals/parameter-max_macs_growth.dsse.json: signed by alice" in done.out
    explained = run("explain", "COST-002", *NOW)
    assert "-> 0.5" in explained.out
    assert "loosens parameter max_macs_growth (policy-gate.yaml:11): in force" in " ".join(explained.out.split())


def test_a_change_of_policy_is_approved_by_its_digest_and_not_by_its_proposer(waive, here, key) -> None:
    digest = f"sha256:{'5a' * 32}"
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  trust: trust.json\n")
    here.write("trust.json", trust())
    refused = waive("--approve", digest, "--key", key["bob"], "--owner", "Bob", code=2)
    assert "who proposes cannot approve" in refused.err
    done = waive("--approve", digest, "--key", key["alice"], "--owner", "bob")
    assert f"approvals/changes/{'5a' * 32}.dsse.json: signed by alice" in done.out
    assert "Commit it with the change" in done.out
    assert "merged into the base" not in done.out


# The list.


def test_the_list_says_of_each_waiver_its_state_its_days_and_what_it_covers(waive, here) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    entries = [
        waiver(id="W-covers"),
        waiver(id="W-ended", expires="2026-11-22"),
        waiver(id="W-impossible", expires="2027-02-30"),
        waiver(id="W-other", release="other"),
        waiver(id="W-long", expires="2027-11-23"),
    ]
    here.write("waivers.yaml", waiver_file(*entries))
    lines = waive("--list").out.splitlines()
    rows = {line.split()[0]: line for line in lines if line.startswith("W-")}
    assert "covers" in rows["W-covers"]
    assert "38 days left" in rows["W-covers"]
    assert "    covers now: COST-005:target:node:/artifacts/0/path" in lines
    assert "expired" in rows["W-ended"]
    assert "ended 2026-11-22" in rows["W-ended"]
    assert "its days are no days" in rows["W-impossible"]
    assert "not judged here" in rows["W-other"]
    assert "granted for too long" in rows["W-long"]


def test_the_last_day_is_one(run, here) -> None:
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    here.write("waivers.yaml", waiver_file(waiver(expires="2026-11-23")))
    assert "last day" in run("waive", "--list", *NOW).out
    assert "1 day left" in run("waive", "--list", "--now", "2026-11-22").out


def test_a_list_without_waivers_says_so(waive, here) -> None:
    assert waive("--list").out == "the configuration names no file of waivers\n"
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + NAMED)
    here.write("waivers.yaml", waiver_file())
    assert waive("--list").out == "there is no waiver\n"
