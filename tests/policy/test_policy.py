from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.catalogue import bind_rules
from policy_gate.document import load
from policy_gate.errors import GateError, PolicyError
from policy_gate.model import Mode, Stage
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.globs import matches
from policy_gate.policy.limits import LimitValueError, bind_limits, map_of, number, ratio, text_set, whole_number
from policy_gate.policy.loading import Setup, load_config, load_policy
from policy_gate.policy.packs import builtin_names

RULE = """\
    - id: {id}
      title: A rule
      severity: high
      check: {check}
      rationale: because
      remediation: mend it
"""


def pack(*rules: str, name="mine", parameters="", include="") -> bytes:
    return (
        f"apiVersion: policy-gate/v1alpha1\nkind: PolicyPack\n"
        f"metadata: {{name: {name}, version: '1', words: words}}\nspec:\n"
        f"{parameters}{include}  rules:\n{''.join(rules) or '    []'}\n"
    ).encode()


def a_rule(rule_id="MINE-001", check="fingerprint.digest_matches") -> str:
    return RULE.format(id=rule_id, check=check)


def read_from(files: dict[str, bytes]):
    def read(name: str) -> bytes:
        if name not in files:
            raise PolicyError(f"no file {name}")
        return files[name]

    return read


def loaded(files, *names, parameters=None, config=None):
    spec = ConfigSpec(parameters=parameters or {})
    return load_policy(read_from(files), Setup(names=names, source="head", spec=spec, config=config))


def refused(files, *names, match, **more):
    with pytest.raises(GateError, match=match):
        bind_rules(loaded(files, *names, **more).rules)


def test_every_shipped_pack_loads_and_binds() -> None:
    assert {"edge-baseline", "edge-release", "fingerprint"} <= set(builtin_names())
    for name in builtin_names():
        policy = loaded({}, f"builtin:{name}")
        assert bind_rules((*policy.rules, *policy.own_rules), policy.values), name


def test_a_rule_id_stands_for_one_rule_in_all_shipped_packs() -> None:
    seen: dict[str, str] = {}
    for name in builtin_names():
        for rule in loaded({}, f"builtin:{name}").rules:
            assert seen.setdefault(rule.rule.id, rule.document.path) == rule.document.path


def test_a_pack_without_rules_is_an_error() -> None:
    refused({"p.yaml": pack()}, "p.yaml", match="selects no rule")


def test_an_unknown_check_is_an_error_with_its_line_and_the_nearest_name() -> None:
    refused(
        {"p.yaml": pack(a_rule(check="fingerprint.digest_match"))},
        "p.yaml",
        match=r"p\.yaml:9:14: there is no check.*\n.*did you mean 'fingerprint.digest_matches'",
    )


def test_an_unknown_key_of_a_rule_is_an_error() -> None:
    broken = a_rule() + "      on_unknown: pass\n"
    refused({"p.yaml": pack(broken)}, "p.yaml", match=r"p\.yaml:12:7.*on_unknown")


def test_an_unknown_pack_is_an_error_that_lists_the_shipped_ones() -> None:
    refused({}, "builtin:edge-bseline", match="edge-baseline")


@pytest.mark.parametrize("name", ["builtin:../edge-baseline", "builtin:/etc/passwd", "builtin:"])
def test_a_builtin_name_cannot_leave_the_package(name) -> None:
    refused({}, name, match="there is no pack")


def test_a_limit_for_a_check_without_limits_is_an_error() -> None:
    refused({"p.yaml": pack(a_rule(check="{fingerprint.digest_matches: {max: 3}}"))}, "p.yaml", match="takes no limits")


def test_two_packs_cannot_use_one_rule_id() -> None:
    files = {"a.yaml": pack(a_rule(), name="a"), "b.yaml": pack(a_rule(check="fingerprint.size_matches"), name="b")}
    refused(files, "a.yaml", "b.yaml", match="already used")


def test_packs_that_include_each_other_are_refused() -> None:
    files = {
        "a.yaml": pack(name="a", include="  include: [{pack: b.yaml}]\n"),
        "b.yaml": pack(name="b", include="  include: [{pack: a.yaml}]\n"),
    }
    refused(files, "a.yaml", match="without end")


def test_an_included_rule_that_is_not_there_is_an_error() -> None:
    files = {"a.yaml": pack(name="a", include="  include: [{pack: 'builtin:fingerprint', rules: [FPR-999]}]\n")}
    refused(files, "a.yaml", match="has no rule FPR-999")


def test_taking_nothing_from_a_pack_is_an_error() -> None:
    files = {"a.yaml": pack(a_rule(), include="  include: [{pack: 'builtin:fingerprint', rules: []}]\n")}
    refused(files, "a.yaml", match="nothing is taken")


@pytest.mark.parametrize("order", [("loose.yaml", "builtin:fingerprint"), ("builtin:fingerprint", "loose.yaml")])
def test_a_rule_selected_twice_keeps_the_stricter_mode_whatever_the_order(order) -> None:
    include = "  include: [{pack: 'builtin:fingerprint', rules: [FPR-001], modes: {FPR-001: audit}}]\n"
    policy = loaded({"loose.yaml": pack(name="loose", include=include)}, *order)
    assert {rule.rule.id: rule.mode for rule in policy.rules}["FPR-001"] is Mode.ENFORCE


