"""Typed formats, globs and dates: what each takes for right, and what comes close without being it."""

from __future__ import annotations

import fnmatch
from datetime import date, timedelta

import pytest
from asking import ROOTS, ask
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.expression import Unknown, parse
from policy_gate.expression.functions import FUNCTIONS

HEX = "0123456789abcdef" * 4
FORMATS = {
    "is_sha256": (
        [f"sha256:{HEX}"],
        [
            "",
            "sha256:",
            HEX,
            f"sha256:{HEX.upper()}",
            f"sha256:{HEX}\n",
            f"sha256:{HEX}0",
            f" sha256:{HEX}",
            f"sha512:{HEX}",
        ],
    ),
    "is_git_commit": (
        [HEX[:40], HEX],
        ["", HEX[:39], HEX[:41], HEX[:40].upper(), "main", HEX[:39] + "g", HEX[:40] + "\n", "\u0660" * 40],
    ),
    "is_date": (
        ["2026-01-31", "2024-02-29", "0001-01-01"],
        [
            "2026-02-29",
            "2026-1-1",
            "20260101",
            "2026-W01-1",
            "2026-13-01",
            "26-01-01",
            "2026-01-01T00",
            "٢٠٢٦-01-01",
            "0000-01-01",
            "",
        ],
    ),
    "is_semver": (
        ["1.4.0", "0.0.0", "1.0.0-alpha.1", "1.0.0-0a", "1.0.0+build.5", "1.0.0-x-y.7+a-b.001", "10.20.30", "1.0.0--"],
        [
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "01.2.3",
            "1.2.03",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3 ",
            "1.2.3\n",
            "١.2.3",
            "1.2.3-é",
            "",
        ],
    ),
    "is_spdx": (
        [
            "MIT",
            "Apache-2.0 OR MIT",
            "(MIT AND BSD-3-Clause) OR GPL-2.0-or-later WITH Classpath-exception-2.0",
            "GPL-2.0+",
            "LicenseRef-acme",
            "DocumentRef-spdx:LicenseRef-acme.1",
            "((MIT))",
            "Some-Unknown-Licence",
        ],
        [
            "",
            " ",
            "MIT OR",
            "OR MIT",
            "MIT MIT",
            "MIT or MIT OR",
            "(MIT",
            "MIT)",
            ")(",
            "()",
            "MIT WITH",
            "(MIT) WITH x",
            "MIT WITH a WITH b",
            "MIT,BSD",
            "MIT/BSD",
            "MIT\nOR BSD",
            "NONE",
            "NOASSERTION",
            "LicenseRef-",
            "DocumentRef-:LicenseRef-a",
            "DocumentRef-a:MIT",
            "MIT WITH OR",
            "AND",
            "MIT++",
            "see licence file",
            "MIT\u00a0OR BSD",
        ],
    ),
    "is_uri": (
        [
            "https://example.invalid/a?b=c#d",
            "urn:isbn:0451450523",
            "mailto:a@example.invalid",
            "file:///etc/x",
            "http://[2001:db8::1]:8080/",
            "https://user@example.invalid:443",
            "oci://registry.example/kws@sha256:ab",
            "a:b",
            "https://h/%20",
        ],
        [
            "",
            "https:",
            "https://",
            "example.invalid",
            "//example.invalid",
            "1http://a",
            "ht tp://a",
            "http://a b",
            "http://a/\n",
            "http://a/%2",
            "http://a/%zz",
            "http://[::1",
            "http://[]/",
            "http://a:b/",
            "http://\u00e9/",
            "http://a/<x>",
            "http://:80/",
            "://a",
        ],
    ),
    "is_purl": (
        [
            "pkg:pypi/numpy@2.4.6",
            "pkg:npm/%40angular/animation@12.3.1",
            "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            "pkg:github/acme/kws@main#src/model",
            "pkg:generic/x",
            "pkg:huggingface/acme/kws@ab12",
        ],
        [
            "",
            "pkg:",
            "pkg:pypi",
            "pkg:pypi/",
            "pkg:/numpy",
            "numpy@1",
            "PKG:pypi/x",
            "pkg:PyPI/x",
            "pkg:pypi/x@",
            "pkg:pypi/a//b",
            "pkg:pypi/a b",
            "pkg:pypi/x?",
            "pkg:pypi/x?a",
            "pkg:pypi/x?a=",
            "pkg:pypi/x?a=1&a=2",
            "pkg:pypi/x#",
            "pkg:pypi/x#..",
            "pkg:pypi/x#a/./b",
            "pkg:pypi/%zz",
            "pkg:pypi/x\n",
            "pkg:1a/x",
            "pkg:pypi/\u00e9",
        ],
    ),
}
RIGHT = [(name, text) for name, (right, _) in FORMATS.items() for text in right]
WRONG = [(name, text) for name, (_, wrong) in FORMATS.items() for text in wrong]


