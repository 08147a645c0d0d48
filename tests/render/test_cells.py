"""Text in terminal columns: measured, cut, padded, and fitted into a grid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcwidth

from stripe_shell.diagnostics import cells
from stripe_shell.escaping import visible
from stripe_shell.render.cells import cut, fit, grid_lines, pad, text_width

from .texts import TEXTS

texts = st.text(st.characters(), max_size=30).map(visible)


@given(texts, st.integers(1, 40))
def test_a_cut_text_has_the_width_at_most(text: str, width: int) -> None:
    shown = cut(text, width)
    assert text_width(shown) <= width or text_width(text) > text_width(shown) == 1
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("山田太郎", 8, "山田太郎"),
        ("山田太郎", 7, "山田太…"),
        ("山田", 2, "…"),
        ("", 0, ""),
    ],
)
def test_cut(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


def test_pad() -> None:
    assert pad("山", 4) == "山  "
    assert pad("山", 4, right=True) == "  山"


@pytest.mark.parametrize(
    ("widths", "cuttable", "room", "fitted"),
    [
        ([10, 10, 10], [False, True, True], 34, [10, 10, 10]),
        ([10, 10, 10, 10], [False, True, True, True], 34, [10, 10, 10]),
        ([10, 400, 10, 10], [False, True, True, True], 90, [10, 54, 10, 10]),
        ([10, 400, 10], [False, True, True], 60, [10, 36, 10]),
        ([10, 400, 400], [False, True, True], 60, [10, 23, 23]),
        ([10, 400, 10], [False, True, True], 30, []),
        ([40, 20, 10], [False, False, True], 60, []),
    ],
)
def test_a_long_cell_is_narrowed_and_not_what_stands_beside_it(
    widths: list[int], cuttable: list[bool], room: int, fitted: list[int]
) -> None:
    assert fit(widths, cuttable, room, 2, 3) == fitted


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(10, 200))
def test_what_fits_has_room(widths: list[int], room: int) -> None:
    fitted = fit(widths, [True] * len(widths), room, 2, 1)
    assert sum(fitted) + 2 * (len(fitted) - 1) <= room or not fitted


def test_grid_lines() -> None:
    lines = list(grid_lines([["a", "山田"], ["1", "10"]], [3, 4], [False, True], ["", "36"], "  "))
    assert lines == ["a       \x1b[36m1\x1b[0m", "山…    \x1b[36m10\x1b[0m"]


@pytest.mark.parametrize("name", TEXTS)
def test_carets_and_columns_measure_alike(name: str) -> None:
    text = TEXTS[name] or ""
    for char in text:
        assert char < " " or cells(char) == max(wcwidth(char), 0), hex(ord(char))
