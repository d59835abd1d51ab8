"""Policies that differ: packs written as plain data, loaded as a run loads them, and compared."""

from __future__ import annotations

import json
import re
from typing import Any

from policy_gate.catalogue import direction_of
from policy_gate.errors import PolicyError
from policy_gate.gate.changes import default_of
from policy_gate.model import Stage
from policy_gate.policy.difference import Difference, difference
from policy_gate.policy.loading import Policy, Setup, load_config, load_policy

HEAD = {"apiVersion": "policy-gate/v1alpha1"}
WORDS = {"rationale": "because it matters", "remediation": "mend it"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "lower": {"type": "number", "stricter": "lower", "default": 5},
    "higher": {"type": "integer", "stricter": "higher", "default": 5},
    "allowed": {"type": "set", "of": "text", "stricter": "subset", "default": ["a", "b"]},
    "denied": {"type": "set", "of": "text", "stricter": "superset", "default": ["a", "b"]},
    "budget": {"type": "map", "of": "integer", "stricter": "lower", "default": {"*": 10, "node": 5}},
    "must": {"type": "flag", "stricter": "true", "default": False},
    "since": {"type": "date", "stricter": "higher", "default": "2026-01-01"},
    "label": {"type": "text", "default": "x"},
}


def rule(rule_id: str = "MINE-001", **keys: Any) -> dict[str, Any]:
    decides = {} if "check" in keys or "assert" in keys else {"check": "fingerprint.digest_matches"}
    return {"id": rule_id, "title": "A rule of this test", "severity": "high", **WORDS, **decides, **keys}


def pack(*rules: dict[str, Any], name: str = "mine", **spec: Any) -> dict[str, Any]:
    declared = {key: {"words": "a parameter", **one} for key, one in spec.pop("parameters", {}).items()}
    unread = [key for key in sorted(declared) if not re.search(rf"(\$|params\.){key}\b", json.dumps(rules))]
    if unread:
        # A pack whose rules read no parameter of its own is refused.
        said = " && ".join(f"params.{key} == params.{key}" for key in unread)
        rules = (*(rules or (rule(),)), rule("READ-001", **{"assert": said}))
    return {
        **HEAD,
        "kind": "PolicyPack",
        "metadata": {"name": name, "version": "1", "words": "a pack"},
        "spec": {"parameters": declared, "rules": list(rules) or [rule()], **spec},
    }


def parameter(name: str, value: Any) -> dict[str, Any]:
    """One of the parameters above, with another value."""
    return {name: {**PARAMETERS[name], "default": value}}


def policy(
    *packs: dict[str, Any],
    config: dict[str, Any] | None = None,
    floors: tuple[str, ...] = (),
    stage: Stage | None = None,
    today: str = "2026-11-23",
    names: tuple[str, ...] = (),
) -> Policy:
    files = {f"{one['metadata']['name']}.json": json.dumps(one).encode() for one in packs}

    def read(name: str) -> bytes:
        if name not in files:
            raise PolicyError(f"no file {name}")
        return files[name]

    document = {**HEAD, "kind": "PolicyConfig", "spec": {"policy": sorted(files), **(config or {})}}
    spec, loaded = load_config(json.dumps(document).encode(), "policy-gate.json")
    setup = Setup(
        names=names or tuple(files), source="head", today=today, stage=stage, spec=spec, config=loaded, floors=floors
    )
    return load_policy(read, setup)


def compared(before: Policy, after: Policy) -> tuple[Difference, ...]:
    return difference(before, after, direction_of, default_of=default_of)


def rows(before: Policy, after: Policy) -> list[tuple[str, str, str]]:
    """Every row as kind, name and direction."""
    return [(one.kind, one.name, one.change.value) for one in compared(before, after)]


def only(before: Policy, after: Policy) -> tuple[str, str, str, str, str]:
    """The one row there is."""
    (row,) = compared(before, after)
    return row.kind, row.name, row.before, row.after, row.change.value
