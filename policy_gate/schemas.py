"""JSON Schemas of every format, drawn from the models that decode them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy_gate.catalogue import AREAS, area, sections

DRAFT = "http://json-schema.org/draft-07/schema#"
"""yaml-language-server reads JSON Schema up to draft-07."""


def schema(kind: str) -> dict[str, object]:
    """The schema of one of `KINDS`."""
    return KINDS[kind]()


def _manifest() -> dict[str, object]:
    from policy_gate.manifest.claims import CoreClaims

    merged = _draft_07(CoreClaims.model_json_schema(by_alias=True), "release manifest of policy-gate")
    properties, definitions = _members(merged, "properties"), _members(merged, "definitions")
    for key, section_type in sorted(sections().items()):
        section = _draft_07(section_type().model_json_schema(by_alias=True), key)
        for name, definition in _members(section, "definitions").items():
            if definitions.setdefault(name, definition) != definition:
                raise ValueError(f"two claims models are both named {name}")
        properties[key] = {
            name: one for name, one in section.items() if name not in ("$schema", "definitions", "title")
        }
    merged["properties"], merged["definitions"] = properties, definitions
    merged["additionalProperties"] = False
    return merged


def _policy() -> dict[str, object]:
    from policy_gate.policy.pack import PackDocument

    drawn = _draft_07(PackDocument.model_json_schema(by_alias=True), "policy pack of policy-gate")
    checks = sorted(name for owner in AREAS for name in area(owner).checks)
    rule = _members(_members(drawn, "definitions"), "Rule")
    _one_of(rule, "check", "assert")
    _members(rule, "properties")["check"] = {
        "anyOf": [
            {"enum": checks},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {name: _limits(name) for name in checks},
            },
        ]
    }
    return drawn


def _limits(check_name: str) -> dict[str, object]:
    from dataclasses import MISSING, fields

    kind = area(check_name.partition(".")[0]).checks[check_name].limits
    declared = fields(kind) if kind is not None else ()
    parameter = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$"}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [one.name for one in declared if one.default is MISSING],
        "properties": {
            one.name: {"anyOf": [dict(one.metadata["kind"].schema), parameter], "description": one.metadata["words"]}
            for one in declared
        },
    }


def _config() -> dict[str, object]:
    from policy_gate.policy.config import ConfigDocument

    return _draft_07(ConfigDocument.model_json_schema(by_alias=True), "configuration of policy-gate")


def _trust() -> dict[str, object]:
    from policy_gate.areas.signature.trust import TrustFile

    return _draft_07(TrustFile.model_json_schema(by_alias=True), "trust file of policy-gate")


def _waivers() -> dict[str, object]:
    from policy_gate.policy.waiver_file import WaiverList
    from policy_gate.policy.waivers import UNWAIVABLE_PREFIXES

    drawn = _draft_07(WaiverList.model_json_schema(by_alias=True), "waivers of policy-gate")
    properties = _members(_members(_members(drawn, "definitions"), "WaiverEntry"), "properties")
    prefixes = "|".join(UNWAIVABLE_PREFIXES)
    for name, refused in (("rule", rf"\*|^({prefixes})"), ("release", r"\*"), ("subject", r"\*")):
        _members(properties, name)["not"] = {"pattern": refused}
    return drawn


def _baseline() -> dict[str, object]:
    from policy_gate.policy.baseline import Baseline

    return _draft_07(Baseline.model_json_schema(by_alias=True), "baseline of policy-gate")


def _lock() -> dict[str, object]:
    from policy_gate.policy.lock import LockDocument

    return _draft_07(LockDocument.model_json_schema(by_alias=True), "lock of policy-gate")


def _profile() -> dict[str, object]:
    from policy_gate.areas.cost.device_schema import ProfileFile

    return _draft_07(ProfileFile.model_json_schema(by_alias=True), "device profile of policy-gate")


def _policy_test() -> dict[str, object]:
    from policy_gate.workbench.testing_file import PolicyTest

    drawn = _draft_07(PolicyTest.model_json_schema(by_alias=True), "test of a policy of policy-gate")
    definitions = _members(drawn, "definitions")
    _one_of(drawn, "policy", "config")
    _one_of(_members(definitions, "FactPatch"), "set", "add", "remove")
    _one_of(_members(definitions, "Cannot"), "outcome", "branch")
    expected = _members(_members(_members(definitions, "Case"), "properties"), "expect")
    expected["propertyNames"] = {"pattern": r"^([A-Z][A-Z0-9]{1,11}-[0-9]{3}|all)$"}
    return drawn


def _one_of(drawn: dict[str, object], *keys: str) -> None:
    """Say that exactly one of these keys is written."""
    drawn["oneOf"] = [{"required": [key]} for key in keys]


def _draft_07(drawn: Mapping[str, object], title: str) -> dict[str, object]:
    moved = _moved(drawn)
    if not isinstance(moved, dict):
        raise TypeError("a schema is an object")
    return {**moved, "$schema": DRAFT, "title": title}


def _moved(part: object) -> object:
    """Rename `$defs`, which draft-07 calls `definitions`, and every reference to it."""
    if isinstance(part, dict):
        return {("definitions" if key == "$defs" else key): _moved(one) for key, one in part.items()}
    if isinstance(part, list):
        return [_moved(one) for one in part]
    if isinstance(part, str) and part.startswith("#/$defs/"):
        return part.replace("#/$defs/", "#/definitions/", 1)
    return part


KINDS: Mapping[str, Callable[[], dict[str, object]]] = {
    "manifest": _manifest,
    "policy": _policy,
    "config": _config,
    "trust": _trust,
    "waivers": _waivers,
    "baseline": _baseline,
    "lock": _lock,
    "policy-test": _policy_test,
    "profile": _profile,
}
"""Every kind of file that people or commands write, and who draws its schema."""


def _members(tree: dict[str, object], key: str) -> dict[str, object]:
    members = tree.setdefault(key, {})
    if not isinstance(members, dict):
        raise TypeError(f"{key} of a schema is an object")
    return members
