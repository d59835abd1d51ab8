"""A change is judged by what stands in its base: nothing in the change can soften its own judge."""

from __future__ import annotations

import json
from datetime import date

import pytest
from checkout import MODEL, Checkout, commit, good_model
from hostile_documents import CONFIG, HEAD, PACK, STRICT

WEAK_PACK = PACK.replace("CHECK", "release.references_resolve")
WEAK = CONFIG + "  policy: [own.yaml]\n"


@pytest.fixture
def lying(repo) -> Checkout:
    """The model changed, its digest in the manifest did not."""
    repo.write(MODEL, good_model() + b"\x72\x00")
    return repo


def record_of(done) -> dict:
    return json.loads(done.stdout)["records"][0]


def test_the_lie_is_found_when_nobody_touched_the_policy(lying, check) -> None:
    done = check(lying, "--base", "main")
    assert done.returncode == 1
    assert "FAIL FPR-001" in done.stdout
    assert "advice" not in done.stdout


def test_deleting_the_configuration_changes_nothing(lying, git, check) -> None:
    (lying.root / "policy-gate.yaml").unlink()
    commit(git, lying)
    done = check(lying, "--base", "main", "--format", "json")
    assert done.returncode == 1
    assert record_of(done)["policy_source"].startswith("base:")
    assert not record_of(done)["bootstrap"]


def test_a_weaker_configuration_in_the_change_changes_nothing(lying, git, check) -> None:
    lying.write("own.yaml", WEAK_PACK)
    lying.write("policy-gate.yaml", WEAK)
    commit(git, lying)
    assert check(lying, "--no-base").returncode == 0
    done = check(lying, "--base", "main")
    assert (done.returncode, "FAIL FPR-001" in done.stdout) == (1, True)


