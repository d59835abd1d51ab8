"""Binding: every error of a model stands at its line and column, in words of what is and what should be."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from policy_gate.document import Value, bind, bind_problems, load
from policy_gate.errors import DocumentError, GateError, ManifestError, PolicyError

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{4}$", description="sha256: and four hex digits")]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ByPath(Closed):
    kind: Literal["path"]
    path: str
    digest: Digest


class ByUrl(Closed):
    kind: Literal["url"]
    url: str
    digests: Annotated[tuple[Digest, ...], Field(strict=False)] = ()


class Target(Closed):
    api_version: str = Field("v1", alias="apiVersion")
    flags: list[Literal["fast", "small"]] = []
    limit: float | ByPath | None = None

    @field_validator("api_version")
    @classmethod
    def known(cls, text: str) -> str:
        if text != "v1":
            raise ValueError("only v1 is known")
        return text


class Release(Closed):
    name: Annotated[str, Field(min_length=2, max_length=4)]
    sequence: Annotated[int, Field(ge=1)] = 1
    items: Annotated[tuple[Annotated[ByPath | ByUrl, Field(discriminator="kind")], ...], Field(strict=False)] = ()
    targets: dict[Annotated[str, Field(pattern="^[a-z]+$")], Target] = {}


def said(content: str, pointer: str = "", model: type[BaseModel] = Release) -> list[str]:
    bound, problems = bind_problems(load(content.encode(), "r.yaml"), model, pointer)
    assert bound is None
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("nam: ab\n", ["r.yaml:1:1: the document has no 'name', which is required", "r.yaml:1:1: unknown field 'nam'\n  did you mean 'name'?"]),
        ("name: ab\nzzz: 1\n", ["r.yaml:2:1: unknown field 'zzz'\n  known fields: items, name, sequence, targets"]),
        ("name: 1.4\n", ["r.yaml:1:7: name is 1.4; it should be text\n  Quote it."]),
        ("name: a\n", ["r.yaml:1:7: name is 'a'; it should be at least 2 characters long"]),
        ("name: [x]\n", ["r.yaml:1:7: name is a list of one; it should be text"]),
        ("name:\n", ["r.yaml:1:6: name is null; it should be text"]),
        ("name: ab\nsequence: 0\n", ["r.yaml:2:11: sequence is 0; it should be at least 1"]),
        ("name: ab\nsequence: true\n", ["r.yaml:2:11: sequence is true; it should be a whole number"]),
        ("name: ab\nsequence: 1.5\n", ["r.yaml:2:11: sequence is 1.5; it should be a whole number"]),
        ("name: ab\nsequence: '1'\n", ["r.yaml:2:11: sequence is '1'; it should be a whole number"]),
        ("name: ab\nitems: {}\n", ["r.yaml:2:8: items is a mapping; it should be a list"]),
        ("- 1\n", ["r.yaml:1:1: the document is a list of one; it should be a mapping"]),
        ("name: ab\nitems:\n  - {kind: pathh}\n", ["r.yaml:3:12: kind is 'pathh'; it should be one of 'path', 'url'\n  did you mean 'path'?"]),
        ("name: ab\nitems:\n  - {}\n", ["r.yaml:3:5: the field 'kind' is missing; it says which kind this is"]),
        ("name: ab\nitems:\n  - kind: path\n    path: x\n", ["r.yaml:3:5: items[0] has no 'digest', which is required"]),
        ("name: ab\nitems: [{kind: path, path: x, digest: y}]\n", ["r.yaml:2:39: items[0].digest is 'y'; it should be sha256: and four hex digits"]),
        ("name: ab\nitems: [{kind: url, url: x, digests: ['sha256:0000', no]}]\n", ["r.yaml:2:54: items[0].digests[1] is 'no'; it should be sha256: and four hex digits"]),
        ("name: ab\nitems:\n  - kind: url\n    url: x\n    digest: y\n", ["r.yaml:5:5: unknown field 'digest'\n  did you mean 'digests'?"]),
        ("name: ab\nitems:\n  - {kind: path, path: 3, digest: 'sha256:0000'}\n", ["r.yaml:3:24: items[0].path is 3; it should be text\n  Quote it."]),
        ("name: ab\ntargets:\n  A: {}\n", ["r.yaml:3:3: a key of targets is 'A'; it should be text that matches ^[a-z]+$"]),
        ("name: ab\ntargets:\n  a: {apiVersion: v2}\n", ["r.yaml:3:19: targets.a.apiVersion: only v1 is known"]),
        ("name: ab\ntargets:\n  a: {apiversion: v1}\n", ["r.yaml:3:7: unknown field 'apiversion'\n  did you mean 'apiVersion'?"]),
        ("name: ab\ntargets:\n  a: {flags: [fast, smal]}\n", ["r.yaml:3:21: targets.a.flags[1] is 'smal'; it should be 'fast' or 'small'\n  did you mean 'small'?"]),
        ("name: ab\ntargets:\n  a: {limit: {kind: path, path: x}}\n", ["r.yaml:3:7: targets.a.limit has no 'digest', which is required"]),
    ],
)  # fmt: skip
def test_an_error_is_told_at_its_place(content: str, expected: list[str]) -> None:
    assert said(content) == expected


def test_every_error_is_told_in_the_order_of_the_file() -> None:
    content = "items:\n  - {kind: url, url: 1}\n  - {kind: path}\nsequence: -1\nname: toolong\nextra: 1\n"
    with pytest.raises(ManifestError) as invalid:
        bind(load(content.encode(), "r.yaml"), Release)
    assert [(problem.line, problem.column) for problem in invalid.value.problems] == [
        (2, 22),
        (3, 5),
        (3, 5),
        (4, 11),
        (5, 7),
        (6, 1),
    ]


def test_a_section_is_bound_by_its_pointer() -> None:
    content = "spec:\n  items:\n    - {kind: url, url: 1}\n"
    assert said(content, "/spec/items/0", ByUrl) == [
        "r.yaml:3:24: spec.items[0].url is 1; it should be text\n  Quote it."
    ]
    assert said(content, "/spec/targets", Target) == ["r.yaml:1:1: spec.targets is missing"]


def test_a_valid_document_becomes_its_model() -> None:
    content = b"name: ab\nitems: [{kind: path, path: x, digest: 'sha256:00ff'}]\ntargets: {a: {limit: 3}}\n"
    release = bind(load(content, "r.yaml"), Release)
    assert release.items == (ByPath(kind="path", path="x", digest="sha256:00ff"),)
    assert release.targets["a"].limit == 3
    assert bind_problems(load(content, "r.yaml"), Release) == (release, ())


@pytest.mark.parametrize("kind", [PolicyError, DocumentError, ManifestError])
def test_the_caller_says_which_error_it_is(kind: type[GateError]) -> None:
    with pytest.raises(kind):
        bind(load(b"a: 1\n", "r.yaml"), Release, error=kind)


def test_hostile_text_in_a_message_is_short_and_harmless() -> None:
    (message,) = said('name: "\\e[31m\\u202e' + "x" * 9999 + '"\n')
    assert len(message) < 150
    assert message.isascii() or message.replace("…", "").isascii()
    assert "\x1b" not in message


def test_a_flood_of_errors_is_cut_off_and_counted() -> None:
    content = "name: ab\nitems:\n" + "  - {kind: url, url: 1}\n" * 5000
    problems = said(content)
    assert len(problems) == 51
    assert problems[-1] == "r.yaml: 4950 more problems are not shown"


def test_json_is_bound_like_yaml() -> None:
    document = load(b'{"name": "ab",\n "sequence": "x"}', "r.json")
    problems: tuple[object, ...] = bind_problems(document, Release)[1]
    assert [str(problem) for problem in problems] == ["r.json:2:14: sequence is 'x'; it should be a whole number"]


def test_a_tag_that_is_also_a_key_of_a_mapping_is_told_apart() -> None:
    class Inner(Closed):
        kind: Literal["inner"]
        inner: dict[str, int]
        size: int

    class Other(Closed):
        kind: Literal["other"]

    class Holder(Closed):
        one: Annotated[Inner | Other, Field(discriminator="kind")]

    assert said("one:\n  kind: inner\n  inner: {a: x}\n  size: y\n", model=Holder) == [
        "r.yaml:3:14: one.inner.a is 'x'; it should be a whole number",
        "r.yaml:4:9: one.size is 'y'; it should be a whole number",
    ]


def test_the_data_is_not_changed_by_binding() -> None:
    document = load(b"name: ab\n", "r.yaml")
    before: Value = {"name": "ab"}
    bind(document, Release)
    assert document.root == before
