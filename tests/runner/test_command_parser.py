from __future__ import annotations

import pytest
from command_parser import MAX_MESSAGE, parse_line, read_log
from hypothesis import given
from hypothesis import strategies as st


def escaped(text: str, more: str = "") -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


@pytest.mark.parametrize(
    "line",
    [
        "::error::words",
        "  ::error::words",
        "\t::ERROR::words",
        "\u00a0::error::words",
        "##[error]words",
        "text ##[error]words",
        "::nothing::##[error]words",
    ],
)
def test_what_the_runner_takes_for_an_error(line) -> None:
    found = parse_line(line)
    assert found is not None
    assert (found.name, found.text) == ("error", "words")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "words ::error::words",
        ":error::",
        "::error:words",
        "::nothing::words",
        "##[nothing]words",
        "##error]words",
        "##[error words",
        "\u200b::error::x",
        "::set-env",
        "# #[error]x",
        "::internal-set-repo-path::x",
    ],
)
def test_what_the_runner_takes_for_words(line) -> None:
    assert parse_line(line) is None


def test_properties_and_text_are_unescaped_and_the_percent_sign_last() -> None:
    found = parse_line("::error file=a%2Cb%3Ac.yaml,line=3,title=50%25 %250A::one%0Atwo%250A%3A")
    assert found is not None
    assert found.properties == {"file": "a,b:c.yaml", "line": "3", "title": "50% %0A"}
    assert found.text == "one\ntwo%0A%3A"
    older = parse_line("##[error file=a%3Bb;line=3]one%5Dtwo%250A")
    assert older is not None
    assert (older.properties, older.text) == ({"file": "a;b", "line": "3"}, "one]two%0A")


@given(st.text(), st.text(min_size=1))
def test_what_is_escaped_by_the_rules_comes_back_as_it_was(text, title) -> None:
    log = read_log(f"::warning title={escaped(title, ':,')}::{escaped(text)}")
    (found,) = log.commands
    assert (found.text, found.properties.get("title", "").strip()) == (text, title.strip())


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_any_line_end_begins_a_line(end) -> None:
    log = read_log(f"words{end}::error::words")
    assert [one.name for one in log.commands] == ["error"]


def test_commands_stop_until_their_token_comes() -> None:
    log = read_log("::stop-commands::secret-token\n::error::one\n##[warning]two\n::SECRET-token::\n::error::three")
    assert [(one.name, one.text) for one in log.commands] == [("stop-commands", "secret-token"), ("error", "three")]
    assert log.words == ["::error::one", "##[warning]two"]


@pytest.mark.parametrize(
    "line",
    ["::set-env name=PATH::x", "##[add-path]x", "::stop-commands::", "::stop-commands::error", "::set-output::x"],
)
def test_commands_that_fail_a_step(line) -> None:
    assert len(read_log(line).faults) == 1


def test_what_is_masked_is_not_shown() -> None:
    log = read_log("before secret\n::add-mask::secret\nafter secret")
    assert log.words == ["before secret", "after ***"]


def test_ten_annotations_of_each_level_are_shown_in_the_order_of_the_log() -> None:
    lines = [
        f"::{level} file=a.yaml,line={number}::{number}"
        for number in range(12)
        for level in ("notice", "warning", "error")
    ]
    log = read_log("\n".join(lines))
    assert [one.message for one in log.annotations if one.level == "error"] == [f"{number}" for number in range(10)]
    assert len(log.annotations) == 30
    assert log.unseen == {"error": 2, "warning": 2, "notice": 2}
    assert (log.annotations[0].file, log.annotations[0].end_line) == ("a.yaml", "0")


def test_a_long_message_is_cut() -> None:
    assert len(read_log("::error::" + "x" * 5000).annotations[0].message) == MAX_MESSAGE
