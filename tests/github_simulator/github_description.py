"""GitHub's own description of its API: every request and every answer of the simulator is held against it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

PROJECT = Path(__file__).resolve().parents[2]
VARIABLE = "POLICY_GATE_OPENAPI"
INSTALLED = PROJECT / ".bench/openapi/node_modules/@octokit/openapi/generated/api.github.com.json"
ABSENT = (
    f"GitHub's API description is not here (neither {VARIABLE} nor .bench/openapi): the simulator's own rules alone"
)
ROOT = "urn:github"
METHODS = ("get", "post", "patch", "put", "delete")
JSON_TYPE = "application/json"

# What GitHub answers and its description calls impossible: a fork that was deleted, a line that went out of date.
NULL_AFTER_ALL = (
    ("pull-request", "head", "repo"),
    ("pull-request", "head", "user"),
    ("pull-request-simple", "head", "repo"),
    ("pull-request-simple", "head", "user"),
    ("pull-request-review-comment", "line"),
    ("pull-request-review-comment", "position"),
)


def find_description() -> Path | None:
    """The file with the description: the one a variable names, else the one that is installed; None where neither is."""
    named = os.environ.get(VARIABLE)
    place = Path(named) if named else INSTALLED
    if named and not place.is_file():
        raise FileNotFoundError(f"{VARIABLE} names {named}, which is no file")
    return place if place.is_file() else None


class Description:
    """The operations of some path templates, ready to be asked about one request or one answer."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take a slice as `cut_slice` makes it."""
        self.paths = document["paths"]
        self._document = document
        self._registry = Registry().with_resource(ROOT, DRAFT202012.create_resource(document))
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    @classmethod
    def load(cls, place: Path, templates: tuple[str, ...], cached: Path | None = None) -> Description:
        """Read the 13 MB once, and keep the slice of it in a file for the other processes of the same tests."""
        if cached is not None and cached.is_file():
            return cls(json.loads(cached.read_text(encoding="utf-8")))
        sliced = cut_slice(json.loads(place.read_text(encoding="utf-8")), templates)
        if cached is not None:
            partial = cached.with_suffix(f".{os.getpid()}")
            partial.write_text(json.dumps(sliced), encoding="utf-8")
            partial.replace(cached)
        return cls(sliced)

    def request_faults(self, method: str, template: str, query: Mapping[str, str], body: object) -> list[str]:
        """What the description says against a request, [] where nothing."""
        operation = self.paths.get(template, {}).get(method.lower())
        if operation is None:
            return [f"{method} {template} is no operation of GitHub's"]
        return [*self._query_faults(operation, query), *self._body_faults(method, template, operation, body)]

    def answer_faults(self, method: str, template: str, status: int, body: object) -> list[str]:
        """What the description says against an answer; an error it does not list has to look like an error."""
        operation = self.paths.get(template, {}).get(method.lower(), {})
        found = operation.get("responses", {}).get(str(status))
        if found is None and status >= 400:
            return self._faults(f"{ROOT}#/components/schemas/basic-error", body)
        if found is None:
            return [f"{method} {template} never answers {status}"]
        where = f"#/paths/{_pointer(template)}/{method.lower()}/responses/{status}"
        if "$ref" in found:
            where = found["$ref"]
            found = self._document["components"]["responses"][where.rsplit("/", 1)[1]]
        if status >= 400 and JSON_TYPE not in found.get("content", {}):
            return self._faults(f"{ROOT}#/components/schemas/basic-error", body)
        if JSON_TYPE not in found.get("content", {}):
            return [] if body is None else [f"{method} {template} answers {status} without a body"]
        return self._faults(f"{ROOT}{where}/content/{_pointer(JSON_TYPE)}/schema", body)

    def _query_faults(self, operation: Mapping[str, Any], query: Mapping[str, str]) -> Iterator[str]:
        known = {one["name"]: one["schema"] for one in self._parameters(operation) if one["in"] == "query"}
        for name, text in query.items():
            if name not in known:
                yield f"the operation has no query parameter '{name}'"
                continue
            schema = {**known[name], "$schema": "https://json-schema.org/draft/2020-12/schema"}
            for fault in jsonschema.Draft202012Validator(schema).iter_errors(_typed(text, schema)):
                yield f"query {name}: {fault.message}"

    def _parameters(self, operation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        for one in operation.get("parameters", ()):
            name = one.get("$ref", "").rsplit("/", 1)[1] if "$ref" in one else ""
            yield self._document["components"]["parameters"][name] if name else one

    def _body_faults(self, method: str, template: str, operation: Mapping[str, Any], body: object) -> list[str]:
        described = operation.get("requestBody")
        if described is None:
            return [] if body is None else [f"{method} {template} takes no body"]
        if body is None:
            return ["the body is missing"] if described.get("required") else []
        where = f"/paths/{_pointer(template)}/{method.lower()}/requestBody/content/{_pointer(JSON_TYPE)}/schema"
        return self._faults(f"{ROOT}#{where}", body)

    def _faults(self, reference: str, body: object) -> list[str]:
        if reference not in self._validators:
            self._validators[reference] = jsonschema.Draft202012Validator(
                {"$ref": reference}, registry=self._registry, format_checker=_formats()
            )
        errors = self._validators[reference].iter_errors(body)
        return [f"{one.json_path}: {_short(one.message)}" for one in errors]


def cut_slice(document: Mapping[str, Any], templates: tuple[str, ...]) -> dict[str, Any]:
    """The operations of some paths and all they refer to, with OpenAPI 3.0's `nullable` said as JSON Schema says it."""
    paths = {template: document["paths"][template] for template in templates if template in document["paths"]}
    components: dict[str, dict[str, Any]] = {"schemas": {}, "parameters": {}, "responses": {}}
    waiting = [*_references(paths), "#/components/schemas/basic-error"]
    while waiting:
        _, _, kind, name = waiting.pop().split("/", 3)
        if kind not in components or name in components[kind]:
            continue
        components[kind][name] = document["components"][kind][name]
        waiting.extend(_references(components[kind][name]))
    sliced = {"paths": {path: _bare(item) for path, item in paths.items()}, "components": _bare(components)}
    _close_requests(sliced["paths"])
    for schema, *properties in NULL_AFTER_ALL:
        _allow_null(sliced["components"]["schemas"].get(schema, {}), properties)
    return sliced


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner
            elif key not in ("example", "examples"):
                yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def _bare(node: Any, *, names: bool = False) -> Any:  # Any: a JSON document
    """Without words and examples, and with `nullable` made a choice; below `properties` keys are names, not keywords."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _bare(inner) for key, inner in node.items()}
    named = ("properties", "schemas", "parameters", "responses")
    kept = {
        key: _bare(inner, names=key in named)
        for key, inner in node.items()
        if key not in ("description", "example", "examples", "nullable", "default", "x-github", "headers")
    }
    return {"anyOf": [{"type": "null"}, kept]} if node.get("nullable") is True else kept


def _close_requests(paths: Mapping[str, Any]) -> None:
    """A field GitHub does not know is a spelling mistake of ours, though GitHub itself ignores it."""
    for item in paths.values():
        for method in METHODS:
            content = item.get(method, {}).get("requestBody", {}).get("content", {})
            _close(content.get(JSON_TYPE, {}).get("schema", {}))


def _close(schema: dict[str, Any]) -> None:
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)
        for inner in schema["properties"].values():
            _close(inner)
    if "items" in schema:
        _close(schema["items"])


def _allow_null(schema: dict[str, Any], properties: list[str]) -> None:
    for name in properties[:-1]:
        schema = schema.get("properties", {}).get(name, {})
    inner = schema.get("properties", {}).get(properties[-1])
    if inner is not None:
        schema["properties"][properties[-1]] = {"anyOf": [{"type": "null"}, inner]}


@cache
def _formats() -> jsonschema.FormatChecker:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(lambda text: not isinstance(text, str) or _is_time(text))
    checker.checks("uri")(
        lambda text: not isinstance(text, str) or bool(urlsplit(text).scheme and urlsplit(text).netloc)
    )
    return checker


def _is_time(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9-]{10}T[0-9:.]+(Z|[+-][0-9:]+)", text)) and bool(datetime.fromisoformat(text))


def _typed(text: str, schema: Mapping[str, Any]) -> object:
    if schema.get("type") == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _short(words: str) -> str:
    return words if len(words) <= 300 else f"{words[:100]} ... {words[-200:]}"  # what is wrong stands at the end


def _pointer(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
