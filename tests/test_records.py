"""Records behave as the frozen, slotted data classes that they stand in for."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import ClassVar

import pytest

from stripe_shell.records import as_dict, field, fields, is_record, record, replace


@record
class Point:
    """A place, with a note that does not count."""

    origin: ClassVar[str] = "here"
    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default_factory=tuple)
    note: str = field(default="", compare=False, repr=False)

    @property
    def size(self) -> int:
        return self.x + self.y


@record
class Named(Point):
    name: str = ""


@record(frozen=False)
class Counter:
    count: int = 0
    seen: list[int] = field(default_factory=list)


@record
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")


def test_members_come_by_place_name_and_default() -> None:
    point = Point(1, tags=("a",))
    assert (point.x, point.y, point.tags, point.note, point.size) == (1, 0, ("a",), "", 1)
    assert Point.origin == "here"
    assert repr(point) == "Point(x=1, y=0, tags=('a',))"


def test_what_does_not_count_is_not_compared() -> None:
    assert Point(1, note="a") == Point(1, note="b")
    assert hash(Point(1, note="a")) == hash(Point(1, note="b"))
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert Point(1) != 1


def test_a_record_does_not_change() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="does not change"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="does not change"):
        del point.x
    with pytest.raises(AttributeError):
        point.other = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_one_that_may_change_has_defaults_of_its_own() -> None:
    first, second = Counter(), Counter()
    first.seen.append(1)
    first.count += 1
    assert (first.count, first.seen, second.seen) == (1, [1], [])
    with pytest.raises(TypeError):
        hash(first)


def test_a_record_inherits_members() -> None:
    named = Named(1, 2, name="n")
    assert [member.name for member in fields(Named)] == ["x", "y", "tags", "note", "name"]
    assert replace(named, y=5) == Named(1, 5, name="n")
    assert as_dict(named) == {"x": 1, "y": 2, "tags": [], "note": "", "name": "n"}
    assert is_record(named)
    assert not is_record(Named)


def test_the_inherited_class_made_first_or_last_is_right() -> None:
    assert Named(1, name="a").name == "a"
    assert Point(1).x == 1
    assert Named(2, name="b").name == "b"


def test_missing_and_unknown_members_are_refused() -> None:
    with pytest.raises(TypeError, match="x"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="z"):
        Point(1, z=2)  # type: ignore[call-arg]


def test_the_first_record_and_the_hundredth_are_made_alike() -> None:
    @record
    class Fresh:
        x: int
        y: int = 0
        tags: list[str] = field(default_factory=list)

    for _ in range(100):
        made = Fresh(1, tags=["a"])
        assert (made.x, made.y, made.tags, Fresh(1).tags) == (1, 0, ["a"], [])
    for wrong in (lambda: Fresh(1, 2, [], 4), lambda: Fresh(1, x=2), lambda: Fresh(1, z=2)):
        with pytest.raises(TypeError, match="argument"):
            wrong()


@pytest.mark.parametrize("arguments", [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 2}), ((1,), {"z": 2})])
def test_arguments_that_do_not_fit_are_refused_the_first_time(arguments: tuple[tuple[int], dict[str, int]]) -> None:
    @record
    class Fresh:
        x: int
        y: int = 0
        tags: tuple[str, ...] = ()

    with pytest.raises(TypeError, match="argument"):
        Fresh(*arguments[0], **arguments[1])  # type: ignore[arg-type]
    assert Fresh(1) == Fresh(1, 0)


def test_the_check_after_making_runs() -> None:
    assert Checked(1).number == 1
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)


def test_copies_and_matches() -> None:
    point = Point(1, 2)
    assert copy.copy(point) == point
    assert copy.deepcopy(point) == point
    match point:
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_pickles() -> None:
    from stripe_shell.diagnostics import SourceText

    source = SourceText("a", "b")
    assert pickle.loads(pickle.dumps(source)) == source


def test_the_library_is_not_imported() -> None:
    code = "import sys, stripe_shell.lang.ast; print('dataclasses' in sys.modules, 'inspect' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", "False"]
