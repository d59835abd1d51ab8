"""Manifest paths: what is let through stays inside the tree on every platform."""

from __future__ import annotations

import ntpath
import posixpath
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy_gate.errors import EvidenceError, Reason
from policy_gate.source import check_path
from policy_gate.source.paths import colliding, path_fault, shown

HOSTILE = [
    "",
    "/etc/passwd",
    "//server/share/x",
    "..",
    "../x",
    "model/../../x",
    "model/..",
    ".",
    "./model",
    "model/./x",
    "model//x",
    "model/",
    "C:/x",
    "C:x",
    "model\\kws.onnx",
    "..\\x",
    "\\\\server\\share",
    "model.onnx:stream",
    "a\0b",
    "a\nb",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\u0085b",
    "a\u202eonnx.b",
    "a\u2066b",
    "a\u200bb",
    "a\ufeffb",
    "a\u00a0b",
    "a\u2028b",
    "a\ue000b",
    "a\udcffb",
    "CON",
    "model/nul.onnx",
    "aux.tar.gz",
    "COM1",
    "com¹.bin",
    "lpt9 .txt",
    "CONIN$",
    "model.",
    "model /x",
    "x ",
    "a*b",
    "a?b",
    'a"b',
    "a<b",
    "a|b",
    ".git/config",
    "sub/.GIT/hooks/x",
    "GIT~1/config",
    "x" * 256,
    "é" * 128,
    "d/" * 600 + "x",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_could_leave_the_tree_or_change_meaning_is_refused(path: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        check_path(path)
    assert caught.value.reason is Reason.PATH_REFUSED
    assert caught.value.detail.isprintable()
    assert len(caught.value.detail) < 1400


@pytest.mark.parametrize(
    "path",
    ["release.yaml", "model/kws-int8.tflite", ".github/x.yml", "a b/c", "~/x", "modèle/é.onnx", "...x", "console"],
)
def test_an_ordinary_path_is_returned_as_it_is(path: str) -> None:
    assert check_path(path) == path


def test_a_decomposed_path_is_returned_composed() -> None:
    assert check_path("mode\u0300le.onnx") == "mod\u00e8le.onnx"


alphabet = st.sampled_from(
    [*"abcCON .:\\/~-", "..", "/", "é", "e\u0301", "\0", "\u202e", "ß", "\u212a", ".git", "\ud800"]
)
paths = st.one_of(st.text(max_size=30), st.lists(alphabet, max_size=12).map("".join))


@given(paths)
@example("a/../b")
@example("\u212aON")
def test_what_is_accepted_stays_inside_on_every_platform(path: str) -> None:
    try:
        accepted = check_path(path)
    except EvidenceError:
        return
    assert posixpath.normpath(posixpath.join("/top", accepted)) == f"/top/{accepted}"
    assert ntpath.normpath(ntpath.join("X:\\root", accepted)) == "X:\\root\\" + accepted.replace("/", "\\")
    assert not ntpath.isreserved(accepted) if hasattr(ntpath, "isreserved") else True
    assert unicodedata.is_normalized("NFC", accepted)
    assert check_path(accepted) == accepted
    assert accepted.isprintable()
    assert accepted.encode()


@given(st.text())
def test_a_path_is_always_shown_on_one_printable_line(text: str) -> None:
    assert shown(text).isprintable()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Model.onnx", "model.onnx"),
        ("a/B/c", "a/b/C"),
        ("\u00e9.bin", "e\u0301.bin"),
        ("stra\u00dfe", "STRASSE"),
        ("\u212aws", "kws"),
        ("model", "Model/kws.onnx"),
    ],
)
def test_names_that_some_file_system_confuses_collide(one: str, other: str) -> None:
    assert one in colliding([one, other])
    assert colliding([one, "quite/different"]) == {}


def test_a_fault_follows_the_path_as_a_sentence() -> None:
    assert path_fault("../x") == "has the segment '..'"
