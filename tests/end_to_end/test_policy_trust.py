"""A change is judged by what stands in its base: nothing in the change can soften its own judge."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest
from checkout import MODEL, Checkout, good_model
from hostile_documents import CONFIG, HEAD, PACK

WEAK_PACK = PACK.replace("CHECK", "release.references_resolve")
STRICT = CONFIG + '  policy: ["builtin:edge-baseline"]\n'
WEAK = CONFIG + "  policy: [own.yaml]\n"


@pytest.fixture
def repo(checkout, git) -> Checkout:
    """The base has a good release and the baseline; the work goes on, on a branch of its own."""
    checkout.write("policy-gate.yaml", STRICT)
    commit(git, checkout)
    git(checkout.root, "checkout", "-q", "-b", "work")
    return checkout


@pytest.fixture
def lying(repo) -> Checkout:
    """The model changed, its digest in the manifest did not."""
    repo.write(MODEL, good_model() + b"\x72\x00")
    return repo


@pytest.fixture
def check(gate):
    def run(here: Checkout, *args: str, env: dict[str, str] | None = None):
        return gate("check", *args, cwd=here.root, env=env)

    return run


def commit(git, here: Checkout, words: str = "change") -> None:
    git(here.root, "add", "-A")
    git(here.root, "commit", "-q", "-m", words)


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
    assert "policy-gate.yaml:5:3: unknown field 'waivers'" in alone.stderr


def test_narrower_patterns_in_the_change_hide_no_manifest(lying, git, check) -> None:
    lying.write("policy-gate.yaml", STRICT + '  manifests: ["nowhere/*"]\n  allow_none: true\n')
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
    return json.dumps({"apiVersion": "policy-gate/v1alpha1", "kind": "TrustFile", "keys": [key]}, indent=1)


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


def test_an_absent_base_names_the_command_that_fetches_it(repo, check) -> None:
    done = check(repo, "--base", "origin/main")
    assert (done.returncode, done.stdout) == (2, "")
    assert "git fetch --depth=1 origin main:refs/remotes/origin/main" in done.stderr


@pytest.mark.parametrize(
    "revision", ["--output=sprung", "-", "^main", "main extra", "main\n", ":/first", "main:README.md", "x" * 300]
)
def test_a_base_that_is_no_revision_is_refused_and_does_nothing(revision, repo, check) -> None:
    before = sorted(repo.root.iterdir())
    done = check(repo, f"--base={revision}")
    assert done.returncode in ((0, 2) if revision == ":/first" else (2,))
    assert "Traceback" not in done.stderr
    assert sorted(repo.root.iterdir()) == before


def test_a_base_outside_any_repository_is_refused(tmp_path, gate) -> None:
    done = gate("check", "--base", "main", cwd=tmp_path)
    assert done.returncode == 2
    assert "is not inside a git repository" in done.stderr


@pytest.mark.parametrize("value", ["true", "1", "True"])
def test_in_ci_a_base_is_demanded_or_waived_aloud(value, repo, check) -> None:
    refused = check(repo, env={"CI": value})
    assert refused.returncode == 2
    assert "--base REV, or --no-base" in refused.stderr
    allowed = check(repo, "--no-base", env={"CI": value})
    assert allowed.returncode == 0
    assert "this is advice, not a boundary" in allowed.stdout
    assert check(repo, "--base", "main", env={"CI": value}).returncode == 0


def test_a_shallow_clone_says_how_to_deepen_it(repo, git, check, tmp_path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--branch=work", repo.root.as_uri(), "shallow")
    done = check(Checkout(tmp_path / "shallow"), "--base", "HEAD~1")
    assert done.returncode == 2
    assert "git fetch --unshallow origin" in done.stderr
    assert check(Checkout(tmp_path / "shallow"), "--base", "HEAD").returncode == 0


def test_a_clone_that_left_out_blobs_is_unknown_and_fetches_nothing(repo, git, check, tmp_path) -> None:
    git(repo.root, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", repo.root.as_uri(), "partial")
    done = check(Checkout(tmp_path / "partial"), "--tree", "HEAD", "--base", "HEAD")
    assert done.returncode == 2
    assert "git fetch --refetch --no-filter origin" in done.stderr


def test_a_manifest_that_moved_is_still_compared_with_its_base(repo, git, check) -> None:
    (repo.root / "kws").mkdir()
    git(repo.root, "mv", "release.yaml", "kws/release.yaml")
    git(repo.root, "mv", "model", "kws/model")
    text = (repo.root / "kws/release.yaml").read_text()
    repo.write("kws/release.yaml", text.replace('"1.0"', '"1.1"'))
    commit(git, repo)
    same_number = check(repo, "--base", "main")
    assert (same_number.returncode, "FAIL REL-001" in same_number.stdout) == (1, True)
    repo.write("kws/release.yaml", text.replace('"1.0"', '"1.1"').replace("sequence: 1", "sequence: 2"))
    assert check(repo, "--base", "main").returncode == 0


def test_a_manifest_under_a_name_that_nothing_matches_is_named(repo, git, check) -> None:
    git(repo.root, "mv", "release.yaml", "notes.yaml")
    shutil.copytree(repo.root / "model", repo.root / "other/model")
    other = (repo.root / "notes.yaml").read_text().replace("name: kws", "name: other")
    repo.write("other/release.yaml", other)
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release.yaml: release 'kws' of the base has no manifest any more" in done.stderr


def test_a_release_that_takes_another_name_is_a_finding(repo, check) -> None:
    repo.replace("name: kws", "name: fresh")
    done = check(repo, "--base", "main")
    assert done.returncode != 0
    assert "FAIL REL-002" in done.stdout


def test_the_only_manifest_cannot_be_deleted(repo, git, check) -> None:
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release.yaml: release 'kws' of the base has no manifest any more" in done.stderr


def test_no_manifest_is_fine_only_where_the_base_says_so(repo, git, check) -> None:
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    repo.write("policy-gate.yaml", STRICT + "  allow_none: true\n")
    commit(git, repo)
    assert check(repo, "--base", "main").returncode == 2
    allowed = check(repo, "--base", "work")
    assert allowed.returncode == 0
    assert "no manifest, as the configuration allows" in allowed.stdout


def test_a_base_that_allows_no_manifest_still_misses_the_one_it_had(repo, git, check) -> None:
    git(repo.root, "checkout", "-q", "main")
    repo.write("policy-gate.yaml", STRICT + "  allow_none: true\n")
    commit(git, repo)
    git(repo.root, "checkout", "-q", "-B", "work")
    git(repo.root, "rm", "-q", "-r", "release.yaml", "model")
    commit(git, repo)
    done = check(repo, "--base", "main")
    assert done.returncode == 2
    assert "release 'kws' of the base has no manifest any more" in done.stderr


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
