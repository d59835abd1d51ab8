"""The `profile` commands: from a table to a profile a gate accepts, and from profiles to how far they are off."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy_gate.areas.cost.device_file import builtin_ids, profile_folder, read_profile
from policy_gate.profiled import MemoryScore, Scores

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "areas" / "cost"))
from fit_world import LABELS, board_rows, table

ID = "stm32h747-cortex-m7-int8@cubeai-8.1"
H747 = profile_folder() / f"{ID}.csv"


@pytest.fixture
def board(tmp_path):
    (tmp_path / "rows.csv").write_bytes(table(board_rows()))
    return tmp_path


def test_a_table_of_one_device_becomes_a_profile_on_standard_output(run, board) -> None:
    done = run("profile", "fit", "rows.csv")
    assert (done.code, done.err) == (0, "")
    profile = read_profile(done.out.encode(), "p.yaml")
    assert (profile.id, profile.labels) == ("board-1-1-cpu-int8@runtime-1.0.0", LABELS)
    assert (profile.runtime_name, profile.runtime_version, profile.screening) == ("runtime", "1.0.0", False)


def test_a_fitted_profile_is_written_shown_and_scored(run, board) -> None:
    done = run("profile", "fit", "rows.csv", "--id", "board@rt-1", "--words", "our board", "-o", "board.yaml")
    assert (done.code, done.out.startswith("board.yaml: profile board@rt-1;")) == (0, True)
    shown = run("profile", "show", "board.yaml")
    assert "8 of 4 families: dense, light, mixed, plain" in shown.out
    assert "estimates that a gate may rely on" in shown.out
    scored = run("profile", "show", "board.yaml", "--rows", "rows.csv")
    assert "8 rows were fitted on and are left out" in scored.out


def test_rows_that_only_partly_are_those_of_a_fit_say_that_they_may_flatter(run, board) -> None:
    run("profile", "fit", "rows.csv", "--id", "board@rt-1", "-o", "board.yaml")
    (board / "some.csv").write_bytes(table(board_rows()[:3]))
    scored = run("profile", "show", "board.yaml", "--rows", "some.csv")
    assert (
        "whether it was fitted on some of these rows is not known: there is no board@rt-1.csv beside it" in scored.out
    )
    refused = run("profile", "show", "board.yaml", "--rows", "rows.csv", "--fitted-rows", "refit")
    assert (refused.code, "cannot be fitted again: there is no board@rt-1.csv beside it" in refused.err) == (2, True)
    (board / "board@rt-1.csv").write_bytes(table(board_rows()))
    assert "3 rows were fitted on" in run("profile", "show", "board.yaml", "--rows", "some.csv").out
    assert "8 of 8" in run("profile", "show", "board.yaml", "--rows", "rows.csv", "--fitted-rows", "refit").out


def test_several_devices_are_listed_with_the_options_that_pick_one(run, tmp_path) -> None:
    other = type(LABELS)(device="BOARD 2", engine="", dtype="int8", runtime="Runtime 1.0.0")
    (tmp_path / "rows.csv").write_bytes(table([*board_rows(), *board_rows(other)]))
    done = run("profile", "fit", "rows.csv")
    assert (done.code, done.out) == (2, "")
    assert "2 groups of rows fit" in done.err
    assert "--device 'BOARD 2' --dtype int8 --runtime 'Runtime 1.0.0': 8 rows" in done.err
    assert run("profile", "fit", "rows.csv", "--device", "BOARD 2").code == 0
    assert "no row fits the selectors" in run("profile", "fit", "rows.csv", "--device", "BOARD-3").err


def test_too_little_data_is_refused_and_may_be_screened(run, tmp_path) -> None:
    (tmp_path / "rows.csv").write_bytes(table(board_rows()[:2]))
    done = run("profile", "fit", "rows.csv")
    assert (done.code, "2 rows of 1 families" in done.err) == (2, True)
    done = run("profile", "fit", "rows.csv", "--screening", "--shape", ID)
    assert (done.code, read_profile(done.out.encode(), "p.yaml").fit.shape) == (0, ID)


def test_a_runtime_without_a_version_is_refused(run, tmp_path) -> None:
    rows = board_rows(type(LABELS)(device="B", engine="", dtype="int8", runtime="Runtime"))
    (tmp_path / "rows.csv").write_bytes(table(rows))
    done = run("profile", "fit", "rows.csv")
    assert (done.code, "the runtime 'Runtime' names no version" in done.err) == (2, True)
    done = run("profile", "fit", "rows.csv", "--runtime-name", "rt", "--runtime-version", "3")
    assert read_profile(done.out.encode(), "p.yaml").runtime_version == "3"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "none.csv"), "none.csv"),
        (("fit", "none/rows.csv"), "there is no such folder"),
        (("fit", "."), ""),
        (("show",), "takes the ID or FILE of a profile"),
        (("show", "stm32h747-cortex-m7-int8@cubeai-9.1"), f"Nearest: {ID}"),
        (("show", "../../etc/passwd@x"), "no trusted device profile"),
        (("show", "none.yaml"), "none.yaml"),
        (("show", ID, "--rows", "none.csv"), "none.csv"),
        (("show", ID, "--fitted-rows", "all"), "all"),
        (("fit", "rows.csv", "--shape", "no@thing"), "no trusted device profile"),
        (("fit", "rows.csv", "--memory", "none.csv"), "none.csv"),
        (("fit", "rows.csv", "--id", "no-at-sign"), "id"),
        (("fit", "rows.csv", "-o", "none/p.yaml"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(run, board, arguments, said) -> None:
    done = run("profile", *arguments)
    assert (done.code, said in done.err) == (2, True)
    assert "Traceback" not in done.err


def test_hostile_names_in_a_table_do_not_reach_the_terminal(run, tmp_path) -> None:
    (tmp_path / "rows.csv").write_bytes(table(board_rows()).replace(b"BOARD-1", b"\x1b]0;owned\x07"))
    done = run("profile", "fit", "rows.csv")
    assert (done.code, "\x1b" in done.err + done.out) == (2, False)


def test_a_link_is_not_followed(run, board) -> None:
    try:
        (board / "link.csv").symlink_to(board / "rows.csv")
    except OSError:
        pytest.skip("links are not allowed here")
    done = run("profile", "fit", "link.csv")
    assert (done.code, "symbolic link" in done.err) == (2, True)


def test_the_list_names_every_shipped_profile_with_its_error(run) -> None:
    done = run("profile", "list")
    assert done.code == 0
    for one in builtin_ids():
        assert one in done.out
    assert done.out.index("stm32n6570") < done.out.index("stm32f769")  # those that promise something come first


def test_lists_sheets_and_scores_are_told_as_json_too(run, board) -> None:
    listed = json.loads(run("profile", "list", "--format", "json").out)
    assert len(listed["profiles"]) == len(builtin_ids())
    shown = json.loads(run("profile", "show", ID, "--format", "json").out)
    assert shown["profile"]["latency"]["coefficients"]["ns_per_conv_mac"] > 0
    scores = run("profile", "show", "--rows", str(H747), "--fitted-rows", "count", "--format", "json")
    assert set(json.loads(scores.out)["scores"]) == set(Scores.__dataclass_fields__)
    memory = run("profile", "show", "--rows", str(profile_folder() / "stm32cube-ai.memory.csv"), "--format", "json")
    assert set(json.loads(memory.out)["scores"]) == set(MemoryScore.__dataclass_fields__)


def test_other_families_are_scored_by_the_profile_as_it_is(run, tmp_path) -> None:
    """As rows are judged that a profile has never seen: here twice as slow as it says, so none is under the bound."""
    lines = H747.read_text(encoding="utf-8").splitlines()
    at = lines[0].split(",").index("latency_ms")
    changed = []
    for line in lines[1:]:
        cells = line.split(",")
        changed.append(",".join(["new", *cells[1:at], str(2 * float(cells[at])), *cells[at + 1 :]]))
    (tmp_path / "rows.csv").write_text("\n".join([lines[0], *changed]))
    for arguments in (("show", "--rows", "rows.csv"), ("show", ID, "--rows", "rows.csv")):
        done = run("profile", *arguments)
        assert "0 of 22" in done.out
        assert "fitted on" not in done.out.splitlines()[1]


def test_rows_are_predicted_without_their_family_when_asked(run) -> None:
    refit = run("profile", "show", ID, "--rows", str(H747), "--fitted-rows", "refit").out
    count = run("profile", "show", ID, "--rows", str(H747), "--fitted-rows", "count").out
    assert "22 of 22" in refit
    assert refit.splitlines()[-1] != count.splitlines()[-1]


def test_memory_is_scored_by_its_table(run) -> None:
    path = str(profile_folder() / "stm32cube-ai.memory.csv")
    assert "47 rows were fitted on and are left out" in run("profile", "show", "--rows", path).out
    refit = run("profile", "show", "--rows", path, "--fitted-rows", "refit").out
    assert "activation RAM inside the interval: 47 of 47 rows of 10 families (100%)" in refit


def test_listing_and_scoring_profiles_imports_neither_onnx_nor_numpy() -> None:
    script = (
        "import sys; from policy_gate.profiling.scoring import scored; from policy_gate.profiling.showing import listed; "
        "from pathlib import Path; from policy_gate.profiled import FittedRows; listed(); "
        "scored(Path(sys.argv[1]), (), FittedRows.REFIT); print(*{'onnx', 'numpy', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script, str(H747)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")
