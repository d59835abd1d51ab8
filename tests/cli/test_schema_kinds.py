"""Schemas of policy files: what the documents and the repository show fits, and what the gate refuses is marked."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from policy_gate.areas.cost.device_file import profile_folder, read_profile
from policy_gate.catalogue import bind_rules
from policy_gate.cli.schema import KINDS
from policy_gate.document import load
from policy_gate.errors import GateError
from policy_gate.policy.baseline import load_baseline
from policy_gate.policy.loading import Setup, load_config, load_policy
from policy_gate.policy.lock import decode_lock
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.schemas import KINDS as DRAWN
from policy_gate.schemas import schema
from policy_gate.workbench.testing_file import load_tests

PROJECT = Path(__file__).resolve().parents[2]
BY_KIND = {
    "ReleaseManifest": "manifest",
    "PolicyPack": "policy",
    "PolicyConfig": "config",
    "TrustFile": "trust",
    "WaiverList": "waivers",
    "Baseline": "baseline",
    "PolicyLock": "lock",
    "PolicyTest": "policy-test",
    "DeviceProfile": "profile",
}
DIGEST = f"sha256:{'a' * 64}"
HEAD = {"apiVersion": "policy-gate/v1alpha1"}
WORDS = {"rationale": "because it matters", "remediation": "mend it"}

GOOD: dict[str, dict] = {
    "policy": {
        **HEAD,
        "kind": "PolicyPack",
        "metadata": {"name": "acme", "version": "1", "words": "our rules", "requires": "0.1.0", "owners": ["jane"]},
        "spec": {
            "parameters": {
                "most": {"type": "map", "of": "integer", "by": "target", "stricter": "lower", "words": "the most"},
                "since": {"type": "date", "stricter": "higher", "default": "2026-01-01", "words": "the day"},
            },
            "presets": {
                "calm": {"words": "a preset", "parameters": {"most": {"*": 1}}, "modes": {"ACME-001": "enforce"}}
            },
            "exceptions": {"waivers_max": 1, "waiver_days_max": 30, "approval": "proven", "waivable": ["ACME-001"]},
            "include": [{"pack": "builtin:cost", "rules": ["COST-002"], "when": {"COST-002": "has(manifest.targets)"}}],
            "rules": [
                {
                    "id": "ACME-001",
                    "title": "A rule of ours",
                    "severity": "high",
                    "assert": "params.since <= today && fact.total <= params.most['*']",
                    "each": "cost.target_macs",
                    "message": "it is {fact.total}",
                    "when": "has(manifest.targets)",
                    "rollout": {"mode": "warn", "effective_on": "2027-01-15", "mode_after": "enforce"},
                    **WORDS,
                },
                {
                    "id": "ACME-002",
                    "title": "Another",
                    "severity": "low",
                    "check": "fingerprint.digest_matches",
                    **WORDS,
                },
            ],
        },
    },
    "config": {
        **HEAD,
        "kind": "PolicyConfig",
        "spec": {
            "policy": ["builtin:edge-baseline"],
            "preset": "calm",
            "parameters": {"max_macs_growth": 0.2},
            "rules": {"COST-002": {"mode": "warn"}, "COST-003": {"remove": True}},
            "loosens": [
                {
                    "what": "parameter max_macs_growth",
                    "owner": "jane",
                    "approved_by": ["bob"],
                    "reason": "it is needed",
                    "expires": "2027-01-31",
                }
            ],
            "stages": {"release": {"preset": "calm"}},
            "select": [{"when": "has(manifest.targets)", "preset": "calm"}],
            "records": ["records/*.json"],
            "fail_on": "warned",
            "limits": {"rules_min": 3, "waivers_max": 1, "waiver_days_max": 30, "approval": "proven"},
        },
    },
    "waivers": {
        **HEAD,
        "kind": "WaiverList",
        "waivers": [
            {
                "id": "W-1",
                "rule": "COST-005",
                "release": "kws",
                "subject": "target node",
                "accept": 5,
                "owner": "jane",
                "approved_by": ["bob"],
                "reason": "it is needed",
                "expires": "2027-01-31",
            }
        ],
    },
    "baseline": {
        **HEAD,
        "kind": "Baseline",
        "made": "2026-11-23",
        "tool_version": "0.1.0",
        "findings": [
            {
                "id": "COST-005:target:node:/x",
                "rule": "COST-005",
                "release": "kws",
                "outcome": "fail",
                "reason": None,
                "measured": 3,
                "limit": 2,
                "unit": "MAC",
                "message_digest": DIGEST,
            }
        ],
    },
    "lock": {
        **HEAD,
        "kind": "PolicyLock",
        "packs": [{"source": "packs/acme.yaml", "digest": DIGEST, "floor": True}],
    },
    "policy-test": {
        **HEAD,
        "kind": "PolicyTest",
        "policy": ["../packs/acme.yaml"],
        "defaults": {"record": "good.json", "now": "2026-12-01", "stage": "release"},
        "coverage": {
            "each_rule": ["pass", "fail"],
            "branches": 100,
            "rules": ["ACME-*"],
            "cannot": [{"rule": "ACME-001", "outcome": "unknown", "reason": "always known"}],
        },
        "cases": [
            {
                "name": "a case",
                "facts": [{"fact": "cost.target_macs", "subject": "target node", "set": {"total": 1}}],
                "missing": [{"fact": "cost.macs", "subject": "artifact kws", "reason": "LFS pointer"}],
                "claims": {"/metadata/license": "MIT"},
                "base": "none",
                "expect": {"ACME-001": {"outcome": "fail", "at": "/targets/0"}, "ACME-002": "pass", "all": "pass"},
            }
        ],
    },
}
GOOD["profile"] = load((profile_folder() / "stm32h7a3-cortex-m7-int8@cubeai-9.0.yaml").read_bytes(), "p.yaml").root
WRONG = [
    ("policy", "spec/rules/0/check", "fingerprint.digest_matches"),
    ("policy", "spec/rules/0/assert", ...),
    ("policy", "spec/rules/0/id", "acme-1"),
    ("policy", "spec/rules/0/when", 5),
    ("policy", "spec/rules/0/rollout/effective_on", "soon"),
    ("policy", "spec/rules/0/rollout/mode", "block"),
    ("policy", "spec/rules/0/on_unknown", "pass"),
    ("policy", "spec/rules/1/check", "release.no_such_check"),
    ("policy", "spec/parameters/most/type", "regex"),
    ("policy", "spec/parameters/most/stricter", "more"),
    ("policy", "spec/presets/calm/rules", []),
    ("policy", "spec/exceptions/approval", "typed"),
    ("policy", "spec/exceptions/waivers_max", -1),
    ("policy", "spec/include/0/pack", ...),
    ("policy", "metadata/words", ...),
    ("config", "spec/policy", ...),
    ("config", "spec/policy", []),
    ("config", "spec/polcy", []),
    ("config", "spec/loosens/0/what", "everything"),
    ("config", "spec/loosens/0/approved_by", []),
    ("config", "spec/loosens/0/expires", ...),
    ("config", "spec/select/0/preset", ...),
    ("config", "spec/fail_on", "sometimes"),
    ("config", "spec/stages", {"canary": {"preset": "calm"}}),
    ("config", "spec/limits/rules_min", 0),
    ("config", "spec/rules", {"COST-002": {"mode": "off"}}),
    ("waivers", "waivers/0/rule", "*"),
    ("waivers", "waivers/0/rule", "SIG-001"),
    ("waivers", "waivers/0/rule", "POL-010"),
    ("waivers", "waivers/0/subject", "target *"),
    ("waivers", "waivers/0/release", ""),
    ("waivers", "waivers/0/approved_by", []),
    ("waivers", "waivers/0/expires", ...),
    ("waivers", "waivers/0/accept", "5"),
    ("waivers", "waivers/0/id", "a b"),
    ("waivers", "waivers", ...),
    ("baseline", "findings/0/outcome", "error"),
    ("baseline", "findings/0/message_digest", "sha256:0"),
    ("baseline", "made", ...),
    ("lock", "packs/0/digest", "sha1:0"),
    ("lock", "packs/0/floor", "yes"),
    ("lock", "packs/0/sauce", 1),
    ("policy-test", "config", "policy-gate.yaml"),
    ("policy-test", "policy", ...),
    ("policy-test", "cases", []),
    ("policy-test", "cases/0/expect", {}),
    ("policy-test", "cases/0/expect", {"every": "pass"}),
    ("policy-test", "cases/0/expect", {"ACME-001": "passes"}),
    ("policy-test", "cases/0/facts/0/remove", True),
    ("policy-test", "cases/0/facts/0/set", ...),
    ("policy-test", "cases/0/missing/0/reason", "no reason"),
    ("policy-test", "cases/0/base", "some"),
    ("policy-test", "coverage/branches", 101),
    ("policy-test", "coverage/cannot/0/branch", "size(manifest.targets) > 0"),
    ("policy-test", "cases/0/now", 20261201),
    ("profile", "metadata/id", "no-at-sign"),
    ("profile", "spec/latency/ns_per_conv_mac", -1),
    ("profile", "spec/latency/upper_factor", 0.9),
    ("profile", "spec/latency/ns_per_mac", 1),
    ("profile", "spec/runtime/version", ""),
    ("profile", "spec/screening", ...),
    ("profile", "spec/quantisation", "per_row"),
    ("profile", "spec/fit/ranges", []),
    ("profile", "spec/fit/data_sha256", "sha256:0"),
    ("profile", "spec/operators", ["Conv"]),
    ("profile", "spec/power/mid_mw", "5"),
]


def decode_policy(content: bytes) -> None:
    def read(_: str) -> bytes:
        return content

    policy = load_policy(read, Setup(names=("policy.json",), source="head", complete=False))
    bind_rules((one for one in policy.rules if one.document.path == "policy.json"), policy.values)


READERS = {
    "policy": decode_policy,
    "config": lambda content: load_config(content, "config.json"),
    "waivers": lambda content: load_waivers(load(content, "waivers.json")),
    "baseline": lambda content: load_baseline(load(content, "baseline.json")),
    "lock": lambda content: decode_lock(load(content, "lock.json")),
    "policy-test": lambda content: load_tests(load(content, "test.json")),
    "profile": lambda content: read_profile(content, "profile.json"),
}


def decode(kind: str, written: dict) -> None:
    """Read a document as a run does; raises GateError."""
    READERS[kind](json.dumps(written).encode())


def is_read(kind: str, written: dict) -> bool:
    try:
        decode(kind, written)
    except GateError:
        return False
    return True


def errors(kind: str, written: object) -> list[str]:
    return [error.message for error in Draft7Validator(schema(kind)).iter_errors(written)]


def changed(kind: str, pointer: str, value: object) -> dict:
    made = copy.deepcopy(GOOD[kind])
    *above, last = pointer.split("/")
    inner = made
    for part in above:
        inner = inner[int(part)] if isinstance(inner, list) else inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return made


def test_the_command_offers_every_schema_there_is() -> None:
    assert tuple(DRAWN) == KINDS
    assert set(BY_KIND.values()) == set(KINDS)


@pytest.mark.parametrize("kind", GOOD)
def test_a_file_that_says_everything_is_read_and_fits(kind) -> None:
    decode(kind, GOOD[kind])
    assert errors(kind, GOOD[kind]) == []


@pytest.mark.parametrize(("kind", "pointer", "value"), WRONG)
def test_what_the_gate_refuses_an_editor_marks(kind, pointer, value) -> None:
    wrong = changed(kind, pointer, value)
    assert not is_read(kind, wrong)
    assert errors(kind, wrong)


def shown() -> list:
    """Every whole document in the prose and in the repository, with its place."""
    found = []
    for path in sorted([*PROJECT.glob("docs/*.md"), PROJECT / "README.md"]):
        blocks = re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
        found.extend((f"{path.name}-{number}", block) for number, block in enumerate(blocks))
    for pattern in ("policies/**/*.yaml", "examples/**/*.yaml"):
        paths = sorted(PROJECT.glob(pattern))
        found.extend((str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8")) for path in paths)
    return [pytest.param(text, id=name) for name, text in found if re.search(r"^kind: ", text, re.MULTILINE)]


@pytest.mark.parametrize("text", shown())
def test_every_document_that_is_shown_fits_the_schema_of_its_kind(text) -> None:
    # Prose writes … where a digest would be.
    document = load(text.replace("sha256:…", DIGEST).encode(), "shown.yaml").root
    assert errors(BY_KIND[document["kind"]], document) == []
