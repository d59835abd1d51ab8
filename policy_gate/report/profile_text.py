"""Device profiles for a terminal: the list of them, one laid out, and how they score on measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_gate.profiled import (
    Accuracy,
    EnergyAccuracy,
    FittedRows,
    MemoryScore,
    ProfileLine,
    ProfileScore,
    Scores,
    SheetPart,
)
from policy_gate.report.cells import width
from policy_gate.report.columns import columns
from policy_gate.report.escaping import safe

HEADINGS = ("rows", "families", "error", "in 20 %", "under bound", "bound/measured", "MACs alone")
TREATMENTS = {
    FittedRows.SKIP: "rows that a profile was fitted on are left out",
    FittedRows.COUNT: "rows that a profile was fitted on are counted, which flatters",
    FittedRows.REFIT: "rows that a profile was fitted on are predicted by a fit without their family",
}


def render_profiles(profiles: Sequence[ProfileLine]) -> str:
    """A table of profiles: what each was fitted on, its error on families left out, its bound, what else it knows."""
    rows: list[tuple[str, ...]] = [("profile", "rows", "families", "error", "bound", "knows")]
    rows += [_profile(one) for one in profiles]
    lines = [*columns(rows, right=(1, 2, 3, 4)), ""]
    lines.append("error: mean over rows whose family was left out of the fit; families weigh the same.")
    lines.append("screening: too few rows or families to promise anything; a gate does not rely on it unless told to.")
    return "".join(f"{line}\n" for line in lines)


def render_sheet(parts: Sequence[SheetPart]) -> str:
    """One profile, part by part."""
    lines: list[str] = []
    for part in parts:
        lines += [*([""] if lines else []), part.heading]
        widest = max(width(safe(name)) for name, _ in part.lines)
        lines += [f"  {safe(name)}{' ' * (widest - width(safe(name)))}  {safe(text)}" for name, text in part.lines]
    return "".join(f"{line}\n" for line in lines)


def render_scores(scores: Scores) -> str:
    """Accuracy by profile, then pooled over those that promise something, and over those for screening."""
    lines = [f"{safe(scores.path)}: {scores.rows} rows of {scores.families} families; {TREATMENTS[scores.treatment]}"]
    lines += [f"  {one}" for one in _left_out(scores)]
    rows: list[tuple[str, ...]] = [("", *HEADINGS)]
    for title, pool, screening in (
        ("all fitted profiles", scores.promising, False),
        ("all screening profiles", scores.screening, True),
    ):
        found = [(one.id, one.accuracy) for one in scores.profiles if one.screening is screening]
        rows += [_accuracy(name, one) for name, one in found if one is not None]
        rows += [_accuracy(title, pool)] if pool is not None else []
    if len(rows) > 1:
        lines += ["", *columns(rows, right=range(1, 1 + len(HEADINGS)))]
    lines += [line for one in scores.profiles for line in _notes(one)]
    lines += _energy("energy, by measured time and the profile's mean power", scores.energy)
    lines += _energy("energy, by the mean power of the same system's other models", scores.energy_left_out)
    return "".join(f"{line}\n" for line in lines)


def render_memory_score(score: MemoryScore) -> str:
    """How many published figures the intervals hold, and how wide they are."""
    lines = [f"{safe(score.path)}: memory of {safe(score.runtime)}; {TREATMENTS[score.treatment]}"]
    if score.fitted:
        lines.append(f"  {score.fitted} rows were fitted on and are left out")
    if score.rows:
        share = f"{score.held} of {score.rows} rows of {score.families} families ({score.held / score.rows:.0%})"
        lines.append(f"activation RAM inside the interval: {share}, median width {score.median_width:.2f} of the value")
        within = f"{score.weights_within} of {score.rows} rows"
        lines.append(f"weights in flash within 0.5 %: {within}, median error {score.weights_median_percent:.2f} %")
    return "".join(f"{line}\n" for line in lines)


def _profile(one: ProfileLine) -> tuple[str, ...]:
    knows = [word for word, known in (("power", one.has_power), ("memory", one.has_memory)) if known]
    return (
        safe(one.id),
        str(one.rows),
        str(one.families),
        "unknown" if one.mape_percent is None else f"{one.mape_percent:.1f} %",
        "none" if one.upper_factor is None else f"x {one.upper_factor:.2f}",
        ", ".join([*(["screening"] if one.screening else []), "latency", *knows]),
    )


def _left_out(scores: Scores) -> Iterator[str]:
    counted = (
        (scores.suspect, "marked suspect are left out"),
        (scores.without_features, "without features are left out"),
        (scores.without_latency, "without a latency are left out"),
        (scores.unmatched, "are of no profile that is scored"),
        (sum(one.fitted for one in scores.profiles), "were fitted on and are left out"),
    )
    for count, words in counted:
        if count:
            yield f"{count} rows {words}"


def _accuracy(name: str, one: Accuracy) -> tuple[str, ...]:
    return (
        safe(name),
        str(one.rows),
        str(one.families),
        f"{one.mape_percent:.1f} %",
        f"{one.within_20_percent:.0f} %",
        f"{one.covered} of {one.rows}",
        f"{one.median_upper_over_measured:.2f}",
        f"{one.naive_mape_percent:.1f} %",
    )


def _notes(one: ProfileScore) -> Iterator[str]:
    if one.outside:
        yield f"{safe(one.id)}: {one.outside} rows lie far outside its ranges, where a gate calls it screening"
    if one.note:
        yield f"{safe(one.id)}: {safe(one.note)}"


def _energy(words: str, one: EnergyAccuracy | None) -> list[str]:
    if one is None:
        return []
    return [f"{words}: {one.mape_percent:.1f} % off over {one.rows} rows of {one.systems} systems"]