@pytest.mark.parametrize(("name", "text"), RIGHT)
def test_a_format_takes_what_its_specification_takes(name, text) -> None:
    assert ask(f"{name}(m.x)", {"x": text}) is True


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_format_refuses_what_comes_close(name, text) -> None:
    assert ask(f"{name}(m.x)", {"x": text}) is False


@pytest.mark.parametrize("name", ["is_semver", "is_spdx", "is_uri", "is_purl"])
def test_a_text_too_long_to_look_at_is_unknown(name) -> None:
    assert ask(f"{name}(m.x)", {"x": "a" * 4097}) == "over the limits of expressions"


@given(st.text(max_size=60))
def test_every_function_of_a_text_answers_true_or_false(text) -> None:
    for name, function in FUNCTIONS.items():
        if len(function.parameters) == 1:
            assert ask(f"{name}(m.x)", {"x": text}) in {True, False}


GLOBS = [
    ("model/kws.onnx", "model/*.onnx", True),
    ("model/a/kws.onnx", "model/*.onnx", False),
    ("model/a/b/kws.onnx", "model/**/*.onnx", True),
    ("model/kws.onnx", "model/**/*.onnx", True),
    ("model/first/second/kws.onnx", "**/second/**/*.onnx", True),
    ("model/first/second/kws.onnx", "model/**/sec/*.onnx", False),
    ("model/a/b/kws.onnx", "**", True),
    ("kws.onnx", "**/kws.onnx", True),
    ("a/b/kws.onnx", "**/kws.onnx", True),
    ("xkws.onnx", "**/kws.onnx", False),
    ("a/xkws.onnx", "a/**kws.onnx", True),
    ("a", "?", True),
    ("/", "?", False),
    ("", "*", True),
    ("", "", True),
    ("a", "", False),
    ("abc", "abc", True),
    ("ABC", "abc", False),
    ("a.c", "a.c", True),
    ("abc", "a.c", False),
    ("a[b]", "a[b]", True),
    ("a\n", "a*", True),
    ("a/b/", "a/**/", True),
    ("v1.2", "v?.*", True),
    ("aaa", "*a*a*a*", True),
    ("//", "**/", False),
]


@pytest.mark.parametrize(("text", "pattern", "wanted"), GLOBS)
def test_a_glob_matches_the_whole_text(text, pattern, wanted) -> None:
    assert ask("glob(m.x, m.p)", {"x": text, "p": pattern}) is wanted
    assert ask(f"glob(m.x, '{pattern}')", {"x": text}) is wanted


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_without_slashes_and_double_stars_a_glob_is_that_of_the_shell(pattern, text) -> None:
    while "**" in pattern:
        pattern = pattern.replace("**", "*")
    assert ask("glob(m.x, m.p)", {"x": text, "p": pattern}) is fnmatch.fnmatchcase(text, pattern)


def test_no_pattern_makes_a_glob_slow() -> None:
    """Each of these takes exponential time in an engine that goes back; here 4,096 characters are one pass."""
    for pattern in ("*a" * 100, "**/" * 80, "**a" * 60, "*?" * 100, "**/*" * 60):
        answer = parse("glob(m.x, m.p)", ROOTS).decide({"m": {"x": "a" * 4095 + "b", "p": pattern}})
        assert answer is True or answer is False
    assert isinstance(parse("glob(m.x, '*')", ROOTS).decide({"m": {"x": "a" * 4097}}), Unknown)
    assert isinstance(parse("glob(m.x, m.p)", ROOTS).decide({"m": {"x": "a", "p": "*" * 257}}), Unknown)


@given(st.dates(), st.dates())
def test_days_between_counts_days(first, last) -> None:
    document = {"a": first.isoformat(), "n": (last - first).days}
    assert ask("days_between(m.a, today) == m.n", document, today=last.isoformat()) is True


def test_a_day_that_does_not_exist_has_no_distance() -> None:
    today = date(2026, 11, 23)
    assert ask("days_between(m.a, today) < 30", {"a": "2026-02-30"}, today=today.isoformat()) == "not a date"
    assert ask("!(days_between(m.a, today) > 30)", {"a": "soon"}, today=today.isoformat()) == "not a date"
    assert ask("days_between(m.a, today) > 30", {"a": 20260101}, today=today.isoformat()) == "wrong type"
    later = (today + timedelta(days=1)).isoformat()
    assert ask("days_between(m.a, today) == -1", {"a": later}, today=today.isoformat()) is True
