"""Privacy ledgers in a change: lines may come, and nothing that was written down may go."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from changes_world import CONFIG, Two

sys.path.append(str(Path(__file__).resolve().parents[1] / "areas" / "privacy"))
from ledger_lines import PATH, book, entry

from policy_gate.errors import PolicyError
from policy_gate.gate.ledgers import other_ledgers, own_ledger
from policy_gate.gate.trusted import read_configuration
from policy_gate.source import open_working_tree

FIRST, SECOND = entry(1), entry(2, "2026-02-10")
BASE, LONGER = book(FIRST), book(FIRST, SECOND)
KIND = "privacy ledger"


def pinned(content: bytes, path: str = "theirs.jsonl") -> str:
    return f'  ledgers: [{{path: {path}, digest: "sha256:{hashlib.sha256(content).hexdigest()}"}}]\n'


@pytest.fixture
def two(tmp_path) -> Two:
    made = Two(tmp_path)
    made.everywhere("policy-gate.yaml", CONFIG)
    made.everywhere(PATH, LONGER.decode())
    return made


def of_ledgers(two: Two) -> list[tuple[str, str, str]]:
    return [row for row in two.rows() if row[0] == KIND]


def test_a_ledger_that_stays_or_grows_is_no_change(two) -> None:
    assert two.rows() == []
    two.write(PATH, book(FIRST, SECOND, entry(3, "2026-03-10")).decode())
    assert two.rows() == []


def test_a_first_line_is_no_change_and_a_first_line_that_is_none_is(two) -> None:
    for folder in (two.base, two.head):
        (folder / PATH).unlink()
    two.write(PATH, BASE.decode())
    assert two.rows() == []
    two.write(PATH, "{}\n")
    assert of_ledgers(two) == [(KIND, PATH, "looser")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        BASE.decode(),
        book(SECOND, FIRST).decode(),
        LONGER.decode().replace("4.9", "4.8", 1),
        LONGER.decode()[:-1],
        LONGER.decode() + "\n",
        LONGER.decode() + "{}\n",
        LONGER.decode().replace("\n", "\r\n"),
    ],
    ids=["empty", "cut", "reordered", "edited", "short", "blank", "none", "endings"],
)
def test_anything_else_is_looser(two, content) -> None:
    two.write(PATH, content)
    assert of_ledgers(two) == [(KIND, PATH, "looser")]


def test_a_ledger_that_is_gone_or_a_link_is_looser(two) -> None:
    (two.head / PATH).unlink()
    assert of_ledgers(two) == [(KIND, PATH, "looser")]
    (two.head / "elsewhere").write_bytes(LONGER)
    (two.head / PATH).symlink_to(two.head / "elsewhere")
    assert of_ledgers(two) == [(KIND, PATH, "looser")]


def test_another_path_is_looser_unless_all_lines_came_along(two) -> None:
    two.write("policy-gate.yaml", CONFIG + "  ledger: fresh.jsonl\n")
    assert ("configuration", "ledger", "different") in two.rows()
    assert of_ledgers(two) == [(KIND, "fresh.jsonl", "looser")]
    two.write("fresh.jsonl", book(SECOND).decode())
    assert of_ledgers(two) == [(KIND, "fresh.jsonl", "looser")]
    two.write("fresh.jsonl", LONGER.decode())
    assert of_ledgers(two) == []


def test_a_path_outside_the_tree_is_looser(two) -> None:
    two.write("policy-gate.yaml", CONFIG + "  ledger: ../ledger.jsonl\n")
    assert of_ledgers(two) == [(KIND, "../ledger.jsonl", "looser")]


def test_a_path_that_changes_where_nothing_was_spent_is_only_different(two) -> None:
    for folder in (two.base, two.head):
        (folder / PATH).unlink()
    two.write("policy-gate.yaml", CONFIG + "  ledger: fresh.jsonl\n")
    assert two.rows() == [("configuration", "ledger", "different")]


def test_a_ledger_of_others_that_is_dropped_is_looser_and_one_more_is_stricter(two) -> None:
    two.everywhere("theirs.jsonl", BASE.decode())
    two.write("policy-gate.yaml", CONFIG + pinned(BASE))
    assert two.rows() == [("configuration", "ledgers theirs.jsonl", "stricter")]
    two.everywhere("policy-gate.yaml", CONFIG + pinned(BASE))
    two.write("policy-gate.yaml", CONFIG)
    assert two.rows() == [("configuration", "ledgers theirs.jsonl", "looser")]


def test_a_copy_of_others_that_grew_is_different_and_one_that_shrank_is_looser(two) -> None:
    two.everywhere("theirs.jsonl", BASE.decode())
    two.everywhere("policy-gate.yaml", CONFIG + pinned(BASE))
    two.write("theirs.jsonl", LONGER.decode())
    two.write("policy-gate.yaml", CONFIG + pinned(LONGER))
    assert two.rows() == [("configuration", "ledgers theirs.jsonl", "different")]
    two.everywhere("theirs.jsonl", LONGER.decode())
    two.everywhere("policy-gate.yaml", CONFIG + pinned(LONGER))
    two.write("theirs.jsonl", BASE.decode())
    two.write("policy-gate.yaml", CONFIG + pinned(BASE))
    assert of_ledgers(two) == [(KIND, "theirs.jsonl", "looser")]


def test_a_copy_that_is_not_what_its_pin_says_stops_every_run_once_merged(two) -> None:
    two.everywhere("theirs.jsonl", BASE.decode())
    two.everywhere("policy-gate.yaml", CONFIG + pinned(BASE))
    two.write("theirs.jsonl", LONGER.decode())
    assert any("the configuration pins" in one.message for one in two.changes().problems)


# What a run reads


def configuration(folder: Path, more: str):
    (folder / "policy-gate.yaml").write_text(CONFIG + more, encoding="utf-8")
    return read_configuration("", open_working_tree(folder), from_base=False)


def test_no_file_is_a_ledger_without_lines_and_a_folder_is_a_fault(tmp_path) -> None:
    assert (own_ledger(configuration(tmp_path, "")).content, own_ledger(configuration(tmp_path, "")).fault) == (b"", "")
    (tmp_path / PATH).mkdir(parents=True)
    (tmp_path / PATH / "file").write_bytes(b"")
    assert own_ledger(configuration(tmp_path, "")).fault


@pytest.mark.parametrize("path", ["../ledger.jsonl", "/ledger.jsonl", "C:ledger.jsonl"])
def test_a_configured_path_outside_the_tree_judges_nothing(tmp_path, path) -> None:
    with pytest.raises(PolicyError, match=r"spec\.ledger"):
        own_ledger(configuration(tmp_path, f'  ledger: "{path}"\n'))


def test_a_pin_that_does_not_hold_is_named_with_its_place(tmp_path) -> None:
    (tmp_path / "theirs.jsonl").write_bytes(LONGER)
    with pytest.raises(PolicyError, match=r"policy-gate\.yaml:\d+:\d+: the ledger theirs\.jsonl has digest sha256:"):
        other_ledgers(configuration(tmp_path, pinned(BASE)))
    with pytest.raises(PolicyError, match="not in checkout"):
        other_ledgers(configuration(tmp_path, pinned(BASE, "none.jsonl")))


def test_one_ledger_is_not_named_twice(tmp_path) -> None:
    (tmp_path / "theirs.jsonl").write_bytes(BASE)
    (tmp_path / PATH).parent.mkdir()
    (tmp_path / PATH).write_bytes(BASE)
    twice = pinned(BASE).replace("]\n", ", ") + pinned(BASE).partition("[")[2]
    for more in (twice, pinned(BASE, PATH)):
        with pytest.raises(PolicyError, match="is named twice"):
            other_ledgers(configuration(tmp_path, more))
