from __future__ import annotations

import pytest

from policy_gate.actions.inputs import Inputs, read_inputs
from policy_gate.errors import UsageError
from policy_gate.model import Stage

NAMES = [
    "MANIFESTS", "CONFIG", "POLICIES", "STAGE", "FAIL_ON", "FORMATS", "NAME", "BASE", "TREE", "BUNDLE", "SUMMARY",
    "ANNOTATIONS", "REVIEWS", "COMMENT", "CHECK_RUN", "REQUIRE_POSTING",
]  # fmt: skip


@pytest.mark.parametrize("given", [{}, {f"INPUT_{name}": "" for name in NAMES}, {f"INPUT_{n}": " \n " for n in NAMES}])
def test_an_empty_input_is_its_default(given) -> None:
    assert read_inputs(given) == Inputs()


def test_every_input_is_read() -> None:
    given = {
        "MANIFESTS": "a/release.yaml\n\n  b/release.yaml \n",
        "CONFIG": "gate/policy-gate.yaml",
        "POLICIES": "builtin:edge-strict\nacme.yaml",
        "STAGE": "release",
        "FAIL_ON": "warned",
        "FORMATS": "junit\njson",
        "NAME": "edge models",
        "BASE": "v1.0",
        "TREE": "HEAD~1",
        "SUMMARY": "false",
        "ANNOTATIONS": "false",
        "REVIEWS": "true",
        "COMMENT": "always",
        "CHECK_RUN": "true",
        "REQUIRE_POSTING": "true",
    }
    assert read_inputs({f"INPUT_{name}": one for name, one in given.items()}) == Inputs(
        manifests=("a/release.yaml", "b/release.yaml"),
        config="gate/policy-gate.yaml",
        policies=("builtin:edge-strict", "acme.yaml"),
        stage=Stage.RELEASE,
        fail_on="warned",
        formats=("json", "junit"),
        name="edge models",
        base="v1.0",
        tree="HEAD~1",
        summary=False,
        annotations=False,
        reviews=True,
        comment="always",
        check_run=True,
        require_posting=True,
    )


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("stage", "RELEASE"),
        ("fail-on", "none"),
        ("summary", "True"),
        ("annotations", "1"),
        ("reviews", "yes"),
        ("comment", "on_failure"),
        ("check-run", "on"),
        ("require-posting", "no"),
        ("formats", "json html"),
        ("config", "a\nb"),
        ("base", "x\x1b[2J"),
        ("name", "x" * 101),
        ("manifests", "a\x00b"),
        ("policies", "p\n" * 1001),
    ],
)
def test_a_word_that_an_input_does_not_take_is_refused_by_the_name_of_the_input(name, word) -> None:
    with pytest.raises(UsageError, match=f"the input `{name}`"):
        read_inputs({f"INPUT_{name.upper().replace('-', '_')}": word})


def test_all_wrong_inputs_are_named_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        read_inputs({"INPUT_STAGE": "x", "INPUT_COMMENT": "y", "INPUT_SUMMARY": "z"})
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize("given", [{"TREE": "HEAD", "BUNDLE": "out"}, {"TREE": "bundle:out"}])
def test_one_thing_is_judged(given) -> None:
    with pytest.raises(UsageError, match="bundle"):
        read_inputs({f"INPUT_{name}": one for name, one in given.items()})
