from __future__ import annotations

import pytest
from runner_expressions import ExpressionError, Expressions

CONTEXTS = {
    "inputs": {"check-run": "true", "name": "gate", "none": ""},
    "steps": {"judge": {"outputs": {"verdict": "blocked", "exit-code": "1"}, "outcome": "failure"}},
    "runner": {"os": "Linux"},
}


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("inputs.check-run == 'true'", "true"),
        ("inputs.CHECK-RUN == 'TRUE'", "true"),
        ("inputs['check-run'] != 'true'", "false"),
        ("inputs.none || 'other'", "other"),
        ("inputs.name && 'yes'", "yes"),
        ("inputs.none && 'yes' || 'no'", "no"),
        ("steps.judge.outputs.verdict", "blocked"),
        ("steps.judge.outputs.nothing", ""),
        ("steps.nothing.outputs.nothing", ""),
        ("steps.judge.outputs.exit-code == 1", "true"),
        ("!(runner.os == 'Windows')", "true"),
        ("'it''s'", "it's"),
        ("null == ''", "true"),
        ("contains(runner.os, 'nux') && startsWith('abc', 'AB')", "true"),
        ("1 == 1.0", "true"),
        ("inputs", "Object"),
    ],
)
def test_what_an_expression_says(words, means) -> None:
    assert Expressions(CONTEXTS).fill(f"<${{{{ {words} }}}}>") == f"<{means}>"


@pytest.mark.parametrize(
    ("condition", "holds", "holds_after_failure"),
    [
        ("success()", True, False),
        ("always()", True, True),
        ("!cancelled()", True, True),
        ("failure()", False, True),
        ("inputs.check-run == 'true'", True, False),
        ("${{ !cancelled() && inputs.check-run == 'true' }}", True, True),
        ("inputs.check-run == 'true' || runner.os == 'Windows'", True, False),
        ("inputs.none", False, False),
    ],
)
def test_a_condition_that_asks_for_no_status_asks_for_success(condition, holds, holds_after_failure) -> None:
    assert Expressions(CONTEXTS).holds(condition) is holds
    assert Expressions(CONTEXTS, is_failed=True).holds(condition) is holds_after_failure


@pytest.mark.parametrize(
    "words", ["secrets.token", "hashFiles('a')", "1 +", "inputs.name inputs.name", "(1", "inputs.*", "'open"]
)
def test_what_is_not_known_is_refused(words) -> None:
    with pytest.raises(ExpressionError):
        Expressions(CONTEXTS).evaluate(words)


def test_a_condition_with_words_around_its_expression_always_holds_and_is_refused() -> None:
    with pytest.raises(ExpressionError, match="always holds"):
        Expressions(CONTEXTS).holds("${{ inputs.none }} == 'true' || ${{ inputs.none }}")
