"""Reads what a tester's statement says of a test run (in-toto test-result v0.1): its result, tests, configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy_gate.areas.signature.steps import RefusedEnvelopeError, Step
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Value

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
RESULTS = ("PASSED", "WARNED", "FAILED")

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One run: `passed` are tests that are in no other list; names and digests are those of its configuration."""

    result: str
    passed: frozenset[str]
    names: frozenset[str]
    digests: frozenset[str]


def read_suite_run(predicate: Mapping[str, Value]) -> SuiteRun:
    """Read a predicate of type TEST_RESULT; RefusedEnvelopeError where a field it needs is of another shape."""
    result = predicate.get("result")
    if not isinstance(result, str) or result not in RESULTS:
        raise RefusedEnvelopeError(Step.STATEMENT, f"result should be one of {', '.join(RESULTS)}")
    configuration = _list(predicate, "configuration")
    described = [one for one in configuration if isinstance(one, dict)]
    return SuiteRun(
        result=result,
        passed=_texts(predicate, "passedTests") - _texts(predicate, "warnedTests") - _texts(predicate, "failedTests"),
        names=frozenset(name for one in described if isinstance(name := one.get("name"), str)),
        digests=frozenset(digest for one in described if (digest := _digest(one))),
    )


def _texts(predicate: Mapping[str, Value], key: str) -> frozenset[str]:
    return frozenset(one for one in _list(predicate, key) if isinstance(one, str))


def _list(predicate: Mapping[str, Value], key: str) -> list[Value]:
    found = predicate.get(key, [])
    if not isinstance(found, list):
        raise RefusedEnvelopeError(Step.STATEMENT, f"{key} should be a list")
    return found


def _digest(descriptor: Mapping[str, Value]) -> str:
    digests = descriptor.get("digest")
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    return f"sha256:{sha256}" if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else ""
