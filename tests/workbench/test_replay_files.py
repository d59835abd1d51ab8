from __future__ import annotations

import os

import pytest

from policy_gate.errors import UsageError
from policy_gate.workbench import record_files
from policy_gate.workbench.record_files import Reading, find_record_files


def names(found) -> list[str]:
    return [one.name for one in found]


def texts(folder, *named, standard_input=b""):
    reading = Reading()
    found = find_record_files(named, folder, standard_input)
    return [text for one in found for text in reading.texts(one)]


def said(texts) -> list[str]:
    return [str(text.problem) for text in texts if text.problem is not None]


def test_a_folder_stands_for_every_file_of_records_below_it(tmp_path) -> None:
    for path in ("b.json", "a.jsonl", "deep/er/c.NDJSON", "notes.txt", "deep/d.yaml"):
        place = tmp_path / "records" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
    found = find_record_files(["records"], tmp_path)
    assert names(found) == ["records/a.jsonl", "records/b.json", "records/deep/er/c.NDJSON"]


def test_a_folder_that_git_ignores_is_looked_at_too(tmp_path, git) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("records\n")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "a.json").write_text("{}")
    assert names(find_record_files(["records", "records/*.json"], tmp_path)) == ["records/a.json"]


def test_a_glob_stands_for_what_it_matches_whatever_the_suffix(tmp_path) -> None:
    for path in ("2025/a.json", "2026/b.json", "2026/deep/c.json", "2026/d.log"):
        place = tmp_path / "records" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("{}")
    assert names(find_record_files(["records/202?/*"], tmp_path)) == [
        "records/2025/a.json",
        "records/2026/b.json",
        "records/2026/d.log",
    ]
    assert names(find_record_files(["records/**/c.*"], tmp_path)) == ["records/2026/deep/c.json"]


@pytest.mark.parametrize("name", ["empty", "none*.json", "none/**/*.json"])
def test_a_name_that_stands_for_nothing_is_refused(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no file of records"):
        find_record_files([name], tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path) -> None:
    assert "gone.json" in said(texts(tmp_path, "gone.json"))[0]


def test_a_file_named_twice_is_read_once(tmp_path) -> None:
    (tmp_path / "a.json").write_text("{}")
    assert len(texts(tmp_path, "a.json", ".", "*.json", "./a.json")) == 1


def test_each_line_is_a_document_with_its_number(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'\n{"a":1}\n\n  {"a":2}\r\n{"a":3}')
    assert [(one.line, one.content) for one in texts(tmp_path, "a.jsonl")] == [
        (2, b'{"a":1}'),
        (4, b'{"a":2}'),
        (5, b'{"a":3}'),
    ]


def test_lines_are_whole_wherever_the_reader_cuts(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(record_files, "_CHUNK_BYTES", 3)
    (tmp_path / "a.jsonl").write_bytes(b'{"a":11111}\n{"b":2}\n\n{}\n')
    assert [one.content for one in texts(tmp_path, "a.jsonl")] == [b'{"a":11111}', b'{"b":2}', b"{}"]


def test_a_document_over_several_lines_is_one(tmp_path) -> None:
    (tmp_path / "a.json").write_bytes(b'{\n  "a": 1\n}\n')
    (text,) = texts(tmp_path, "a.json")
    assert (text.line, text.content.split()) == (1, [b"{", b'"a":', b"1", b"}"])


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"])
def test_an_empty_file_is_a_problem_and_not_zero_records(tmp_path, content) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert "holds no record" in said(texts(tmp_path, "a.json"))[0]


@pytest.mark.parametrize("content", [b"x" * 300, b"{\n" + b"x\n" * 300, b'{"a":1}\n' + b"y" * 300])
def test_a_document_without_end_is_refused_before_it_is_held(tmp_path, monkeypatch, content) -> None:
    monkeypatch.setattr(record_files, "MAX_DOCUMENT_BYTES", 100)
    monkeypatch.setattr(record_files, "_CHUNK_BYTES", 10)
    (tmp_path / "a.json").write_bytes(content)
    assert "more than 100 bytes" in said(texts(tmp_path, "a.json"))[-1]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_named_and_not_followed(tmp_path) -> None:
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "a.json").symlink_to(tmp_path / "secret")
    assert "symbolic link" in said(texts(tmp_path, "records"))[0]


def test_a_pointer_to_a_large_file_is_no_record(tmp_path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    (tmp_path / "a.json").write_text(pointer)
    assert "LFS pointer" in said(texts(tmp_path, "a.json"))[0]


def test_standard_input_has_a_name_and_lines(tmp_path) -> None:
    found = texts(tmp_path, "-", standard_input=b'{"a":1}\n{"a":2}\n')
    assert [(one.file, one.line) for one in found] == [("standard input", 1), ("standard input", 2)]
