"""Random policies, facts and tightening steps, for properties that hold of all of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from policy_gate.area import FactBook
from policy_gate.areas.cost.facts import TargetMacs
from policy_gate.areas.lineage.facts import NodeLicense
from policy_gate.areas.privacy.facts import TelemetryStream
from policy_gate.document import load, load_json
from policy_gate.engine import Base, BaseState, Setting, evaluate
from policy_gate.errors import PolicyError, Reason
from policy_gate.gate.exempting import Exceptions
from policy_gate.gate.judge import Judges
from policy_gate.model import Fact, Missing, Place, Record, ReleaseIdentity, Stage, Subject
from policy_gate.policy.baseline import load_baseline, make_baseline
from policy_gate.policy.config import ConfigDocument
from policy_gate.policy.direction import Change, compare
from policy_gate.policy.loading import Setup, load_policy
from policy_gate.policy.waiver_file import load_waivers

TODAY = "2026-11-23"
Model = dict[str, Any]

STREAMS = (Subject("stream", ("a",)), Subject("stream", ("b",)))
TARGETS = (Subject("target", ("node",)), Subject("target", ("board",)))
NODE = Subject("dataset", ("speech",))
LICENCES = ("MIT", "Apache-2.0", "CC-BY-4.0", "GPL-3.0-only")

PARAMETERS: dict[str, dict[str, Any]] = {
    "rate": {"type": "number", "minimum": 0, "maximum": 1, "stricter": "lower"},
    "days": {"type": "integer", "stricter": "lower"},
    "macs": {"type": "map", "of": "integer", "by": "name", "stricter": "lower"},
    "growth": {"type": "ratio", "stricter": "lower"},
    "allowed": {"type": "set", "of": "license", "stricter": "subset"},
    "denied": {"type": "set", "of": "license", "stricter": "superset"},
    "top": {"type": "integer", "stricter": "lower"},
    "crowd": {"type": "integer", "minimum": 1, "stricter": "higher"},
    "strict": {"type": "flag", "stricter": "true"},
}
VALUES: dict[str, tuple[Any, ...]] = {
    "rate": (0.01, 0.05, 0.1, 0.5),
    "days": (5, 10, 20, 30),
    "macs": tuple({"node": node, **other} for node in (5, 10, 20) for other in ({}, {"*": 10}, {"board": 5})),
    "growth": (0.0, 0.1, 1.0),
    "allowed": (["MIT"], ["MIT", "Apache-2.0"], ["MIT", "Apache-2.0", "CC-BY-4.0"], []),
    "denied": ([], ["GPL-3.0-only"], ["GPL-3.0-only", "CC-BY-4.0"]),
    "top": (1, 3, 5, 9),
    "crowd": (1, 5, 11),
    "strict": (False, True),
}
DECIDES: dict[str, dict[str, Any]] = {
    "TEST-001": {"check": {"privacy.telemetry_rate": {"max_rate": "$rate"}}},
    "TEST-002": {"check": {"privacy.telemetry_retention": {"max_days": "$days"}}},
    "TEST-003": {"check": {"cost.macs_within_budget": {"max_macs": "$macs"}}},
    "TEST-004": {"check": {"cost.macs_growth": {"max_growth": "$growth"}}},
    "TEST-005": {"check": {"lineage.license_allowed": {"allowed": "$allowed", "denied": "$denied"}}},
    "TEST-006": {"assert": "manifest.n <= params.top"},
    "TEST-007": {"assert": "fact.rate <= params.rate", "each": "privacy.telemetry_stream"},
    "TEST-008": {"assert": "size(manifest.list) > 0 && manifest.list.all(x, x <= params.top)"},
    "TEST-009": {"assert": "facts.privacy.telemetry_stream.all(s, s.retention_days <= params.days)"},
    "TEST-010": {
        "check": {"privacy.telemetry_crowds": {"max_quasi_identifiers": 0, "min_crowd": "$crowd"}},
    },
    "TEST-011": {"assert": "!params.strict || manifest.kind == 'a'"},
    "TEST-012": {"assert": "base.fact.total >= fact.total", "each": "cost.target_macs"},
}
DIRECTIONS: dict[str, Any] = {name: parameter["stricter"] for name, parameter in PARAMETERS.items()}
CONDITIONS = (
    "manifest.kind == 'a'",
    "has(manifest.opt)",
    "manifest.n > 3",
    "facts.cost.target_macs.exists(f, f.total > 7)",
    "base.manifest.kind == 'a'",
    "params.top < 4",
)
SELECTORS = CONDITIONS[:3]
MODES = ("audit", "warn", "enforce")
DAYS = ("2026-11-20", "2026-11-23", "2026-12-20", "2027-03-01", "no day")
STREAM, TARGET = ("stream a", "stream b"), ("target node", "target board")
WAIVABLE: dict[str, tuple[tuple[str, ...], tuple[Any, ...], tuple[str, ...]]] = {
    "TEST-001": (STREAM, (0.1, 0.2, 1), ("",)),
    "TEST-002": (STREAM, (12, 25, 8), ("",)),
    "TEST-003": (TARGET, (12, 30, 8), ("",)),
    "TEST-004": (TARGET, (12, 30, 8), ("",)),
    "TEST-005": (("dataset speech",), (None,), LICENCES),
    "TEST-006": (("release",), (None,), ("",)),
    "TEST-007": (STREAM, (None,), ("",)),
    "TEST-008": (("release",), (None,), ("",)),
    "TEST-009": (("release",), (None,), ("",)),
    "TEST-010": (STREAM, (0, 3), ("",)),
    "TEST-011": (("release",), (None,), ("",)),
    "TEST-012": (TARGET, (None,), ("",)),
}
"""For each rule: subjects that a waiver may name, numbers that it may accept, and texts that may be found."""


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def rules(draw: Any) -> Model:
    mode = draw(st.one_of(one_of(*MODES), st.tuples(one_of(*MODES[:2]), one_of(*DAYS[:4]))))
    return {"mode": mode, "when": draw(st.one_of(st.none(), one_of(*CONDITIONS)))}


def some_values(most: int = 2) -> st.SearchStrategy[Model]:
    names = st.lists(one_of(*VALUES), max_size=most, unique=True)
    return names.flatmap(lambda found: st.fixed_dictionaries({name: one_of(*VALUES[name]) for name in found}))


@st.composite
def presets(draw: Any) -> Model:
    found = draw(st.dictionaries(one_of(*DECIDES), one_of(*MODES), max_size=2))
    return {"parameters": draw(some_values()), "modes": found}


@st.composite
def waivers(draw: Any, of: tuple[str, ...]) -> Model:
    """A waiver for one of these rules; most run today, and name a subject that there may be."""
    rule = draw(one_of(*of))
    subjects, accepts, texts = WAIVABLE[rule]
    return {
        "rule": rule,
        "release": "kws",
        "subject": draw(one_of(*subjects)),
        "accept": draw(one_of(*accepts)),
        "found": draw(one_of(*texts)),
        "expires": draw(one_of("2026-12-20", *DAYS)),
        "granted": draw(one_of("2026-11-20", "2026-11-20", "", "2026-12-01")),
        "versions": draw(one_of("", "", ">=1.0", ">=2.0")),
        "owner": "jane",
        "approved_by": ["bob"],
        "reason": "for a test",
    }


@st.composite
def models(draw: Any) -> Model:
    """A policy as data; most can be loaded, and all that do judge something."""
    chosen = draw(st.lists(one_of(*DECIDES), min_size=1, max_size=4, unique=True))
    configured = draw(some_values())
    overlays = draw(st.dictionaries(one_of(*chosen), one_of("warn", "audit", "enforce", "remove"), max_size=2))
    loosened = [*(f"parameter {name}" for name in configured), *(f"rule {one}" for one in overlays)]
    return {
        "rules": {rule_id: draw(rules()) for rule_id in chosen},
        "elsewhere": draw(st.lists(one_of(*chosen), max_size=3, unique=True)),
        "parameters": {name: draw(one_of(*values)) for name, values in VALUES.items()},
        "presets": draw(st.dictionaries(one_of("tight", "tighter"), presets(), max_size=2)),
        "preset": draw(one_of(None, None, "tight")),
        "select": draw(st.lists(st.tuples(one_of(*SELECTORS), one_of("tight", "tighter")), max_size=2)),
        "configured": configured,
        "overlays": overlays,
        "loosens": {what: draw(one_of(*DAYS[1:4], DAYS[2])) for what in loosened},
        "exceptions": {
            "waivers_max": draw(one_of(1, 2, 10)),
            "waiver_days_max": draw(one_of(10, 60, 200)),
            "approval": draw(one_of("declared", "declared", "declared", "proven")),
        },
        "floor": False,
        "waivers": draw(st.lists(waivers(tuple(chosen)), max_size=3)),
        "known": [],
    }


@st.composite
def cases(draw: Any) -> tuple[Model, Model]:
    """A policy and a world; often with a baseline that was made of a like world by a like policy."""
    model, world = draw(models()), draw(worlds())
    if draw(st.booleans()):
        return model, world
    earlier = {**model, "parameters": {**model["parameters"], **draw(some_values(3))}, "waivers": [], "select": []}
    before = draw(one_of(world, draw(worlds())))
    record = verdict_or_refusal({**earlier, "configured": {}}, before)
    known = json.loads(make_baseline([record]))["findings"] if record is not None else []
    return {**model, "known": known}, world


# A world that is judged.


@st.composite
def worlds(draw: Any) -> Model:
    """Claims and facts of a release and of its base."""
    return {
        "claims": draw(claims()),
        "facts": draw(fact_lists()),
        "base_state": draw(one_of(BaseState.NO_BASE, BaseState.FOUND, BaseState.FOUND, BaseState.BROKEN)),
        "base_claims": draw(claims()),
        "base_facts": draw(fact_lists()),
    }


def claims() -> st.SearchStrategy[Model]:
    return st.fixed_dictionaries(
        {},
        optional={
            "kind": one_of("a", "b", 3),
            "n": one_of(0, 2, 4, 7, 2.5, "many"),
            "opt": st.just(1),
            "list": st.lists(one_of(0, 2, 4, "x"), max_size=3),
        },
    )


@st.composite
def fact_lists(draw: Any) -> tuple[Fact | Missing, ...]:
    found: list[Fact | Missing] = []
    for subject in STREAMS[: draw(st.integers(1, 2))]:
        stream = TelemetryStream(
            subject=subject,
            pointer="",
            fields=1,
            quasi_identifiers=draw(one_of((), ("model",))),
            crowd=draw(one_of(0, 3, 20)),
            rate=draw(one_of(0.0, 0.05, 0.2, 1.0)),
            retention_days=draw(one_of(1, 10, 25)),
        )
        found.append(draw(one_of(stream, stream, stream, missing(stream))))
    for subject in TARGETS[: draw(st.integers(1, 2))]:
        macs = TargetMacs(subject=subject, pointer="", total=draw(one_of(1, 8, 12, 30)), models=())
        found.append(draw(one_of(macs, macs, macs, missing(macs))))
    spdx = draw(one_of(*LICENCES))
    licence = NodeLicense(subject=NODE, pointer="", claimed=spdx, spdx=spdx)
    found.append(draw(one_of(licence, licence, licence, missing(licence))))
    return tuple(found)


def missing(fact: Fact) -> Missing:
    return Missing(fact=fact.name, subject=fact.subject, pointer="", reason=Reason.UNREADABLE, detail="torn")


# From data to a verdict.


def written_rule(rule_id: str, rule: Model) -> Model:
    mode = rule["mode"]
    if isinstance(mode, str):
        how: Model = {"mode": mode}
    else:
        how = {"rollout": {"mode": mode[0], "effective_on": mode[1], "mode_after": "enforce"}}
    when = {"when": rule["when"]} if rule["when"] else {}
    words = {"title": "A rule", "severity": "high", "rationale": "because", "remediation": "mend it"}
    return {"id": rule_id, **words, **DECIDES[rule_id], **how, **when}


def pack_text(name: str, spec: Model) -> bytes:
    head = {"apiVersion": "policy-gate/v1alpha1", "kind": "PolicyPack"}
    metadata = {"name": name, "version": "1", "words": "a pack of tests"}
    return json.dumps({**head, "metadata": metadata, "spec": spec}).encode()


def written(model: Model, shuffled: Callable[[list[Any]], list[Any]] = list) -> tuple[dict[str, bytes], Model]:
    """The packs and the configuration of a model; `shuffled` puts everything without an order into another one."""

    def mapping(items: Model) -> Model:
        return dict(shuffled(list(items.items())))

    used = used_parameters(model)
    parameters = {
        name: {**PARAMETERS[name], "default": model["parameters"][name], "words": "of a test"} for name in used
    }
    presets = {
        name: {
            "words": "of a test",
            "parameters": {
                key: one
                for key, one in preset["parameters"].items()
                if key in used and compare(DIRECTIONS[key], model["parameters"][key], one).tightens
            },
            "modes": {key: "enforce" for key in preset["modes"] if key in model["rules"]},
        }
        for name, preset in model["presets"].items()
    }
    core = {
        "parameters": mapping(parameters),
        "presets": mapping(presets),
        "exceptions": mapping(model["exceptions"]),
        "rules": shuffled([mapping(written_rule(rule_id, rule)) for rule_id, rule in model["rules"].items()]),
    }
    elsewhere = [one for one in model["elsewhere"] if one in model["rules"]]
    packs = {"core.yaml": pack_text("core", mapping(core))}
    if elsewhere:
        again = {"pack": "core.yaml", "rules": shuffled(elsewhere), "modes": dict.fromkeys(elsewhere, "warn")}
        packs["again.yaml"] = pack_text("again", {"include": [mapping(again)]})
    return packs, mapping(configuration(model, shuffled(list(packs)), used))


def configuration(model: Model, names: list[str], used: set[str]) -> Model:
    configured = {name: one for name, one in model["configured"].items() if name in used}
    overlays = {key: one for key, one in model["overlays"].items() if key in model["rules"]}
    what = [*(f"parameter {name}" for name in configured), *(f"rule {one}" for one in overlays)]
    entries = [
        {"what": one, "owner": "jane", "approved_by": ["bob"], "reason": "for a test", "expires": day}
        for one, day in model["loosens"].items()
        if one in what
    ]
    return {
        "policy": names,
        **({"preset": model["preset"]} if model["preset"] in model["presets"] else {}),
        "select": [{"when": when, "preset": name} for when, name in model["select"] if name in model["presets"]],
        "parameters": configured,
        "rules": {key: {"remove": True} if one == "remove" else {"mode": one} for key, one in overlays.items()},
        "loosens": entries,
    }


def used_parameters(model: Model) -> set[str]:
    texts = [json.dumps({**DECIDES[rule_id], "when": rule["when"]}) for rule_id, rule in model["rules"].items()]
    return {name for name in PARAMETERS for text in texts if f"${name}" in text or f"params.{name}" in text}


def judged(model: Model, world: Model, shuffled: Callable[[list[Any]], list[Any]] = list) -> Record:
    """The record of a world under a model; raises PolicyError where the policy cannot be loaded."""
    packs, spec = written(model, shuffled)
    text = json.dumps({"apiVersion": "policy-gate/v1alpha1", "kind": "PolicyConfig", "spec": spec})
    document = load(text.encode(), "policy-gate.yaml")
    bound = ConfigDocument.model_validate(document.root)
    setup = Setup(
        names=bound.spec.policy,
        source="head",
        today=TODAY,
        stage=Stage.CANDIDATE,
        spec=bound.spec,
        config=document,
        floors=("core.yaml",) if model["floor"] else (),
    )
    base = base_of(world)
    judge = Judges(load_policy(packs.__getitem__, setup), Stage.CANDIDATE, TODAY).of(world["claims"], base)
    release = ReleaseIdentity(
        name="kws", version="1.2", sequence=4, manifest_digest="", path="release.yaml", source="head"
    )
    setting = Setting(
        claims=world["claims"],
        locate=lambda pointer: Place(source="head", path="release.yaml", pointer=pointer),
        release=release,
        stage=Stage.CANDIDATE,
        today=TODAY,
        tool_version="0",
        policy_names=("core",),
        policy_source="head",
        bootstrap=False,
        inputs=(),
        parameters=judge.parameters,
    )
    exempt = exceptions(model, shuffled).for_release(release, judge.policy)
    rules = tuple(shuffled(list(judge.rules)))
    own = tuple(shuffled(list(judge.own_rules)))
    return evaluate(rules, FactBook(world["facts"]), base, setting, own_rules=own, exempt=exempt)


def base_of(world: Model) -> Base:
    state = world["base_state"]
    if state is not BaseState.FOUND:
        return Base(state=state, detail="torn" if state is BaseState.BROKEN else "")
    return Base(state=state, claims=world["base_claims"], facts=FactBook(world["base_facts"]))


def exceptions(model: Model, shuffled: Callable[[list[Any]], list[Any]] = list) -> Exceptions:
    entries = [
        {"id": f"W-{place}", **{key: one for key, one in entry.items() if one not in (None, "")}}
        for place, entry in enumerate(model["waivers"])
    ]
    listed = json.dumps({"apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": shuffled(entries)})
    known = json.dumps(
        {
            "apiVersion": "policy-gate/v1alpha1",
            "kind": "Baseline",
            "made": "2026-01-01",
            "tool_version": "0",
            "findings": shuffled(list(model["known"])),
        }
    )
    return Exceptions(
        waivers=load_waivers(load(listed.encode(), "waivers.json")) if entries else (),
        baseline=load_baseline(load_json(known.encode(), "known.json")) if model["known"] else None,
        proofs={},
        source="head",
        today=TODAY,
        baseline_path="known.json",
        inputs=(),
    )


# Steps that tighten.


@cache
def _stricter_values(name: str, written_value: str) -> tuple[str, ...]:
    before = json.loads(written_value)
    found = []
    for after in VALUES[name]:
        # A budget where there was none is a first value: what it is about was unknown, and blocked.
        grows = isinstance(after, dict) and not set(after) <= set(before)
        if compare(DIRECTIONS[name], before, after) is Change.STRICTER and not grows:
            found.append(json.dumps(after))
    return tuple(found)


def stricter_values(name: str, before: Any) -> list[Any]:
    return [json.loads(one) for one in _stricter_values(name, json.dumps(before))]


def steps_of(model: Model) -> list[tuple[str, Model]]:
    """Every way to tighten a model by one step, with its name."""
    return [
        *_parameter_steps(model),
        *_rule_steps(model),
        *_configuration_steps(model),
        *_exception_steps(model),
        ("a floor is marked", {**model, "floor": True}),
    ]


def _changed(model: Model, *path: Any, to: Any = ..., drop: bool = False) -> Model:
    made = copy.deepcopy(model)
    place = made
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return made


def _parameter_steps(model: Model) -> list[tuple[str, Model]]:
    return [
        *(
            (f"{name} is stricter in the pack", _changed(model, "parameters", name, to=value))
            for name, before in model["parameters"].items()
            for value in stricter_values(name, before)
        ),
        *(
            (f"{name} is stricter in the configuration", _changed(model, "configured", name, to=value))
            for name, before in model["configured"].items()
            for value in stricter_values(name, before)
        ),
        *(
            (f"{name} is stricter in preset {preset}", _changed(model, "presets", preset, "parameters", name, to=value))
            for preset, one in model["presets"].items()
            for name, before in one["parameters"].items()
            for value in stricter_values(name, before)
        ),
    ]


def _rule_steps(model: Model) -> list[tuple[str, Model]]:
    found: list[tuple[str, Model]] = []
    for rule_id, rule in model["rules"].items():
        if rule["when"]:
            found.append((f"{rule_id} loses its condition", _changed(model, "rules", rule_id, "when", to=None)))
        if rule["mode"] != "enforce":
            found.append((f"{rule_id} is enforced", _changed(model, "rules", rule_id, "mode", to="enforce")))
        if rule["mode"] == "audit":
            found.append((f"{rule_id} warns", _changed(model, "rules", rule_id, "mode", to="warn")))
    for rule_id in DECIDES:
        if rule_id not in model["rules"]:
            for mode in MODES:
                added = {**model["rules"], rule_id: {"mode": mode, "when": None}}
                found.append((f"{rule_id} is added as {mode}", {**model, "rules": added}))
    return found


def _configuration_steps(model: Model) -> list[tuple[str, Model]]:
    return [
        *(("a preset is chosen", {**model, "preset": name}) for name in model["presets"] if model["preset"] is None),
        *(
            ("a selector is added", {**model, "select": [*model["select"], (when, name)]})
            for name in model["presets"]
            for when in SELECTORS
        ),
        *(("a loosening is removed", _changed(model, "loosens", place, drop=True)) for place in model["loosens"]),
        *(("a loosening ends", _changed(model, "loosens", place, to="2026-11-20")) for place in model["loosens"]),
        *(
            ("an overlay is taken back", _changed(model, "overlays", rule_id, drop=True))
            for rule_id, one in model["overlays"].items()
            if one in ("remove", "audit")
        ),
        *(
            ("a rule is enforced by configuration", _changed(model, "overlays", rule_id, to="enforce"))
            for rule_id in model["rules"]
        ),
    ]


def _exception_steps(model: Model) -> list[tuple[str, Model]]:
    limits = model["exceptions"]
    found = [
        *(
            (f"{name} is lower", _changed(model, "exceptions", name, to=lower))
            for name in ("waivers_max", "waiver_days_max")
            for lower in (0, 1, 5, 50)
            if lower < limits[name]
        ),
        ("approval is to be proven", _changed(model, "exceptions", "approval", to="proven")),
        *(
            ("a known finding is removed", {**model, "known": [*model["known"][:place], *model["known"][place + 1 :]]})
            for place in range(len(model["known"]))
        ),
    ]
    for place in range(len(model["waivers"])):
        fewer = [*model["waivers"][:place], *model["waivers"][place + 1 :]]
        found.append(("a waiver is removed", {**model, "waivers": fewer}))
        found.append(("a waiver ends", _changed(model, "waivers", place, "expires", to="2026-11-22")))
        found.append(("a waiver is for later versions", _changed(model, "waivers", place, "versions", to=">=9")))
        digest = f"sha256:{'0' * 64}"
        found.append(("a waiver is for other bytes", _changed(model, "waivers", place, "artifact", to=digest)))
    return found


def verdict_or_refusal(model: Model, world: Model) -> Record | None:
    """The record, or None where the policy cannot be loaded, which blocks with exit code 2."""
    try:
        return judged(model, world)
    except PolicyError:
        return None


__all__ = ["VALUES", "Model", "cases", "judged", "models", "steps_of", "verdict_or_refusal", "worlds"]
