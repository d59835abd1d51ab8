from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_gate.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    kind: ClassVar[str] = "base"
    name: str
    size: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Child(Base):
    parts: tuple[int, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Point:
    line: int
    column: int = 1

    @property
    def after(self) -> int:
        return self.column + 1


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    line: int
    column: int = 1


def test_fields_defaults_and_inheritance_are_the_standard_ones() -> None:
    child = Child(name="kws", parts=(1,))
    assert (child.name, child.size, child.parts, child.kind) == ("kws", 3, (1,), "base")
    assert [one.name for one in dataclasses.fields(Child)] == ["name", "size", "parts"]
    assert dataclasses.replace(child, size=4) == Child(name="kws", size=4, parts=(1,))
    assert Point(2).after == 2


def test_nothing_can_be_changed_added_or_deleted() -> None:
    point = Point(1, 2)
    for change in (
        lambda: setattr(point, "line", 3),
        lambda: setattr(point, "other", 3),
        lambda: delattr(point, "line"),
    ):
        with pytest.raises(FrozenInstanceError):
            change()
    assert point == Point(1, 2)
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize(
    "make",
    [
        Point,
        lambda: Point(1, 2, 3),
        lambda: Point(1, line=2),
        lambda: Point(1, other=2),
        lambda: Base("kws"),
        lambda: Base(size=1),
    ],
)
def test_a_wrong_call_is_a_type_error(make) -> None:
    with pytest.raises(TypeError):
        make()


def test_it_is_equal_by_class_and_value_and_says_what_it_is() -> None:
    assert Base(name="a") != Child(name="a")
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2
    assert repr(Point(1)) == "Point(line=1, column=1)"


def test_it_survives_pickle_and_copy() -> None:
    child = Child(name="kws", parts=(1, 2))
    assert pickle.loads(pickle.dumps(child)) == child
    assert copy.deepcopy(child) == child


def test_a_match_statement_takes_it_apart() -> None:
    match Point(4, 5):
        case Point(line, column):
            assert (line, column) == (4, 5)


@given(st.integers(), st.integers())
def test_it_behaves_as_the_standard_class_does(line, column) -> None:
    ours, theirs = Point(line, column), Standard(line, column)
    assert dataclasses.astuple(ours) == dataclasses.astuple(theirs)
    assert (hash(ours), ours == Point(line, 1)) == (hash(theirs), theirs == Standard(line, 1))


def test_a_class_that_checks_itself_still_does() -> None:
    @dataclass(frozen=True, slots=True)
    class Positive:
        size: int

        def __post_init__(self) -> None:
            if self.size < 1:
                raise ValueError("size")

    assert Positive(1).size == 1
    with pytest.raises(ValueError, match="size"):
        Positive(0)


def test_a_field_that_is_left_out_of_comparison_still_is() -> None:
    @dataclass(frozen=True, slots=True)
    class Cached:
        size: int
        seen: int = field(default=0, compare=False, repr=False)

    assert Cached(1, 2) == Cached(1, 3)
    assert "seen" not in repr(Cached(1))
