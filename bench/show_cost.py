"""`make show-cost`: what predicted cost promises, part by part, held against what is known; fails where one is broken.

    python bench/show_cost.py [macs] [operators] [latency] [memory] [change] [hostile] [--shared FOLDER]

Parts that need models or measurements of the shared folder say so where it is not there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent / "cost_tables"))

from promise import Promise, Shared
from show_change import show_change
from show_devices import show_latency, show_memory
from show_hostile import show_hostile
from show_macs import show_macs
from show_operators import show_operators

PROJECT = Path(__file__).resolve().parents[1]
PARTS: dict[str, Callable[[Shared], Iterator[Promise]]] = {
    "macs": show_macs,
    "operators": show_operators,
    "latency": show_latency,
    "memory": show_memory,
    "change": show_change,
    "hostile": show_hostile,
}


def main() -> int:
    """Print the parts that are asked for (default: all); 1 where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--shared", type=Path, default=PROJECT.parent / "shared", help="models/ and data/")
    asked = parser.parse_args()
    broken = 0
    for part in asked.parts or list(PARTS):
        print(f"\n{part.upper()}\n", flush=True)
        for promise in PARTS[part](Shared(asked.shared)):
            broken += not promise.kept
            print(f"{'kept' if promise.kept else 'BROKEN'}: {promise.words}: {promise.found}", flush=True)
    print(f"\n{broken} broken." if broken else "\nEvery promise is kept.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