def test_a_rule_is_judged_at_its_stages_only() -> None:
    only_release = a_rule() + "      stages: [release]\n"
    policy = loaded({"p.yaml": pack(only_release)}, "p.yaml")
    assert policy.for_stage(Stage.CANDIDATE) == ()
    assert len(policy.for_stage(Stage.RELEASE)) == 1


def test_a_rule_without_stage_cannot_be_written() -> None:
    refused({"p.yaml": pack(a_rule() + "      stages: []\n")}, "p.yaml", match="stages")


GROWTH = "{cost.macs_growth: {max_growth: $growth}}"


def test_a_parameter_without_value_is_an_error() -> None:
    words = "  parameters: {growth: {words: allowed growth, type: ratio, stricter: lower, required: true}}\n"
    refused({"p.yaml": pack(a_rule(check=GROWTH), parameters=words)}, "p.yaml", match="configuration gives no value")


def test_a_parameter_nobody_declared_is_an_error() -> None:
    refused({"p.yaml": pack(a_rule(check=GROWTH))}, "p.yaml", match="declared by no pack")


def test_a_value_for_an_unknown_parameter_is_an_error() -> None:
    config = load(b"spec:\n  parameters: {grwth: 1}\n", "policy-gate.yaml")
    refused(
        {"p.yaml": pack(a_rule())},
        "p.yaml",
        parameters={"grwth": 1},
        config=config,
        match=r"policy-gate\.yaml:2:.*no pack has a parameter 'grwth'",
    )


@pytest.mark.parametrize(
    "text",
    [
        "spec: {policies: []}",
        "spec: {policy: []}",
        "spec: {manifests: []}",
        "spec: {stage: never}",
        "spec: {allow_none: 'yes'}",
        "spec: {fail_on: sometimes}",
        "kind: PolicyPack\nspec: {}",
    ],
)
def test_a_configuration_that_says_something_unknown_is_refused(text) -> None:
    head = "apiVersion: policy-gate/v1alpha1\n" + ("" if text.startswith("kind") else "kind: PolicyConfig\n")
    with pytest.raises(GateError, match=r"c\.yaml:\d+"):
        load_config(f"{head}{text}\n".encode(), "c.yaml")


@pytest.mark.parametrize("given", [True, "1", None, [1], math.nan, math.inf, -1, 11])
def test_a_number_limit_refuses_what_is_no_number_in_range(given) -> None:
    with pytest.raises(LimitValueError):
        number(0, 10).parse(given)


@pytest.mark.parametrize("given", [True, 1.0, "1", -1, 2**53])
def test_a_whole_number_limit_refuses_the_rest(given) -> None:
    with pytest.raises(LimitValueError):
        whole_number().parse(given)


def test_a_set_limit_refuses_repetition_and_forgets_order() -> None:
    assert text_set().parse(["b", "a"]) == text_set().parse(["a", "b"])
    with pytest.raises(LimitValueError):
        text_set().parse(["a", "a"])


def test_a_map_limit_checks_every_value() -> None:
    assert map_of(ratio()).parse({"b": 0.5, "a": 0}) == (("a", 0), ("b", 0.5))
    with pytest.raises(LimitValueError):
        map_of(ratio()).parse({"a": "much"})


def test_a_limits_class_names_every_wrong_limit() -> None:
    from policy_gate.areas.cost import AREA

    _, problems = bind_limits(AREA.checks["cost.macs_growth"].limits, {"max_growth": "much", "maximum": 1})
    assert {name for name, _ in problems} == {"max_growth", "maximum"}


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("release.yaml", "**/release.yaml", True),
        ("a/b/release.yaml", "**/release.yaml", True),
        ("a/xrelease.yaml", "**/release.yaml", False),
        ("a/b.onnx", "*.onnx", False),
        ("b.onnx", "*.onnx", True),
        ("B.ONNX", "*.onnx", True),
        ("models/a/b", "models/**", True),
        ("models", "models/**", False),
        ("a.b", "a?b", True),
        ("a/b", "a?b", False),
    ],
)
def test_a_pattern_matches_whole_paths(path, pattern, expected) -> None:
    assert matches(path, [pattern]) is expected


@given(st.text(alphabet="ab/*?.", max_size=12), st.text(alphabet="ab/.", max_size=12))
def test_a_pattern_never_breaks(pattern, path) -> None:
    assert matches(path, [pattern]) in (True, False)


def test_a_rule_included_twice_keeps_the_stricter_mode_also_inside_a_pack() -> None:
    loose = "  include: [{pack: 'builtin:edge-baseline'}, {pack: 'builtin:fingerprint', modes: {FPR-001: audit}}]\n"
    files = {
        "inner.yaml": pack(name="inner", include=loose),
        "outer.yaml": pack(name="outer", include="  include: [{pack: inner.yaml}]\n"),
    }
    for name in files:
        modes = {rule.rule.id: rule.mode for rule in loaded(files, name).rules}
        assert modes["FPR-001"] is Mode.ENFORCE
