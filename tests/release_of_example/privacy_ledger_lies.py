"""Lies about what was spent before: lines that are gone, moved, rewritten, dated back, or about somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable

from example_world import LEDGER, TODAY, Checkout
from lie import Lie, edited

from policy_gate.areas.privacy.ledger.chain import digest_of

FIRST = f"sha256:{'0' * 64}"


def lines_of(checkout: Checkout) -> list[bytes]:
    return (checkout.folder / LEDGER).read_bytes().splitlines(keepends=True)


def line(tree: dict, previous: str) -> bytes:
    return json.dumps({**tree, "previous": previous}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def without_the_past(checkout: Checkout) -> None:
    """A fresh ledger with this release alone."""
    checkout.enter()
    for own in lines_of(checkout)[1:]:
        checkout.write(LEDGER, line(json.loads(own), FIRST))


def cheaper_past(checkout: Checkout) -> None:
    """The release before cost next to nothing, and the chain is made to hold."""
    checkout.enter()
    first, *own = (json.loads(one) for one in lines_of(checkout))
    first["phases"][0]["steps"] = 1
    first["claim"]["epsilon"] = 0.1
    rewritten = line(first, FIRST)
    linked = [line(one, digest_of(rewritten.rstrip(b"\n"))) for one in own]
    checkout.write(LEDGER, b"".join((rewritten, *linked)))


def own_line(**changes: object) -> Callable[[Checkout], None]:
    """The own line says something else than the manifest."""

    def enter(checkout: Checkout) -> None:
        checkout.enter()
        first, *own = lines_of(checkout)
        changed = [line({**json.loads(one), **changes}, digest_of(first.rstrip(b"\n"))) for one in own]
        checkout.write(LEDGER, b"".join((first, *changed)))

    return enter


def gone(checkout: Checkout) -> None:
    (checkout.folder / LEDGER).unlink(missing_ok=True)


def silent(checkout: Checkout) -> None:
    """The ledger stays as it landed."""
    checkout.write(LEDGER, checkout.landed)


def trained_at_length(checkout: Checkout) -> None:
    """Trained again for so long that both releases together are too much, about people of another name."""
    from example_world import BUILD

    edited(
        ("noise_multiplier: 1.3\n", "noise_multiplier: 0.9\n"),
        ("epsilon: 4.3", "epsilon: 8.5"),
        ("id: kws-users-eu", "id: kws-users-new"),
    )(checkout)
    checkout.edit("noise_multiplier: 1.3", "noise_multiplier: 0.9", "evidence/train.yaml")
    model = BUILD.model(channels=64)
    model.doc_string = "trained again"
    checkout.ship(model)


KEPT = ("\n  ledger: ",)
RULE = "PRIV-010"

PRIVACY_LEDGER_LIES = (
    Lie("privacy", "the ledger starts anew with this release", edited(), RULE, KEPT, enter=without_the_past),
    Lie("privacy", "the release before cost less, and the chain holds", edited(), RULE, KEPT, enter=cheaper_past),
    Lie("privacy", "the ledger is gone", edited(), RULE, KEPT, enter=gone),
    Lie("privacy", "the release is not in the ledger", edited(), RULE, KEPT, enter=silent),
    Lie(
        "privacy",
        "the line claims less than the manifest",
        edited(),
        RULE,
        KEPT,
        enter=own_line(claim={"epsilon": 0.1, "delta": 1e-6}),
    ),
    Lie(
        "privacy",
        "the line is about another model",
        edited(),
        RULE,
        KEPT,
        enter=own_line(artifacts=[f"sha256:{'a' * 64}"]),
    ),
    Lie(
        "privacy", "the line is dated back before the last one", edited(), RULE, KEPT, enter=own_line(date="2020-01-01")
    ),
    Lie(
        "privacy",
        "the line is dated ahead",
        edited(),
        RULE,
        KEPT,
        enter=own_line(date=TODAY.replace(year=TODAY.year + 1).isoformat()),
    ),
    Lie(
        "privacy",
        "the window is shorter than the people's year",
        edited(("window_days: 365", "window_days: 3")),
        "PRIV-009",
        ("size: 400, window_days: ",),
    ),
    Lie(
        "privacy",
        "the same people stand under another name for a second release that is too much",
        trained_at_length,
        "PRIV-009",
        ("\n  population: ",),
    ),
)
