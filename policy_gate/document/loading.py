"""Bytes to document: picks the reader and hands back data with places, or every problem found."""

from __future__ import annotations

from policy_gate.document.decoding import decode
from policy_gate.document.places import Document
from policy_gate.document.rules import DEFAULT_LIMITS, Limits
from policy_gate.errors import DocumentError


def load(content: bytes, path: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Load a document: JSON (RFC 8259) when the path ends in `.json`, else YAML.

    One set of rules: UTF-8, one document, unique printable ASCII keys, finite numbers and 64-bit integers, no
    anchors, aliases, tags, merges or directives, caps on bytes, depth, nodes and scalar length.
    Raises DocumentError with all problems up to the first syntax error.
    """
    return (load_json if path.lower().endswith(".json") else load_yaml)(content, path, limits)


def load_yaml(content: bytes, path: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Load YAML whose plain scalars follow the YAML 1.2 core schema; numbers with a leading zero are refused."""
    from policy_gate.document.yaml_reader import read_yaml  # yaml costs 10 ms

    text = decode(content, path, limits)
    root, marks = read_yaml(text, path, limits)
    return Document(path, text, content, root, lambda: marks, limits=limits)


def load_json(content: bytes, path: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Load JSON by RFC 8259 and nothing wider: no comments, no NaN, no trailing comma."""
    from policy_gate.document.json_reader import read_json  # only a run that meets JSON pays
    from policy_gate.document.json_values import json_values

    text = decode(content, path, limits)
    try:
        root = json_values(text, limits)
    except DocumentError:
        root, marks = read_json(text, path, limits)
        return Document(path, text, content, root, lambda: marks, limits=limits)
    return Document(path, text, content, root, lambda: read_json(text, path, limits)[1], limits=limits)
