"""Any record a run could make: every fact type with any content its fields may hold."""

from __future__ import annotations

import enum
from dataclasses import fields, is_dataclass
from typing import get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from policy_gate.catalogue import fact_types
from policy_gate.errors import Reason
from policy_gate.model import (
    BaseState,
    Fix,
    Flip,
    Input,
    Judgement,
    Missing,
    Mode,
    Outcome,
    Place,
    Preview,
    Record,
    ReleaseIdentity,
    Severity,
    Stage,
    Subject,
    Verdict,
)
from policy_gate.record import SCHEMA

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**63), 2**63)
SCALAR = st.one_of(st.none(), st.booleans(), WHOLE, NUMBER, TEXT)
PLAIN = {str: TEXT, int: WHOLE, float: NUMBER, bool: st.booleans()}
CLAIMS = st.dictionaries(
    TEXT,
    st.recursive(
        SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
    ),
    max_size=3,
)


def values(annotation) -> st.SearchStrategy:
    """Everything a field of this type may hold."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and is_dataclass(annotation):
        return instances(annotation)
    if get_origin(annotation) is tuple:
        (item, rest) = get_args(annotation)
        assert rest is Ellipsis
        return st.lists(values(item), max_size=2).map(tuple)
    raise AssertionError(f"a fact may not hold {annotation}")


def instances(kind) -> st.SearchStrategy:
    """Everything a frozen dataclass of the gate may be."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{one.name: values(hints[one.name]) for one in fields(kind)})


def facts() -> st.SearchStrategy:
    return st.sampled_from(sorted(fact_types())).flatmap(lambda name: instances(fact_types()[name]))


PLACES = instances(Place)
FIXES = st.builds(Fix, text=TEXT, pointer=TEXT, replacement=SCALAR)
JUDGEMENTS = st.builds(
    Judgement,
    rule=TEXT,
    title=TEXT,
    area=TEXT,
    severity=st.sampled_from(Severity),
    mode=st.sampled_from(Mode),
    subject=instances(Subject),
    outcome=st.sampled_from(Outcome),
    reason=st.none() | st.sampled_from(Reason),
    message=TEXT,
    place=PLACES,
    limit_place=st.none() | PLACES,
    measured=SCALAR,
    limit=SCALAR,
    base=SCALAR,
    unit=TEXT,
    causes=st.lists(TEXT, max_size=3).map(tuple),
    fixes=st.lists(FIXES, max_size=2).map(tuple),
)
MISSING = st.builds(
    Missing,
    fact=TEXT,
    subject=instances(Subject),
    pointer=TEXT,
    reason=st.sampled_from(Reason),
    detail=TEXT,
    fixes=st.lists(FIXES, max_size=2).map(tuple),
)
OUTCOMES = st.sampled_from(Outcome) | st.just("")
FLIPS = st.builds(
    Flip,
    rule=TEXT,
    subject=instances(Subject),
    pointer=TEXT,
    before=OUTCOMES,
    after=OUTCOMES,
    message=TEXT,
    blocks=st.booleans(),
)
RECORDS = st.builds(
    Record,
    schema=st.just(SCHEMA),
    tool_version=TEXT,
    release=instances(ReleaseIdentity),
    base=st.none() | instances(ReleaseIdentity),
    base_state=st.sampled_from(BaseState),
    base_note=TEXT,
    base_claims=CLAIMS,
    base_facts=st.lists(facts(), max_size=2).map(tuple),
    base_missing=st.lists(MISSING, max_size=2).map(tuple),
    preview=st.none()
    | st.builds(
        Preview,
        source=TEXT,
        verdict=st.none() | st.sampled_from(Verdict),
        flips=st.lists(FLIPS, max_size=2).map(tuple),
        detail=TEXT,
    ),
    stage=st.sampled_from(Stage),
    today=TEXT,
    policy=st.lists(TEXT, max_size=2).map(tuple),
    policy_source=TEXT,
    bootstrap=st.booleans(),
    claims=CLAIMS,
    facts=st.lists(facts(), max_size=2).map(tuple),
    missing=st.lists(MISSING, max_size=2).map(tuple),
    judgements=st.lists(JUDGEMENTS, max_size=2).map(tuple),
    verdict=st.sampled_from(Verdict),
    inputs=st.lists(instances(Input), max_size=2).map(tuple),
    limits=st.lists(TEXT, max_size=2).map(tuple),
)


def record_of(*held, **changes) -> Record:
    """A small record that holds these facts."""
    parts = {
        "schema": SCHEMA,
        "tool_version": "0.1.0",
        "release": ReleaseIdentity(
            name="kws", version="1", sequence=1, manifest_digest="sha256:0", path="release.yaml", source="head"
        ),
        "base": None,
        "base_state": BaseState.NO_BASE,
        "base_note": "no baseline",
        "stage": Stage.CANDIDATE,
        "today": "2026-11-23",
        "policy": ("builtin:fingerprint",),
        "policy_source": "head",
        "bootstrap": False,
        "claims": {"kind": "ReleaseManifest"},
        "facts": tuple(held),
        "missing": (),
        "judgements": (),
        "verdict": Verdict.BLOCKED,
    }
    return Record(**{**parts, **changes})
