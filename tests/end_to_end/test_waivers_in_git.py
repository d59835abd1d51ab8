"""Waivers and the baseline in a real repository: what stands in the base counts, what a change brings does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

from board_world import ALICE, BOB, MALLORY, MODEL, Checkout, commit, in_days, key_file, lay, trust, waiver, waiver_file
from waiver_cases import CASES

NOW = ("--now", "2026-11-23")
NAMED = "  waivers: waivers.yaml\n"
FINDING = "FAIL COST-005"


@pytest.fixture
def base(checkout, git):
    """Commits a base with these waivers, and goes on on a branch of its own."""

    def made(*entries: dict, proven: bool = False, more: str = "", **files: str) -> Checkout:
        lay(checkout.root, proven=proven, more=(NAMED if entries else "") + more)
        if entries:
            checkout.write("waivers.yaml", waiver_file(*entries))
        for path, content in files.items():
            checkout.write(path.replace("__", "."), content)
        commit(checkout.root, "base")
        git(checkout.root, "checkout", "-q", "-b", "work")
        return checkout

    return made


@pytest.fixture
def judged(check):
    def by_base(here: Checkout, *args: str, code: int):
        done = check(here, "--base", "main", *(args or NOW))
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return by_base


def test_without_a_waiver_the_finding_blocks(base, judged) -> None:
    assert FINDING in judged(base(), code=1).stdout


def test_a_waiver_of_the_base_covers_its_finding_and_says_so(base, judged) -> None:
    done = judged(base(waiver()), code=0)
    assert "WAIVED COST-005" in done.stdout
    assert "waiver W-1 until 2026-12-31: it accepts 6 MAC; owner jane@example.invalid" in done.stdout
    assert "1 waived" in done.stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": "*"}, "'*' is no subject: a waiver names one subject"),
        ({"subject": "target *"}, "a waiver names one subject"),
        ({"rule": "COST-*"}, "a waiver names one rule"),
        ({"release": "*", "expires": "9999-12-31"}, "a waiver names one release"),
        ({"subject": ""}, "subject"),
        ({"approved_by": []}, "approved_by"),
        ({"approved_by": ["Jane@Example.invalid "]}, "cannot be among approved_by"),
        ({"rule": "SIG-001"}, "rule SIG-001 cannot be waived"),
        ({"rule": "POL-001"}, "rule POL-001 cannot be waived"),
        ({"accept": float("1e308") * 10}, ""),
        ({"forever": True}, "unknown field 'forever'"),
        ({"id": "baseline"}, "stands for the baseline"),
    ],
)
def test_a_waiver_that_names_more_than_it_may_stops_the_run(change, said, base, judged) -> None:
    done = judged(base(waiver(**change)), code=2)
    assert done.stderr.startswith("waivers.yaml:")
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": "target node-2"}, ""),
        ({"subject": "target node x kws"}, ""),
        ({"rule": "COST-002"}, ""),
        ({"release": "kws-en"}, ""),
        ({"accept": 5}, "it accepts 5 MAC, and 6 MAC was measured"),
        ({"accept": 5.999}, "it accepts 5.999 MAC"),
        ({"accept": ...}, "it has no `accept`"),
        ({"expires": "2026-11-22"}, "it expired on 2026-11-22"),
        ({"expires": "2027-02-30"}, "'2027-02-30' is no day: counts as expired"),
        ({"expires": "soon"}, "counts as expired"),
        ({"expires": "2027-11-23"}, "368 days, and the policy allows 60"),
        ({"granted": ..., "expires": "2027-01-23"}, "61 days, and the policy allows 60"),
        ({"granted": "2026-11-24"}, "which is still to come"),
        ({"granted": "2026-13-01"}, "counts as expired"),
        ({"versions": ">=1.1"}, "it is for versions >=1.1"),
        ({"artifact": f"sha256:{'0' * 64}"}, "which this release does not have"),
        ({"approval": "nowhere.json"}, "is not proven"),
    ],
)
def test_a_waiver_for_something_else_covers_nothing_and_says_why(change, said, base, judged) -> None:
    done = judged(base(waiver(**change)), code=1)
    assert FINDING in done.stdout
    assert said in done.stdout
    assert "WAIVED" not in done.stdout


def test_its_last_day_counts_and_the_day_after_does_not(base, judged) -> None:
    here = base(waiver(expires="2026-12-31"))
    assert "WAIVED COST-005" in judged(here, "--now", "2026-12-31", code=0).stdout
    assert FINDING in judged(here, "--now", "2027-01-01", code=1).stdout


def test_more_waivers_than_allowed_cover_nothing_at_all(base, judged) -> None:
    entries = [waiver(), *(waiver(id=f"W-{name}", subject=f"target {name}") for name in ("a", "b"))]
    assert (
        "3 waivers run for this release and the policy allows 2: none counts" in judged(base(*entries), code=1).stdout
    )


def test_what_is_not_known_is_never_waived(base, judged) -> None:
    here = base(waiver(accept=...))
    here.ship(b"no model")
    done = judged(here, code=1)
    assert "UNKNOWN COST-005" in done.stdout
    assert "what is not known cannot be accepted" in done.stdout


def test_a_number_that_got_worse_than_was_accepted_blocks(base, judged) -> None:
    from checkout import good_model

    here = base(waiver())
    here.replace("{id: node, runs: [kws]}", "{id: node, runs: [kws, two]}")
    here.write("model/two.onnx", good_model())
    text = (here.root / "release.yaml").read_text()
    line = next(one for one in text.splitlines() if "id: kws, path" in one)
    here.write(
        "release.yaml",
        text.replace(line, f"{line}\n{line.replace('id: kws', 'id: two').replace(MODEL, 'model/two.onnx')}"),
    )
    done = judged(here, code=1)
    assert "it accepts 6 MAC, and 12 MAC was measured" in done.stdout


# What a change brings counts for nothing.


def test_a_waiver_that_only_the_change_has_covers_nothing(base, judged, gate) -> None:
    here = base()
    wish = ("--until", in_days(30), "--owner", "jane", "--approved-by", "security", "--reason", "Because it must.")
    assert gate("waive", "COST-005", *wish, cwd=here.root).returncode == 0
    commit(here.root)
    done = judged(here, "--stage", "candidate", code=1)
    assert FINDING in done.stdout
    assert gate("check", "--no-base", cwd=here.root).returncode == 0


@pytest.mark.parametrize(
    "change", [{"accept": 600}, {"expires": "2026-12-31"}, {"subject": "target node"}, {"release": "kws"}]
)
def test_an_entry_that_the_change_widens_is_judged_as_it_stands_in_the_base(change, base, judged) -> None:
    narrow = {"accept": 5, "expires": "2026-11-22", "subject": "target other", "release": "other"}
    (key,) = change
    here = base(waiver(**{key: narrow[key]}))
    here.write("waivers.yaml", waiver_file(waiver(**change)))
    commit(here.root)
    assert FINDING in judged(here, code=1).stdout


def test_an_entry_that_the_change_takes_away_still_stands(base, judged, git) -> None:
    here = base(waiver())
    git(here.root, "rm", "-q", "waivers.yaml")
    commit(here.root)
    done = judged(here, code=1)
    assert "WAIVED COST-005" in done.stdout
    assert "ALLOWED kws" in done.stdout
    # The release is allowed; the change would leave a configuration that names a file that is gone.
    assert "FAIL POL-003" in done.stdout


def test_a_baseline_that_only_the_change_has_knows_nothing(base, judged, gate) -> None:
    here = base()
    assert gate("baseline", *NOW, cwd=here.root).returncode == 0
    here.write(
        "policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  baseline: policy-gate.baseline.json\n"
    )
    commit(here.root)
    assert gate("check", "--no-base", *NOW, cwd=here.root).returncode == 0
    done = judged(here, code=1)
    assert FINDING in done.stdout


def test_a_baseline_that_the_change_rewrites_knows_what_the_base_knew(base, judged, gate) -> None:
    here = base(
        more="  baseline: known.json\n",
        known__json='{"apiVersion": "policy-gate/v1alpha1", "kind": "Baseline", '
        '"made": "2026-11-01", "tool_version": "0.1.0", "findings": []}',
    )
    assert gate("baseline", *NOW, cwd=here.root).returncode == 0
    commit(here.root)
    assert FINDING in judged(here, code=1).stdout


def test_a_baseline_of_the_base_lets_what_is_known_pass_until_it_is_worse(base, judged, gate, git) -> None:
    here = base()
    git(here.root, "checkout", "-q", "main")
    here.write("policy-gate.yaml", (here.root / "policy-gate.yaml").read_text() + "  baseline: known.json\n")
    assert gate("baseline", *NOW, cwd=here.root).returncode == 0
    commit(here.root)
    git(here.root, "checkout", "-q", "-B", "work")
    assert "known since 2026-11-23" in judged(here, code=0).stdout
    git(here.root, "checkout", "-q", "main")
    text = (here.root / "known.json").read_text()
    here.write("known.json", text.replace('"measured": 6', '"measured": 5.5'))
    commit(here.root)
    git(here.root, "checkout", "-q", "-B", "work")
    done = judged(here, code=1)
    assert "known since 2026-11-23, and worse: it was 5.5 with the limit 5" in done.stdout


# From a wish to a release.


def test_waive_then_merge_then_the_release_passes(base, judged, gate, git) -> None:
    here = base()
    wish = ("--until", in_days(30), "--owner", "jane", "--approved-by", "security", "--reason", "The board comes late.")
    assert judged(here, "--stage", "candidate", code=1)
    done = gate("waive", "COST-005", "--subject", "target node", *wish, cwd=here.root)
    assert done.returncode == 0, done.stderr
    commit(here.root)
    git(here.root, "checkout", "-q", "main")
    git(here.root, "merge", "-q", "work")
    git(here.root, "checkout", "-q", "work")
    passed = judged(here, "--stage", "candidate", code=0)
    assert "WAIVED COST-005" in passed.stdout
    assert "approved by security (declared)" in passed.stdout


# Where the policy demands proof.


@pytest.fixture
def key(tmp_path):
    return {
        name: key_file(private, tmp_path / f"{name}.pem")
        for name, private in (("alice", ALICE), ("bob", BOB), ("mallory", MALLORY))
    }


def test_a_typed_approval_is_no_proof(base, judged) -> None:
    done = judged(base(waiver(), proven=True, more="  trust: trust.json\n", trust__json=trust()), code=1)
    assert "its approval is typed, and the policy wants it proven by a signature" in done.stdout


def _approved(here: Checkout, gate, git, key: str) -> None:
    """Approve the waiver in the base, and go on on a branch of its own."""
    git(here.root, "checkout", "-q", "main")
    done = gate("waive", "--approve", "W-1", "--key", key, cwd=here.root)
    assert done.returncode == 0, done.stderr
    commit(here.root)
    git(here.root, "checkout", "-q", "-B", "work")


@pytest.fixture
def approved(base, gate, git, key) -> Checkout:
    here = base(waiver(), proven=True, more="  trust: trust.json\n", trust__json=trust())
    _approved(here, gate, git, key["alice"])
    return here


def test_a_signed_approval_is_proof(approved, judged) -> None:
    assert "approved by security (signed by alice)" in judged(approved, code=0).stdout


def test_a_signature_that_only_the_change_has_is_no_proof(base, judged, gate, git, key) -> None:
    here = base(waiver(), proven=True, more="  trust: trust.json\n", trust__json=trust())
    assert gate("waive", "--approve", "W-1", "--key", key["alice"], cwd=here.root).returncode == 0
    commit(here.root)
    assert FINDING in judged(here, code=1).stdout


def test_one_word_that_changes_after_the_signature_makes_it_worthless(approved, judged, git) -> None:
    git(approved.root, "checkout", "-q", "main")
    text = (approved.root / "waivers.yaml").read_text()
    approved.write("waivers.yaml", text.replace("The new board comes", "No new board ever comes"))
    commit(approved.root)
    git(approved.root, "checkout", "-q", "-B", "work")
    assert "what was approved is not this entry: it changed since" in judged(approved, code=1).stdout


def test_a_key_that_the_change_trusts_proves_nothing(base, judged, gate, git, key) -> None:
    from signature_world import entry

    here = base(waiver(), proven=True, more="  trust: trust.json\n", trust__json=trust())
    window = {"sign": {"not_before": "2026-01-01", "not_after": "2099-01-01"}, "verify": {"not_after": "2099-06-01"}}
    forged = [entry(MALLORY, id="mallory", roles=["approver", "releaser"], **window)]
    here.write("trust.json", trust(keys=forged))
    assert gate("waive", "--approve", "W-1", "--key", key["mallory"], cwd=here.root).returncode == 0
    commit(here.root)
    assert gate("check", "--no-base", *NOW, cwd=here.root).returncode == 0
    assert FINDING in judged(here, code=1).stdout


def test_whoever_owns_the_waiver_cannot_sign_it(base, gate, key) -> None:
    here = base(waiver(owner="bob"), proven=True, more="  trust: trust.json\n", trust__json=trust())
    done = gate("waive", "--approve", "W-1", "--key", key["bob"], cwd=here.root)
    assert done.returncode == 2
    assert "who proposes cannot approve" in done.stderr
    assert not (here.root / "approvals").exists()


def test_the_owners_own_signature_in_the_base_is_no_proof(base, judged, git) -> None:
    """Made without the command, which would refuse."""
    from policy_gate.areas.signature.approval import sign_approval
    from policy_gate.document import load
    from policy_gate.policy.waiver_file import load_waivers

    held = waiver(owner="bob", approval="own.json")
    (loaded,) = load_waivers(load(waiver_file(held).encode(), "waivers.yaml"))
    files = {"trust__json": trust(), "own__json": sign_approval(loaded.digest, [BOB]).decode()}
    here = base(held, proven=True, more="  trust: trust.json\n", **files)
    assert "who proposes cannot approve" in judged(here, code=1).stdout


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_waiver_comes_out_as_its_case_says(case, checkout, git, judged) -> None:
    lay(checkout.root, proven=case.proven, more=NAMED)
    checkout.write("waivers.yaml", waiver_file(waiver(**case.changes)))
    commit(checkout.root, "base")
    done = judged(checkout, "--now", case.now, code=case.code)
    assert case.said in done.stdout + done.stderr
