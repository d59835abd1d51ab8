"""The privacy ledger in a real repository: what the people behind a model have lost, whatever a change says of it."""

from __future__ import annotations

import json

import pytest
from ledger_world import CONFIG, LEDGER, PEOPLE, Releases, digest

FIRST_DAY, SECOND_DAY, THIRD_DAY, FOURTH_DAY = "2026-01-10", "2026-04-10", "2026-07-10", "2026-10-10"
OTHER_PEOPLE = b"the digests of other records\n"


@pytest.fixture
def releases(checkout, git, gate) -> Releases:
    return Releases(checkout, git, gate).found()


@pytest.fixture
def two(releases) -> Releases:
    """Two releases have landed, and the third is trained on a branch of its own."""
    releases.landed(1, FIRST_DAY)
    releases.landed(2, SECOND_DAY)
    releases.branch("work")
    releases.train(3)
    return releases


def relinked(*lines: bytes) -> list[bytes]:
    """The same lines with digests that hold."""
    made: list[bytes] = []
    previous = f"sha256:{'0' * 64}"
    for line in lines:
        tree = {**json.loads(line), "previous": previous}
        made.append(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        previous = digest(made[-1].rstrip(b"\n"))
    return made


def changed(line: bytes, **members: object) -> bytes:
    return json.dumps({**json.loads(line), **members}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_three_honest_retrains_pass_where_their_sum_would_not_and_a_fourth_is_refused(releases) -> None:
    releases.release(1, FIRST_DAY)
    releases.release(2, SECOND_DAY)
    releases.release(3, THIRD_DAY)
    releases.branch("work")
    releases.train(4)
    releases.append(FOURTH_DAY)
    done = releases.judged(FOURTH_DAY, code=1)
    assert "FAIL PRIV-009" in done.stdout
    assert "4 releases in 365 days cost kws-users 8.6" in done.stdout
    assert "their claims add up to 19.6; policy allows 8" in done.stdout
    assert f"kws 1 of {FIRST_DAY}, claimed 4.9 ({LEDGER}:1)" in done.stdout
    assert "wait until 2027-01-10, when the oldest release leaves the window" in done.stdout
    assert "PRIV-010" not in done.stdout


def test_the_noise_that_a_refusal_names_fits(releases) -> None:
    for sequence, day in ((1, FIRST_DAY), (2, SECOND_DAY), (3, THIRD_DAY)):
        releases.landed(sequence, day)
    releases.branch("work")
    releases.train(4)
    releases.append(FOURTH_DAY)
    said = releases.judged(FOURTH_DAY, code=1).stdout
    noise = float(said.partition("raise noise_multiplier of train to ")[2].split(",")[0])
    releases.train(4, noise=noise)
    releases.append(FOURTH_DAY)
    assert "FAIL" not in releases.judged(FOURTH_DAY, code=0).stdout


def test_the_window_slides_and_what_left_it_counts_no_more(releases) -> None:
    for sequence, day in ((1, FIRST_DAY), (2, SECOND_DAY), (3, THIRD_DAY)):
        releases.landed(sequence, day)
    releases.branch("work")
    releases.train(4)
    releases.append("2027-01-09")
    assert "FAIL PRIV-009" in releases.judged("2027-01-09", code=1).stdout
    releases.append("2027-01-10")
    releases.judged("2027-01-10", code=0)


def test_a_ledger_that_lacks_the_release_names_the_command(two) -> None:
    done = two.judged(THIRD_DAY, code=1)
    assert f"{LEDGER}: the release has no line (no line is of kws 3)" in done.stdout
    assert "policy-gate privacy ledger append" in done.stdout


# Attacks on the lines that landed


@pytest.mark.parametrize("keep_chain", [False, True], ids=["as it is", "with a new chain"])
def test_an_edited_line_is_named(two, keep_chain) -> None:
    two.append(THIRD_DAY)
    first, second, third = two.lines
    less = changed(first, date="2020-01-01")
    two.write(*(relinked(less, second, third) if keep_chain else (less, second, third)))
    done = two.judged(THIRD_DAY, code=1)
    assert "FAIL PRIV-010 The ledger is kept" in done.stdout
    assert f"{LEDGER}:1: earlier lines are not those of the base (line 1 is not the base's line 1)" in done.stdout
    assert "FAIL POL-001" in done.stdout


def test_reordered_lines_are_named(two) -> None:
    two.append(THIRD_DAY)
    first, second, third = two.lines
    two.write(*relinked(second, first, third))
    assert f"{LEDGER}:1: earlier lines are not those of the base" in two.judged(THIRD_DAY, code=1).stdout


@pytest.mark.parametrize(
    ("number", "said"), [(1, "line 1 of the base is missing"), (2, "line 2 is not the base's line 2")]
)
def test_a_line_that_is_gone_is_named(two, number, said) -> None:
    two.append(THIRD_DAY)
    lines = two.lines
    del lines[number - 1]
    two.write(*lines)
    assert (
        f"{LEDGER}:{number}: earlier lines are not those of the base ({said})" in two.judged(THIRD_DAY, code=1).stdout
    )


def test_a_ledger_that_is_gone_is_named_also_when_no_release_changes(two) -> None:
    two.git(two.here.root, "checkout", "-q", "--", ".")
    two.branch("work")
    two.git(two.here.root, "rm", "-q", LEDGER)
    said = two.judged(THIRD_DAY, code=1).stdout
    assert f"{LEDGER}: there is no ledger (its 2 lines are gone)" in said
    assert "FAIL POL-001" in said


def test_a_file_cut_short_in_its_last_line_is_named(two) -> None:
    two.append(THIRD_DAY)
    two.write(two.ledger[:-20])
    assert f"{LEDGER}:3: a line cannot be read" in two.judged(THIRD_DAY, code=1).stdout


@pytest.mark.parametrize("content", [b"\n", b"{}\n", b"\xff\n", b"[[[[\n", b'{"a": NaN}\n', b"{}" * 70000 + b"\n"])
def test_hostile_lines_are_a_finding_and_no_crash(two, content) -> None:
    two.write(*two.lines, content)
    assert f"{LEDGER}:3: a line cannot be read" in two.judged(THIRD_DAY, code=1).stdout


# Attacks by the line of the release itself


@pytest.mark.parametrize(
    ("member", "content", "key"),
    [
        ("claim", {"delta": 1e-06, "epsilon": 0.1}, "/claim/epsilon"),
        ("artifacts", [f"sha256:{'a' * 64}"], "/artifacts/0"),
        ("population", {"datasets": [f"sha256:{'a' * 64}"], "id": "kws-users", "size": 400}, "/population/datasets/0"),
        ("population", {"datasets": [digest(PEOPLE)], "id": "nobody", "size": 400}, "/population/id"),
        ("tuning", {"data": "public", "trials": 1}, "/tuning/trials"),
    ],
)
def test_an_own_line_that_says_something_else_is_named_with_its_key(two, member, content, key) -> None:
    two.append(THIRD_DAY)
    *landed, own = two.lines
    two.write(*landed, changed(own, **{member: content}))
    assert f"the line of the release says something else ({key} is not what" in two.judged(THIRD_DAY, code=1).stdout


def test_a_line_of_another_manifest_is_named(two) -> None:
    two.append(THIRD_DAY)
    text = (two.here.root / "release.yaml").read_text()
    two.here.write("release.yaml", text + "# one more word\n")
    assert f"{LEDGER}:3: the line of the release is of another manifest" in two.judged(THIRD_DAY, code=1).stdout


def test_a_line_dated_after_today_or_before_the_last_one_is_named(two) -> None:
    two.append(THIRD_DAY)
    *landed, own = two.lines
    two.write(*landed, changed(own, date="2026-07-11"))
    assert f"line 3 is of 2026-07-11, after {THIRD_DAY}" in two.judged(THIRD_DAY, code=1).stdout
    two.write(*landed, changed(own, date="2026-04-09"))
    assert f"line 3 is of 2026-04-09, and line 2 of {SECOND_DAY}" in two.judged(THIRD_DAY, code=1).stdout


def test_a_line_that_waits_too_long_has_to_be_written_again(two) -> None:
    two.append("2026-05-01")
    assert "a new line was written 31 days ago; policy allows 30" in two.judged("2026-06-01", code=1).stdout
    two.append("2026-06-01")
    two.judged("2026-06-01", code=0)


# Attacks on who the people are


def fourth(releases: Releases, **changes: object) -> str:
    """Three releases have landed; the fourth says that it is about somebody else."""
    for sequence, day in ((1, FIRST_DAY), (2, SECOND_DAY), (3, THIRD_DAY)):
        releases.landed(sequence, day)
    releases.branch("work")
    releases.train(4, **changes)
    releases.append(FOURTH_DAY)
    return releases.judged(FOURTH_DAY, code=1).stdout


def test_a_renamed_population_is_the_same_by_its_data(releases) -> None:
    said = fourth(releases, population="fresh-users")
    assert "4 releases in 365 days cost fresh-users 8.6" in said
    assert "the same people stand under kws-users too" in said


def test_other_data_under_the_same_id_is_the_same_population(releases) -> None:
    assert "4 releases in 365 days cost kws-users 8.6" in fourth(releases, people=OTHER_PEOPLE)


def test_another_id_and_other_data_at_once_are_the_same_by_the_name_of_the_release(releases) -> None:
    said = fourth(releases, population="fresh-users", people=OTHER_PEOPLE)
    assert "4 releases in 365 days cost fresh-users 8.6" in said


def test_a_shorter_window_in_the_manifest_is_refused(two) -> None:
    text = (two.here.root / "release.yaml").read_text()
    two.here.write("release.yaml", text.replace("window_days: 365", "window_days: 30"))
    two.append(THIRD_DAY)
    assert "the window is 30 days long; policy asks for 365" in two.judged(THIRD_DAY, code=1).stdout


def test_data_without_a_digest_leaves_the_spend_unknown(two) -> None:
    text = (two.here.root / "release.yaml").read_text()
    kept = [line for line in text.splitlines() if "digest: {sha256" not in line and "path: data/" not in line]
    two.here.write("release.yaml", "\n".join(kept) + "\n")
    two.append(THIRD_DAY, code=2)
    said = two.judged(THIRD_DAY, code=1).stdout
    assert "UNKNOWN PRIV-009" in said
    assert "'dataset:people' has no digest: by another name, nobody would know these people again" in said


# Attacks on which ledger counts


def test_a_manifest_that_names_another_ledger_is_refused(two) -> None:
    text = (two.here.root / "release.yaml").read_text()
    two.here.write("release.yaml", text.replace(f"ledger: {LEDGER}", "ledger: privacy/fresh.jsonl"))
    two.append(THIRD_DAY)
    two.here.write("privacy/fresh.jsonl", relinked(two.lines[-1])[0])
    assert "the manifest names another ledger" in two.judged(THIRD_DAY, code=1).stdout


def test_a_configuration_that_names_another_ledger_is_looser_and_does_not_judge(two) -> None:
    two.append(THIRD_DAY)
    two.here.write("policy-gate.yaml", CONFIG + "  ledger: privacy/fresh.jsonl\n")
    two.here.write("privacy/fresh.jsonl", relinked(two.lines[-1])[0])
    said = two.judged(THIRD_DAY, code=1).stdout
    assert "FAIL POL-001" in said
    assert "privacy/fresh.jsonl" in said


def test_a_ledger_that_moves_with_all_its_lines_is_no_loosening(two) -> None:
    two.git(two.here.root, "checkout", "-q", "--", ".")
    two.branch("work")
    two.here.write("policy-gate.yaml", CONFIG + "  ledger: spent/ledger.jsonl\n")
    two.here.write("spent/ledger.jsonl", two.ledger)
    assert "FAIL POL-001" not in two.judged(THIRD_DAY, code=0).stdout


def test_the_spend_of_another_repository_counts(releases) -> None:
    releases.landed(1, FIRST_DAY)
    releases.landed(2, SECOND_DAY)
    theirs = b"".join(
        relinked(
            *(
                changed(one, release={**json.loads(one)["release"], "name": "wake"}, artifacts=[digest(one)])
                for one in releases.lines
            )
        )
    )
    releases.branch("work")
    releases.here.write("ledgers/other.jsonl", theirs)
    pinned = f'  ledgers: [{{path: ledgers/other.jsonl, digest: "{digest(theirs)}"}}]\n'
    releases.here.write("policy-gate.yaml", CONFIG + pinned)
    releases.land()
    releases.branch("work")
    releases.train(3, seed=9)
    releases.append(THIRD_DAY)
    said = releases.judged(THIRD_DAY, code=1).stdout
    assert "FAIL PRIV-009" in said
    releases.here.write("ledgers/other.jsonl", theirs.splitlines(keepends=True)[0])
    assert "the configuration pins" in releases.judged(THIRD_DAY, code=1).stdout
    releases.here.write("policy-gate.yaml", CONFIG)
    assert "FAIL POL-001" in releases.judged(THIRD_DAY, code=1).stdout


# What is honest


def test_bytes_that_were_released_before_cost_nothing_more(releases) -> None:
    for sequence, day in ((1, FIRST_DAY), (2, SECOND_DAY), (3, THIRD_DAY)):
        releases.landed(sequence, day)
    releases.branch("work")
    releases.train(4, seed=2)
    releases.append(FOURTH_DAY)
    releases.judged(FOURTH_DAY, code=0)


def test_a_change_that_touches_no_release_passes_long_after_the_window(two) -> None:
    two.git(two.here.root, "checkout", "-q", "--", ".")
    two.branch("work")
    two.here.write("README.md", "More words.\n")
    two.judged("2026-07-01", code=0)
    two.judged("2030-01-01", code=0)


def test_of_two_pull_requests_the_second_is_judged_with_the_first(releases) -> None:
    """Each alone would fit; together they do not."""
    releases.landed(1, FIRST_DAY)
    releases.landed(2, SECOND_DAY)
    for name in ("one", "two"):
        releases.branch(name)
        releases.train(3, seed=10 if name == "one" else 20)
        releases.append(THIRD_DAY)
        releases.judged(THIRD_DAY, code=0)
    releases.land("one")
    releases.git(releases.here.root, "checkout", "-q", "two")
    said = releases.judged(THIRD_DAY, code=1).stdout
    assert f"{LEDGER}:3: earlier lines are not those of the base" in said
    assert "bring the base's ledger in as it is" in said
    assert "FAIL PRIV-009" in said
    releases.git(releases.here.root, "checkout", "-q", "main", "--", LEDGER)
    releases.train(4, seed=20)
    releases.append(THIRD_DAY)
    said = releases.judged(THIRD_DAY, code=1).stdout
    assert "4 releases in 365 days cost kws-users 8.6" in said
    assert "FAIL PRIV-010" not in said
