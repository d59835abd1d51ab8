"""Deployments that published their parameters: what follows from them beside what was announced."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping

from accounts import CONFIRMED, account, figure, quick
from promise import Promise, Shared

from policy_gate.areas.privacy.accounting.mechanisms import Mechanism, SubsampledGaussian, ZeroConcentrated

ROWS = "data/privacy_deployments.csv"
PARAMETERS: Mapping[str, Mechanism] = {
    "Gboard es-ES next-word (first launch)": ZeroConcentrated(0.81),
    "VaultGemma 1B": SubsampledGaussian(4.0801595e-05, 0.614, 100_000),
    "US Census 2020 redistricting, persons": ZeroConcentrated(2.56),
}
"""By the name that the file gives them; the others announced a figure alone."""
EXACT = {"Gboard es-ES next-word (first launch)": 8.922, "US Census 2020 redistricting, persons": 17.158}
"""What the exact conversion gives (Canonne, Kamath, Steinke 2020, proposition 12)."""
ROUNDING = 0.005
"""Announced figures are rounded to two or three digits, down as well as up."""


def show_deployments(shared: Shared) -> Iterator[Promise]:
    """Each row of the file; a figure without parameters proves nothing, and no verdict is given."""
    path = shared.find(ROWS)
    if path is None:
        return
    print(f"{'deployment':<40} {'announced':>10} {'delta':>8}  {'interval':<22} {'s':>5}  verdict")
    accounts, wrong, far = [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name, announced, delta = row["deployment"], row["epsilon"], row["delta"]
            plain = f"{name:<40} {announced:>10} {delta:>8}"
            if name not in PARAMETERS:
                print(f"{plain}  {'no parameters published':<22} {'':>5}  none", flush=True)
                continue
            claim = float(announced)
            found = account([PARAMETERS[name]], float(delta), claim)
            accounts.append(found)
            print(f"{plain}  {found.interval:<22} {found.seconds:>5.2f}  {found.verdict(claim)}", flush=True)
            if found.verdict(claim * (1 + ROUNDING)) != CONFIRMED:
                wrong.append(name)
            if name in EXACT and abs(found.upper - EXACT[name]) > 1e-3:
                far.append(f"{name} {figure(found.upper)}")
    said = f"{len(accounts) - len(wrong)} of {len(accounts)}"
    yield Promise("every announced figure is proven, but for its rounding", said, not wrong)
    yield Promise("zero-concentrated losses convert exactly", ", ".join(far) or "to four digits", not far)
    yield quick(accounts)
