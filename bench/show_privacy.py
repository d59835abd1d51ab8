"""`make show-privacy`: what the accountant promises, part by part, held against what is known; fails where one breaks.

    python bench/show_privacy.py [published] [deployments] [schemes] [joint] [extremes] [--shared FOLDER]

Published parameters are in the shared folder; the oracles, dp-accounting and prv-accountant, are asked where installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent / "privacy_tables"))

from promise import Promise, Shared, show
from show_deployments import show_deployments
from show_extremes import show_extremes
from show_joint import show_joint
from show_published import show_published
from show_schemes import show_schemes

PARTS: dict[str, Callable[[Shared], Iterator[Promise]]] = {
    "published": show_published,
    "deployments": show_deployments,
    "schemes": show_schemes,
    "joint": show_joint,
    "extremes": show_extremes,
}

if __name__ == "__main__":
    sys.exit(show(PARTS))
