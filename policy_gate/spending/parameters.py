"""Reads the parameters of a training run from options, as the privacy section of a manifest would state them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.document import bind_problems, load
from policy_gate.document.pointer import readable, split
from policy_gate.document.rules import Refusal, plain_number
from policy_gate.document.rules import shown as quoted
from policy_gate.errors import Problem, UsageError

if TYPE_CHECKING:
    from policy_gate.areas.privacy.claims import PrivacyClaims
    from policy_gate.document import Value

PHASE = "/privacy/phases/0"
POINTERS: Mapping[str, str] = {
    "mechanism": f"{PHASE}/mechanism",
    "noise_multiplier": f"{PHASE}/noise_multiplier",
    "steps": f"{PHASE}/steps",
    "epochs": f"{PHASE}/epochs",
    "microbatch": f"{PHASE}/microbatch",
    "rho": f"{PHASE}/rho",
    "keep_probability": f"{PHASE}/keep_probability",
    "categories": f"{PHASE}/categories",
    "reports": f"{PHASE}/steps",
    "trees": f"{PHASE}/trees",
    "hashes": f"{PHASE}/hashes",
    "flip_probability": f"{PHASE}/flip_probability",
    "scheme": f"{PHASE}/sampling/scheme",
    "rate": f"{PHASE}/sampling/rate",
    "batch_size": f"{PHASE}/sampling/batch_size",
    "dataset_size": f"{PHASE}/sampling/dataset_size",
    "max_batch_size": f"{PHASE}/sampling/max_batch_size",
    "epsilon": "/privacy/claim/epsilon",
    "delta": "/privacy/claim/delta",
    "adjacency": "/privacy/adjacency",
    "records_per_unit": "/privacy/unit/max_records_per_unit",
    "population": "/privacy/population/size",
    "trials": "/privacy/tuning/trials",
    "mean_trials": "/privacy/tuning/mean_trials",
}
"""Where each option stands in a manifest; the option is the name with hyphens."""
WORDS = frozenset({"mechanism", "scheme", "adjacency"})
WHOLE = frozenset(
    {
        "steps",
        "microbatch",
        "categories",
        "reports",
        "trees",
        "hashes",
        "batch_size",
        "dataset_size",
        "max_batch_size",
        "records_per_unit",
        "population",
        "trials",
    }
)
SAMPLED = frozenset({"dp-sgd", "gaussian"})
CLIPPED = frozenset({"dp-sgd", "gaussian", "laplace", "tree-aggregation"})
SAMPLING = ("scheme", "rate", "batch_size", "dataset_size", "max_batch_size")
REPORTED = frozenset({"krr", "rappor"})
"""Mechanisms whose steps are the reports of one unit."""
UNCLAIMED_EPSILON = 1.0
"""Stands where no claim is made, since a manifest states both numbers or none; nothing is judged by it."""

_FIELD = re.compile(r"'?\b([a-z]+(?:_[a-z]+)*)\b'?")
_LENGTHS = re.compile(r"\b(steps|epochs|rate|trials)\b")
_BETWEEN, _TOGETHER = "state either", "are needed"
"""In sentences with these, the fields of one word are meant too, not the words."""
_MISSING = re.compile(r".* has no '([a-z_]+)', which is required")
_UNKNOWN = re.compile(r"unknown field '([a-z_]+)'")


def option_of(name: str) -> str:
    """How a parameter is spelled on the command line."""
    return f"--{name.replace('_', '-')}"


def claims_of_parameters(given: Mapping[str, str]) -> PrivacyClaims:
    """Bind parameters, each as it was typed, "" where it was not; raises UsageError that names options."""
    from policy_gate.areas.privacy.claims import PrivacyClaims

    tree = _tree(given)
    document = load(json.dumps(tree, allow_nan=False).encode(), "parameters.json")
    claims, problems = bind_problems(document, PrivacyClaims, "/privacy")
    if claims is None or problems:
        raise UsageError(_named(one, given) for one in problems)
    return claims


def _tree(given: Mapping[str, str]) -> dict[str, Value]:
    """The privacy section that says what the options say."""
    mechanism = given["mechanism"]
    if not given["delta"]:
        hint = "Give the probability that epsilon does not hold; it should be below 1 / the number of people."
        raise UsageError(Problem("--delta is needed", hint=hint))
    tree: dict[str, Value] = {"privacy": {"claim_type": "local-dp" if mechanism in REPORTED else "central-dp"}}
    for name, text in _stated(given, mechanism):
        _put(tree, POINTERS[name], text if name in WORDS else _number(name, text))
    _put(tree, f"{PHASE}/id", "parameters")
    if mechanism in CLIPPED:
        _put(tree, f"{PHASE}/clip_norm", 1.0)  # the noise is relative to it, so that any norm gives the same figure
    _put(tree, "/privacy/unit/kind", "user" if given["records_per_unit"] else "example")
    if given["population"]:
        _put(tree, "/privacy/population/id", "people")
    private = bool(given["trials"] or given["mean_trials"])
    _put(tree, "/privacy/tuning/data", "private" if private else "public")
    if private:
        _put(tree, "/privacy/tuning/selection", "geometric" if given["mean_trials"] else "fixed")
        _put(tree, "/privacy/tuning/scored_on", "public")
    return tree


def _stated(given: Mapping[str, str], mechanism: str) -> Iterator[tuple[str, str]]:
    """Every option that was given, and those that have a value of their own where they were not."""
    if given["reports"] and (mechanism not in REPORTED or given["steps"]):
        raise UsageError("--reports counts reports of krr and rappor; every other mechanism has --steps")
    usual = {"adjacency": "add-or-remove-one", "epsilon": repr(UNCLAIMED_EPSILON)}
    if mechanism == "dp-sgd":
        usual |= {"microbatch": "1"}
    sampled = any(given[name] for name in SAMPLING)
    if mechanism == "dp-sgd" or (mechanism == "gaussian" and sampled):
        usual |= {"scheme": "poisson"}
    for name in POINTERS:
        text = given.get(name, "") or usual.get(name, "")
        if text:
            yield name, text


def _number(name: str, text: str) -> int | float:
    """A finite number as it was typed; `1e5` is whole where a whole number is wanted."""
    number = plain_number(text) if text.isascii() else text
    if isinstance(number, Refusal):
        raise UsageError(Problem(f"{option_of(name)}: {number.message}"))
    if isinstance(number, str):
        raise UsageError(f"{option_of(name)} is {quoted(text)}; it should be a number")
    if name in WHOLE and isinstance(number, float) and number.is_integer() and abs(number) < 2**63:
        return int(number)
    return number


def _put(tree: dict[str, Value], pointer: str, value: Value) -> None:
    """Set one value, making what leads to it; the one list is that of phases, with one entry."""
    *above, last = split(pointer)
    inside = tree
    for part in above:
        if part == "0":
            continue
        fresh: Value = [{}] if part == "phases" else {}
        found = inside.setdefault(part, fresh)
        inside = found[0] if isinstance(found, list) else found  # type: ignore[assignment]  # made right above
    inside[last] = value


def _named(problem: Problem, given: Mapping[str, str]) -> Problem:
    """A problem of the section in words of the options."""
    mechanism = given["mechanism"]
    missing, unknown = _MISSING.fullmatch(problem.message), _UNKNOWN.fullmatch(problem.message)
    if missing:
        return Problem(f"{_option(missing[1], mechanism)} is needed for {mechanism}")
    if unknown:
        named = next((name for name in SAMPLING if given[name]), "scheme") if unknown[1] == "sampling" else unknown[1]
        return Problem(f"{_option(named, mechanism)} is no parameter of {mechanism}")
    message = problem.message
    if _BETWEEN in message or _TOGETHER in message:
        message = _LENGTHS.sub(lambda found: option_of(found[0]), message)
    for name, pointer in sorted(POINTERS.items(), key=lambda one: -len(one[1])):
        if name in given and (given[name] or name not in ("steps", "reports")):
            message = message.replace(readable(pointer), option_of(name))
    for inner in (f"{PHASE}/sampling", PHASE, "/privacy/tuning", "/privacy/unit", "/privacy"):
        message = message.replace(f"{readable(inner)}.{mechanism}", "").replace(f"{readable(inner)}: ", "")
    return Problem(_FIELD.sub(lambda found: _field(found[0], found[1]), message))


def _option(field: str, mechanism: str) -> str:
    return option_of("reports" if field == "steps" and mechanism in REPORTED else field)


def _field(text: str, name: str) -> str:
    """A field's name inside a sentence as its option; a plain word stays."""
    return option_of(name) if "_" in name and name in POINTERS else text
