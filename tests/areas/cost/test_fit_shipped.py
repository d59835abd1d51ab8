"""The shipped profiles: their own rows give them to the byte, and the figures that are claimed of them hold."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from policy_gate.areas.cost.device_file import builtin_ids, builtin_profile, builtin_profiles, profile_folder
from policy_gate.areas.cost.fitting.judge import judge_rows
from policy_gate.areas.cost.fitting.memory import left_out_memory, read_memory_rows, weights_errors_percent
from policy_gate.areas.cost.fitting.refit import refit_shipped, rows_beside
from policy_gate.areas.cost.fitting.rows import Rows
from policy_gate.areas.cost.fitting.writing import write_profile
from policy_gate.profiled import FittedRows

PROJECT = Path(__file__).resolve().parents[3]
SHARED_ROWS = PROJECT.parent / "shared" / "data" / "cost_dev.csv"


def scores(treatment: FittedRows):
    rows = tuple(
        row for one in builtin_profiles() for row in rows_beside(one, profile_folder()) if row.labels == one.labels
    )
    table = Rows(path="shipped", rows=rows, suspect=0, without_features=0, without_latency=0)
    return judge_rows(builtin_profiles(), table, treatment, lambda _: profile_folder())


@pytest.mark.parametrize("profile_id", builtin_ids())
def test_its_rows_give_the_profile_to_the_byte(profile_id) -> None:
    again = write_profile(refit_shipped(builtin_profile(profile_id), profile_folder()))
    assert again == (profile_folder() / f"{profile_id}.yaml").read_text(encoding="utf-8")


def test_left_out_families_are_predicted_as_well_as_is_claimed() -> None:
    """Pooled over the fitted profiles, families equal: at most 16 % off, at least 65 % within 20 %, 95 % covered."""
    found = scores(FittedRows.REFIT).promising
    assert (found.rows, found.families) == (97, 7)
    assert found.mape_percent <= 10.6
    assert found.within_20_percent >= 90
    assert found.covered == 96
    assert found.median_upper_over_measured <= 1.5
    assert found.naive_mape_percent > 25


def test_rows_that_were_fitted_on_are_left_out_unless_asked_for() -> None:
    found = scores(FittedRows.SKIP)
    assert (found.promising, found.screening) == (None, None)
    assert sum(one.fitted for one in found.profiles) == found.rows
    assert scores(FittedRows.COUNT).promising.rows == 97


def test_energy_of_a_left_out_model_is_predicted_within_a_tenth() -> None:
    found = scores(FittedRows.REFIT).energy_left_out
    assert found.mape_percent <= 10
    assert found.systems == 10


def test_published_activation_ram_lies_in_the_interval_of_the_other_families() -> None:
    table = profile_folder() / "stm32cube-ai.memory.csv"
    found = left_out_memory(read_memory_rows(table.read_bytes(), table.name))
    assert found.held / found.rows >= 0.85
    assert (found.rows, found.families) == (47, 10)
    assert found.median_width <= 0.9


def test_constants_are_the_published_weights_but_for_rows_that_are_stale() -> None:
    table = profile_folder() / "stm32cube-ai.memory.csv"
    errors = sorted(weights_errors_percent(read_memory_rows(table.read_bytes(), table.name)))
    assert errors[len(errors) // 2] <= 0.5
    assert sum(error <= 0.5 for error in errors) == 40


def test_only_what_has_enough_rows_and_families_promises_anything() -> None:
    promising = [one for one in builtin_profiles() if not one.screening]
    assert len(promising) == 6
    for one in promising:
        assert one.fit.rows >= 12
        assert one.fit.errors.mape_percent < one.fit.errors.naive_mape_percent
    for one in builtin_profiles():
        assert one.latency.upper_factor >= (2.0 if one.screening else 1.5)


def test_every_row_names_where_it_was_published() -> None:
    for one in builtin_profiles():
        for row in rows_beside(one, profile_folder()):
            repository, commit, path = row.source
            assert repository.count("/") == 1
            assert len(commit) == 12
            assert path


def test_profiles_and_their_rows_are_part_of_the_package() -> None:
    """The wheel takes the whole package folder; nothing in it excludes YAML or CSV."""
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    assert profile_folder().is_relative_to(PROJECT / "policy_gate")
    assert "policy_gate" in build["targets"]["wheel"]["only-include"]
    assert build["targets"]["wheel"]["exclude"] == ["/policies/tests"]
    ignored = (PROJECT / ".gitignore").read_text(encoding="utf-8").split()
    assert not [line for line in ignored if line.endswith((".csv", ".yaml")) or "profiles" in line]
    for one in builtin_ids():
        assert (profile_folder() / f"{one}.csv").is_file()
