"""Gives a finding the base's value, where another rule compared the same number of the same subject with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from policy_gate.model import Judgement, Record, Scalar, Subject
from policy_gate.report.findings import Finding

Measured = tuple[Subject, str, Scalar]


def with_base_values(found: Iterable[Finding]) -> list[Finding]:
    """The findings, each with a base value where the record knows one: a budget is told apart from growth by rule."""
    known: dict[int, dict[Measured, Scalar]] = {}
    return [_compared(one, known) for one in found]


def _compared(finding: Finding, known: dict[int, dict[Measured, Scalar]]) -> Finding:
    judgement, record = finding.judgement, finding.record
    if record is None or judgement.base is not None or not _is_amount(judgement):
        return finding
    if id(record) not in known:
        known[id(record)] = _base_values(record)
    base = known[id(record)].get(_key(judgement))
    return finding if base is None else replace(finding, judgement=replace(judgement, base=base))


def _base_values(record: Record) -> dict[Measured, Scalar]:
    return {_key(one): one.base for one in record.judgements if one.base is not None and _is_amount(one)}


def _is_amount(judgement: Judgement) -> bool:
    """Whether a number with a unit was measured: equal numbers of other kinds need not be the same thing."""
    return bool(judgement.unit) and isinstance(judgement.measured, (int, float))


def _key(judgement: Judgement) -> Measured:
    return (judgement.subject, judgement.unit, judgement.measured)
