"""The `privacy account` command: an interval and a verdict for parameters as they are typed, and never epsilon 0."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ledger_folder import Trained

from policy_gate.report.directed import down, percent_up, up
from policy_gate.spent import Account

RUN = ("--noise-multiplier", "1.1", "--batch-size", "256", "--dataset-size", "60000", "--epochs", "60")
AT = ("--delta", "1e-5")


@pytest.fixture
def account(run):
    """Accounts for parameters; gives the exit code and the account as JSON."""

    def command(*options: str) -> tuple[int, dict]:
        done = run("privacy", "account", *options, "--format", "json")
        assert done.err == ""
        return done.code, json.loads(done.out)["account"]

    return command


def test_a_claim_at_the_upper_end_is_confirmed_and_one_below_the_lower_end_is_not(account) -> None:
    code, found = account(*RUN, *AT)
    assert (code, found["verdict"], found["claimed_epsilon"]) == (0, "nothing claimed", None)
    lower, upper = found["epsilon"]["lower"], found["epsilon"]["upper"]
    assert 2.37 < upper < 2.6
    code, confirmed = account(*RUN, *AT, "--epsilon", repr(upper))
    assert (code, confirmed["verdict"], confirmed["advice"]) == (0, "confirmed", None)
    code, low = account(*RUN, *AT, "--epsilon", "1.5")
    assert code == 1
    assert low["verdict"] == ("refuted" if lower > 1.5 else "not resolved")


def test_following_the_advice_confirms_the_claim(account) -> None:
    _, found = account(*RUN, *AT, "--epsilon", "2")
    (noise,) = found["advice"]["noise"]
    raised = ("--noise-multiplier", up(noise["noise_multiplier"]), *RUN[2:])
    assert account(*raised, *AT, "--epsilon", "2")[1]["verdict"] == "confirmed"
    told = up(found["advice"]["epsilon_to_claim"])
    assert account(*RUN, *AT, "--epsilon", told)[1]["verdict"] == "confirmed"


def test_a_figure_for_poisson_batches_does_not_confirm_shuffled_ones(account) -> None:
    code, found = account(*RUN, *AT, "--epsilon", "2.6", "--scheme", "shuffled")
    assert (code, found["verdict"]) == (1, "not resolved")
    assert found["epsilon"]["upper"] == pytest.approx(54.05, rel=1e-3)
    stated = {one["words"]: (one["stated"], one["epsilon"]["upper"]) for one in found["other_ways"]}
    assert [flag for flag, _ in stated.values()] == [False, True, False]
    assert stated["batches drawn by Poisson sampling"][1] < 2.6


def test_a_claim_under_gdp_clt_figures_is_not_confirmed(account) -> None:
    """Opacus' test constants: the central limit theorem's 6.595 for what is 6.767 by an exact accountant."""
    shape = ("--noise-multiplier", "1.5", "--rate", "0.04", "--steps", "2249")
    code, found = account(*shape, *AT, "--epsilon", "6.595")
    assert (code, found["verdict"] in ("refuted", "not resolved")) == (1, True)


@pytest.mark.parametrize(
    ("options", "upper"),
    [
        (("--mechanism", "zcdp", "--rho", "0.81", "--delta", "1e-10"), 8.9222),
        (("--mechanism", "gaussian", "--noise-multiplier", "7", "--steps", "20", "--delta", "1e-10"), 4.0276),
        (("--mechanism", "laplace", "--noise-multiplier", "2", "--steps", "3", "--delta", "1e-9"), 1.5),
        (("--mechanism", "krr", "--keep-probability", "0.75", "--categories", "2", "--reports", "3", *AT), 3.2959),
        (("--mechanism", "rappor", "--hashes", "2", "--flip-probability", "0.5", "--reports", "1", *AT), 4.3945),
    ],
)
def test_every_mechanism_has_its_own_parameters(account, options, upper) -> None:
    code, found = account(*options)
    assert code == 0
    assert found["epsilon"]["upper"] <= upper * 1.001
    assert found["epsilon"]["upper"] > upper * 0.8


def test_tree_aggregation_is_accounted_for_by_its_depth_and_its_restarts(account) -> None:
    def upper(steps: str, trees: str) -> float:
        shape = ("--mechanism", "tree-aggregation", "--noise-multiplier", "7", "--delta", "1e-10")
        return account(*shape, "--steps", steps, "--trees", trees)[1]["epsilon"]["upper"]

    assert upper("1000", "1") < upper("1000", "6") < upper("100000", "6")


def test_more_records_of_one_user_and_larger_microbatches_cost_more_and_never_less(account) -> None:
    base = account(*RUN, *AT)[1]
    assert base["protects"] == "one example, added or removed"
    user = account(*RUN, *AT, "--records-per-unit", "3")[1]
    assert user["protects"] == "one user with at most 3 records, added or removed"
    micro = account(*RUN, *AT, "--microbatch", "2")[1]
    for one in (user, micro):
        assert one["epsilon"]["upper"] > 1.5 * base["epsilon"]["upper"]


def test_other_ways_of_a_hundred_million_steps_are_bounded_without_the_tight_accountant(account) -> None:
    """Each would take another second; the way that is stated shows the answer itself."""
    long = ("--noise-multiplier", "1", "--rate", "1e-5", "--steps", "100000000", "--delta", "1e-6")
    _, found = account(*long)
    stated, *others = found["other_ways"]
    assert stated["epsilon"] == found["epsilon"]
    assert found["epsilon"]["method"] == "composition of exact privacy losses"
    assert "composition of exact privacy losses" not in {one["epsilon"]["method"] for one in others}


def test_a_million_records_of_one_user_are_no_internal_error(account) -> None:
    many = ("--noise-multiplier", "1000", "--rate", "1e-4", "--records-per-unit", "1000000", "--steps", "10")
    code, found = account(*many, "--delta", "1e-6", "--epsilon", "1e-3")
    assert (code, found["verdict"]) == (1, "refuted")


def test_trials_on_private_data_are_paid_for_and_said(account) -> None:
    base = account(*RUN, *AT)[1]["epsilon"]["upper"]
    fixed, drawn = (account(*RUN, *AT, *one)[1] for one in (("--trials", "20"), ("--mean-trials", "20")))
    assert fixed["epsilon"]["upper"] > drawn["epsilon"]["upper"] > base
    assert "tuning: 20 trials in all" in fixed["notes"]


def test_a_delta_that_is_no_smaller_than_one_person_in_the_population_is_said(account) -> None:
    assert "is not below 1/60000" in " ".join(account(*RUN, "--delta", "1e-3", "--population", "60000")[1]["notes"])
    assert account(*RUN, *AT, "--population", "60000")[1]["notes"] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*RUN, "--delta", "nan"), "--delta is 'nan'; it should be a number"),
        ((*RUN, "--delta", "inf"), "--delta is 'inf'; it should be a number"),
        ((*RUN, "--delta", ".nan"), "--delta: .nan is not a finite number"),
        ((*RUN, "--delta", "1e999"), "--delta: the number '1e999' is too large"),
        ((*RUN, "--delta", "0"), "--delta is 0; it should be greater than 0"),
        ((*RUN, "--delta", "1"), "--delta is 1; it should be less than 1"),
        ((*RUN, "--delta", "true"), "--delta is 'true'; it should be a number"),
        (RUN, "--delta is needed"),
        ((*RUN, *AT, "--epsilon", "0"), "--epsilon is 0; it should be greater than 0"),
        ((*RUN, *AT, "--epsilon", "-1"), "--epsilon is -1; it should be greater than 0"),
        ((*RUN, *AT, "--steps", "5"), "state either --steps or --epochs"),
        ((*RUN, *AT, "--rate", "0.1"), "state either --rate or --batch-size"),
        ((*RUN, *AT, "--microbatch", "1.5"), "--microbatch is 1.5; it should be a whole number"),
        ((*RUN, *AT, "--microbatch", "0"), "--microbatch is 0; it should be at least 1"),
        ((*RUN, *AT, "--rho", "1"), "--rho is no parameter of dp-sgd"),
        ((*RUN, *AT, "--reports", "1"), "--reports counts reports of krr and rappor"),
        ((*RUN, *AT, "--records-per-unit", "9" * 400), "--records-per-unit: the integer"),
        ((*RUN, *AT, "--trials", "3", "--mean-trials", "3"), "state either --trials or --mean-trials"),
        (("--noise-multiplier", "1", "--steps", "1", *AT), "--batch-size and --dataset-size, or --rate, are needed"),
        (("--noise-multiplier", "0", *RUN[2:], *AT), "--noise-multiplier is 0; it should be greater than 0"),
        (("--noise-multiplier", "1", "--rate", "1.5", "--steps", "1", *AT), "--rate is 1.5; it should be at most 1"),
        (("--noise-multiplier", "1", "--rate", "٣", "--steps", "1", *AT), "it should be a number"),
        (("--mechanism", "krr", *AT), "--keep-probability is needed for krr"),
        (("--mechanism", "krr", *AT), "--reports is needed for krr"),
        (("--mechanism", "zcdp", "--batch-size", "3", "--rho", "1", *AT), "--batch-size is no parameter of zcdp"),
        (("--mechanism", "declared", *AT), "declared"),
        (("--scheme", "other", *RUN, *AT), "other"),
        ((), "takes a MANIFEST, or the parameters of a training run"),
        (("none.yaml",), "none.yaml"),
        (("none.yaml", *AT), "none.yaml states the parameters: leave out --delta"),
        ((*RUN, *AT, "--now", "2026-01-01"), "--config and --now belong to a manifest"),
    ],
)
def test_what_cannot_be_used_is_said_by_the_option_with_exit_code_2(run, options, said) -> None:
    done = run("privacy", "account", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "options",
    [
        ("--noise-multiplier", "1e-300", "--rate", "0.01", "--steps", "100", *AT),
        ("--noise-multiplier", "1e6", "--rate", "1e-9", "--steps", "1", *AT),
        ("--noise-multiplier", "1", "--rate", "1e-300", "--steps", "1000000000", *AT),
        ("--noise-multiplier", "1", "--rate", "5e-324", "--steps", "1", *AT),
        ("--noise-multiplier", "1", "--rate", "0.01", "--steps", "100000000", "--delta", "1e-300"),
        ("--noise-multiplier", "0.5", "--rate", "1e-9", "--steps", "100000000", "--delta", "1e-12"),
        ("--noise-multiplier", "1", "--rate", "1", "--steps", "1000000000", *AT, "--records-per-unit", "1000000"),
        ("--mechanism", "krr", "--keep-probability", "0.5", "--categories", "2", "--reports", "9", *AT),
        (*RUN, *AT, "--scheme", "balls-in-bins"),
    ],
)
def test_an_extreme_setting_is_bounded_above_zero_or_refused(account, options) -> None:
    code, found = account(*options, "--epsilon", "1e-12")
    assert (code, found["verdict"] in ("refuted", "not resolved")) == (1, True)
    assert found["epsilon"].get("upper", 1.0) > 0
    assert found["epsilon"].get("detail", "said") != ""


def test_the_text_says_the_verdict_in_words_and_what_would_be_proven(run) -> None:
    done = run("privacy", "account", *RUN, *AT, "--epsilon", "1")
    lines = done.out.splitlines()
    assert lines[0].startswith("epsilon   ")
    assert any(one.startswith("claim     1 is ") and "confirmed" not in one for one in lines)
    assert any(one.startswith("advice    claim epsilon 2.") for one in lines)
    assert any("or train with --noise-multiplier" in one and "which proves 1" in one for one in lines)
    assert lines[-1].startswith("Which of them holds is decided by how the training loop drew its batches")


def test_the_json_is_the_whole_account(account) -> None:
    assert set(account(*RUN, *AT)[1]) == set(Account.__dataclass_fields__)


def test_a_manifest_is_accounted_for_by_its_own_parameters(run, tmp_path) -> None:
    name = Trained(epsilon=0.5).write(tmp_path)
    done = run("privacy", "account", name)
    assert (done.code, done.err) == (1, "")
    assert f"manifest  {name}" in done.out
    assert "phase     train: Gaussian noise 1, Poisson rate 0.0064, 90 steps" in done.out
    assert "1 release about kws-users-eu" in done.out


@pytest.mark.parametrize(
    ("claims", "code", "said"),
    [
        ("{claim_type: none}", 2, "claims no differential privacy"),
        ("{claim_type: central-dp}", 2, "claims no epsilon and delta"),
        ("{claim_type: central-dp, claim: {epsilon: 1.0, delta: 1.0e-6}}", 1, "not bounded"),
        ("{claim_type: central-dp, claim: {epsilon: .nan, delta: 1.0e-6}}", 2, "finite"),
    ],
)
def test_a_manifest_that_states_too_little_is_never_confirmed(run, tmp_path, claims, code, said) -> None:
    name, text = Trained().write(tmp_path), Trained().manifest()
    (tmp_path / name).write_text(
        text[: text.index("privacy:")] + f"privacy: {claims}\n" + text[text.index("lineage:") :]
    )
    done = run("privacy", "account", name)
    assert (done.code, said in done.out + done.err, "Traceback" in done.err) == (code, True, False)


def test_hostile_text_in_a_manifest_does_not_reach_the_terminal(run, tmp_path) -> None:
    name = Trained(population="kws\\e]0;owned\\a").write(tmp_path)
    done = run("privacy", "account", name)
    assert (done.code, "\x1b" in done.out + done.err) == (2, False)


def test_shown_bounds_hold_after_rounding() -> None:
    assert (up(2.38140001), down(2.38149999), up(2.0), down(1e-12)) == ("2.382", "2.381", "2", "1e-12")
    assert (percent_up(0.12301), percent_up(1.0), percent_up(2.0)) == ("12.4 %", "100 %", "100 %")


def test_closed_forms_are_accounted_for_without_numpy() -> None:
    script = (
        "import sys; from policy_gate.cli import main\n"
        "try: main(['privacy', 'account', '--mechanism', 'gaussian', '--noise-multiplier', '7', '--steps', '20', "
        "'--delta', '1e-6'])\n"
        "except SystemExit: pass\n"
        "print(*{'onnx', 'numpy', 'scipy', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("", "")
