"""Real models made more expensive under new names: the first row names the layer that was changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from promise import Promise, Shared

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "regressions.py"


def show_change(shared: Shared) -> Iterator[Promise]:
    """The pairs of examples/regressions.py; without the shared models, those made of the example."""
    models = shared.find("models/mlperf-tiny")
    done = subprocess.run([sys.executable, str(SCRIPT), *([str(models)] if models else [])])
    yield Promise("each row names the layer that caused it", "see above", done.returncode == 0)
