"""`make show-cost`: what predicted cost promises, part by part, held against what is known; fails where one is broken.

    python bench/show_cost.py [macs] [operators] [latency] [memory] [change] [hostile] [--shared FOLDER]

Parts that need models or measurements of the shared folder say so where it is not there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent / "cost_tables"))

from promise import Promise, Shared, show
from show_change import show_change
from show_devices import show_latency, show_memory
from show_hostile import show_hostile
from show_macs import show_macs
from show_operators import show_operators

PARTS: dict[str, Callable[[Shared], Iterator[Promise]]] = {
    "macs": show_macs,
    "operators": show_operators,
    "latency": show_latency,
    "memory": show_memory,
    "change": show_change,
    "hostile": show_hostile,
}

if __name__ == "__main__":
    sys.exit(show(PARTS))
