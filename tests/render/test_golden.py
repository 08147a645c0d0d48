"""What every renderer makes of the same bodies, kept in golden files.

`UPDATE_GOLDEN=1 pytest tests/render/test_golden.py` writes them anew; read the diff before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_shell.render import FORMATS, renderer
from stripe_shell.render.shape import rows_of

from .bodies import BODIES

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = (40, 80, 120, None)


def cases() -> Iterator[tuple[str, str, int | None, bool]]:
    for name in BODIES:
        widths = (80,) if rows_of(BODIES[name]) is None else WIDTHS
        yield from ((name, "table", width, False) for width in widths)
        yield from ((name, format_, None, False) for format_ in FORMATS[1:])
    yield "customers", "table", 80, True
    yield "subscription", "table", 80, True
    yield "odd", "json", 80, True
    yield "customers", "csv", 80, False


@pytest.mark.parametrize(("name", "format_", "width", "color"), list(cases()))
def test_rendered_text(name: str, format_: str, width: int | None, color: bool) -> None:
    rendered = renderer(format_)(BODIES[name], width=width, color=color)
    file = GOLDEN / f"{name}{f'-{width}' if width else ''}{'-color' if color else ''}.{format_}"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(rendered.encode())
    assert rendered.encode() == file.read_bytes(), f"{file.name} differs"


def test_every_golden_file_has_its_case() -> None:
    names = {
        f"{name}{f'-{width}' if width else ''}{'-color' if color else ''}.{format_}"
        for name, format_, width, color in cases()
    }
    assert names == {file.name for file in GOLDEN.iterdir()}
