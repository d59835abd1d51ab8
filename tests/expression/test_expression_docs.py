"""Every example of docs/expressions.md is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from policy_gate.expression import LEAF, OPEN, ExpressionError, closed, limits, parse, parse_template
from policy_gate.expression.functions import FUNCTIONS
from policy_gate.expression.vocabulary import REFUSED_CALLS, SPECIAL

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


RULE, RELEASE = (yaml.safe_load(block) for block in blocks("yaml"))
ROOTS = {
    "manifest": OPEN,
    "facts": closed({"cost": closed({"target_cost": OPEN})}),
    "base": OPEN,
    "params": closed({"max_epsilon": OPEN, "licenses": OPEN}),
    "today": LEAF,
}
ROWS = [
    tuple(part.strip() for part in line.split(" // ")) for block in blocks("cel") for line in block.splitlines() if line
]


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_every_expression_shown_answers_what_the_page_says(text, wanted) -> None:
    if wanted.startswith("refused: "):
        with pytest.raises(ExpressionError, match=re.escape(wanted.removeprefix("refused: "))):
            parse(text, ROOTS)
        return
    answer = parse(text, ROOTS).decide(RELEASE)
    assert ({True: "true", False: "false"}[answer] if isinstance(answer, bool) else "unknown") == wanted


@pytest.mark.parametrize("line", [line for block in blocks("text") for line in block.splitlines()])
def test_every_message_shown_becomes_what_the_page_says(line) -> None:
    text, wanted = line.split(" → ")
    assert parse_template(text, ROOTS).render(RELEASE) == wanted


def test_the_rule_shown_is_one_the_language_reads() -> None:
    assert parse(RULE["when"], ROOTS).decide(RELEASE) is True
    assert parse(RULE["assert"], ROOTS).decide(RELEASE) is False
    assert parse_template(RULE["message"], ROOTS).render(RELEASE) == "rolls back to not known"


def test_every_function_is_on_the_page_and_nothing_else() -> None:
    named = set(re.findall(r"(\w+)\(", "".join(re.findall(r"^\| `.*", PAGE, re.MULTILINE)))) - {"glob"}
    assert {*FUNCTIONS, *SPECIAL} - {"glob"} <= named
    assert not named - {*FUNCTIONS, *SPECIAL, *REFUSED_CALLS, "is_"} - {"all", "exists"}


@pytest.mark.parametrize(
    "number",
    [
        limits.TEXT_MAX,
        limits.DEPTH_MAX,
        limits.STEPS_MAX,
        limits.MADE_TEXT_MAX,
        limits.MADE_LIST_MAX,
        limits.COMPARED_DEPTH_MAX,
        limits.FORMAT_TEXT_MAX,
        limits.GLOB_MAX,
        limits.SHOWN_MAX,
    ],
)
def test_every_limit_is_on_the_page(number) -> None:
    assert f" {number:,}" in PAGE


def test_enough_examples_are_shown() -> None:
    assert len(ROWS) >= 40
    assert {wanted.partition(":")[0] for _, wanted in ROWS} == {"true", "false", "unknown", "refused"}
