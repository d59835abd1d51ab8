"""One lie about the example release: told in one area alone, as an honest-looking manifest would, and signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from example_world import Checkout


@dataclass(frozen=True)
class Lie:
    """What is told, the rule that has to find it, and the texts of the manifest right before each blamed place."""

    area: str
    words: str
    tell: Callable[[Checkout], None]
    rule: str
    at: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)
    """Every other rule that blocks too, with the reason why this lie cannot be told without it."""
    undone_by: frozenset[str] = frozenset()
    """Pointers into the lying manifest whose removal takes the lie back, so that the honest release is left."""
    sign: Callable[[Checkout], None] = Checkout.sign
    """How the liar signs: with the valid key, but where the lie is about that."""
    enter: Callable[[Checkout], None] = Checkout.enter
    """How the liar keeps the ledger: as an honest producer, but where the lie is about that."""

    def told(self, checkout: Checkout) -> Checkout:
        """Tell the lie in a checkout, sign it, and write it into the ledger, unless it is about that."""
        self.tell(checkout)
        self.sign(checkout)
        self.enter(checkout)
        return checkout


def edited(*edits: tuple[str, str]) -> Callable[[Checkout], None]:
    """The next release, with text of its manifest changed."""

    def tell(checkout: Checkout) -> None:
        checkout.bump()
        for before, after in edits:
            checkout.edit(before, after)

    return tell
