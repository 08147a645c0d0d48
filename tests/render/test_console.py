"""Where colours are left out of results."""

from __future__ import annotations

import io

import pytest

from stripe_shell.render.console import Console, is_plain


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", ["table", "json"])
@pytest.mark.parametrize("plain", [True, False])
def test_a_plain_console_shows_results_without_escapes(name: str, plain: bool) -> None:
    out = Screen()
    Console(out, Screen(), plain=plain).render({"id": "cus_1", "object": "customer"}, name)
    assert ("\x1b" in out.getvalue()) is not plain


@pytest.mark.parametrize(
    ("environ", "plain"),
    [({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, True), ({"TERM": "xterm"}, False)],
)
def test_the_environment_asks_for_no_colours(environ: dict[str, str], plain: bool) -> None:
    assert is_plain(environ) is plain