def test_a_weaker_pack_in_the_change_changes_nothing(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("own.yaml", PACK.replace("CHECK", "fingerprint.digest_matches"))
    repo.write("policy-gate.yaml", WEAK)
    commit(git, repo)
    git(repo.root, "checkout", "-q", "-B", "work")
    repo.write(MODEL, good_model() + b"\x72\x00")
    repo.write("own.yaml", WEAK_PACK)
    done = check(repo, "--base", "main")
    assert (done.returncode, "FAIL OWN-001" in done.stdout) == (1, True)


def test_a_configuration_that_becomes_a_link_in_the_change_changes_nothing(lying, git, check, tmp_path) -> None:
    (tmp_path / "weak.yaml").write_text(CONFIG + '  policy: ["builtin:release"]\n')
    (lying.root / "policy-gate.yaml").unlink()
    (lying.root / "policy-gate.yaml").symlink_to(tmp_path / "weak.yaml")
    commit(git, lying)
    done = check(lying, "--base", "main")
    assert (done.returncode, "FAIL FPR-001" in done.stdout) == (1, True)


@pytest.mark.parametrize("name", ["policy-gate.yaml", "own.yaml"])
def test_a_link_in_the_base_is_never_followed_and_never_ignored(name, repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("own.yaml", WEAK_PACK)
    repo.write("policy-gate.yaml", WEAK)
    (repo.root / name).rename(repo.root / "real.yaml")
    (repo.root / name).symlink_to("real.yaml")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert f"{name}: path refused: " in done.stderr
    assert "symbolic link" in done.stderr


def test_waivers_that_the_change_grants_itself_count_for_nothing(lying, git, check) -> None:
    lying.write("policy-gate.yaml", STRICT + "  waivers: [{rule: FPR-001, reason: trust me}]\n")
    commit(git, lying)
    assert check(lying, "--base", "main").returncode == 1
    alone = check(lying, "--no-base")
    assert alone.returncode == 2
    assert "policy-gate.yaml:5:12: spec.waivers is a list of one; it should be text" in alone.stderr


def test_narrower_patterns_in_the_change_hide_no_manifest(lying, git, check) -> None:
    lying.write("policy-gate.yaml", STRICT + '  manifests: ["nowhere/*"]\n  models: []\n  allow_none: true\n')
    commit(git, lying)
    assert check(lying, "--no-base").returncode == 0
    assert check(lying, "--base", "main").returncode == 1


def test_narrower_patterns_in_the_change_hide_no_model(repo, git, check) -> None:
    repo.write("elsewhere/second.onnx", good_model())
    repo.write("policy-gate.yaml", STRICT + "  models: []\n")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert (done.returncode, "FAIL REL-004" in done.stdout) == (1, True)


def test_keys_that_the_change_trusts_count_for_nothing(repo, git, check) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from policy_gate.signing import sign_folder

    trusted, forged = (Ed25519PrivateKey.from_private_bytes(bytes([one]) * 32) for one in (1, 2))
    git(repo.root, "checkout", "-q", "main")
    repo.write("policy-gate.yaml", CONFIG + '  policy: ["builtin:signature"]\n  stage: release\n  trust: trust.yaml\n')
    repo.write("trust.yaml", trust_file(trusted))
    repo.write(
        "release.yaml",
        (repo.root / "release.yaml").read_text() + "bundle: {root: model}\nsigning: {release: signed.json}\n",
    )
    repo.write("signed.json", sign_folder(repo.root / "release.yaml", [trusted]))
    commit(git, repo)
    assert check(repo, "--base", "main").returncode == 0
    git(repo.root, "checkout", "-q", "-B", "work")
    repo.write("trust.yaml", trust_file(forged))
    repo.write("signed.json", sign_folder(repo.root / "release.yaml", [forged]))
    commit(git, repo)
    assert check(repo, "--no-base").returncode == 0
    done = check(repo, "--base", "main")
    assert (done.returncode, "SIG-001" in done.stdout) == (1, True)


def trust_file(private) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from policy_gate.areas.signature.keys import public_half

    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    this_year = date.today().year  # noqa: DTZ011  # the command judges today
    key = {
        "spki": public_half(private).digest,
        "public_key": pem,
        "algorithm": "ed25519",
        "roles": ["releaser"],
        "sign": {"not_before": f"{this_year - 1}-01-01", "not_after": f"{this_year + 1}-12-31"},
        "verify": {"not_after": f"{this_year + 2}-12-31"},
    }
    content = {"apiVersion": "policy-gate/v1alpha1", "kind": "TrustFile", "keys": [key], "thresholds": {"releaser": 1}}
    return json.dumps(content, indent=1)


def test_a_base_without_configuration_is_a_first_adoption_and_says_so(lying, git, check) -> None:
    git(lying.root, "stash", "-q")
    git(lying.root, "checkout", "-q", "main")
    git(lying.root, "rm", "-q", "policy-gate.yaml")
    git(lying.root, "commit", "-q", "-m", "without")
    git(lying.root, "checkout", "-q", "-B", "work")
    git(lying.root, "stash", "pop", "-q")
    lying.write("own.yaml", WEAK_PACK)
    lying.write("policy-gate.yaml", WEAK)
    commit(git, lying)
    done = check(lying, "--base", "main")
    assert (done.returncode, "FAIL FPR-001" in done.stdout) == (1, True)
    assert "(bootstrap)" in done.stdout
    assert record_of(check(lying, "--base", "main", "--format", "json"))["bootstrap"]


def test_a_configuration_that_only_the_change_has_cannot_be_named(repo, git, check) -> None:
    repo.write("own.yaml", WEAK_PACK)
    repo.write("weak.yaml", WEAK)
    commit(git, repo)
    done = check(repo, "--base", "main", "--config", "weak.yaml")
    assert done.returncode == 2
    assert "weak.yaml: no such configuration file" in done.stderr


def test_packs_on_the_command_line_only_add_where_there_is_a_base(lying, check) -> None:
    alone = check(lying, "--policy", "builtin:release", "--no-base", "--format", "json")
    assert "FPR-001" not in {one["rule"] for one in record_of(alone)["judgements"]}
    both = check(lying, "--policy", "builtin:release", "--base", "main", "--format", "json")
    rules = {one["rule"] for one in record_of(both)["judgements"]}
    assert both.returncode == 1
    assert {"FPR-001", "COST-001", "REL-007"} <= rules


def test_a_pack_of_the_command_line_comes_from_the_base_too(repo, git, check) -> None:
    repo.write("own.yaml", WEAK_PACK)
    commit(git, repo)
    done = check(repo, "--policy", "own.yaml", "--base", "main")
    assert done.returncode == 2
    assert "own.yaml: not in checkout" in done.stderr


@pytest.mark.parametrize("text", [CONFIG + "  policy: []\n", "", "kind: PolicyConfig\n", HEAD])
def test_a_base_whose_configuration_selects_nothing_judges_nothing(text, repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("policy-gate.yaml", text)
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("policy-gate.yaml:")


def test_a_pack_without_rules_judges_nothing(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("own.yaml", PACK[: PACK.index("spec:")] + "spec: {rules: []}\n")
    repo.write("policy-gate.yaml", WEAK)
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "selects no rule" in done.stderr


def test_the_stage_decides_which_rules_hold(repo, check) -> None:
    options = ("--policy", "builtin:signature", "--base", "main", "--format", "json")
    rules = {
        stage: {one["rule"] for one in record_of(check(repo, *options, "--stage", stage))["judgements"]}
        for stage in ("candidate", "release")
    }
    assert "SIG-001" in rules["release"] - rules["candidate"]
    assert rules["candidate"] <= rules["release"]


def test_what_is_staged_is_judged_and_not_what_lies_in_the_folder(repo, git, check) -> None:
    repo.write(MODEL, b"broken")
    git(repo.root, "add", MODEL)
    repo.write(MODEL, good_model())
    assert check(repo, "--base", "main").returncode == 0
    staged = check(repo, "--base", "main", "--tree", "index")
    assert (staged.returncode, "FAIL FPR-001" in staged.stdout) == (1, True)
    assert check(repo, "--base", "main", "--tree", "HEAD").returncode == 0
