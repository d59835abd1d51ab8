"""Runs what decides nothing, such as a preview: whatever becomes of it is a sentence and takes nothing else down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from policy_gate.errors import GateError

T = TypeVar("T")


def advice(ask: Callable[[], T]) -> T | str:
    """What `ask` gives, or in words why it gives nothing."""
    try:
        return ask()
    except GateError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # a policy that is only proposed may crash, and the verdict stands
        return f"it crashed: {type(error).__name__}: {error}"
