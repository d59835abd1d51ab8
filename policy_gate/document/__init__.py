"""Strict YAML and JSON with the place of every key and value; the only reader of documents in the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_gate.document.binding import bind, bind_problems
from policy_gate.document.loading import load, load_json, load_yaml
from policy_gate.document.places import Document, Span, problem
from policy_gate.document.pointer import join, split
from policy_gate.document.rules import DEFAULT_LIMITS, Limits, Value

if TYPE_CHECKING:
    from policy_gate.document.edit import Edit, apply_edits, insert_key, replace_scalar

__all__ = [
    "DEFAULT_LIMITS",
    "Document",
    "Edit",
    "Limits",
    "Span",
    "Value",
    "apply_edits",
    "bind",
    "bind_problems",
    "insert_key",
    "join",
    "load",
    "load_json",
    "load_yaml",
    "problem",
    "replace_scalar",
    "split",
]


def __getattr__(name: str) -> object:
    """Import the editor when one of its names is asked for (PEP 562): a check never edits."""
    if name not in __all__:
        raise AttributeError(name)
    from policy_gate.document import edit

    return getattr(edit, name)
