"""Renders a response as JSON: members in Stripe's order, two spaces of indentation, numbers as sent."""

from __future__ import annotations

from typing import Any

from stripe_shell.escaping import visible_json
from stripe_shell.json_text import json_pieces


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns `body` as indented JSON. Control characters are escaped, other characters are kept."""
    text = visible_json("".join(json_pieces(body, "\n"))) + "\n"
    return _colored(text) if color else text


def compact_json(value: Any) -> str:
    """Returns `value` as JSON on one line."""
    return visible_json("".join(json_pieces(value, None)))


def indented_json(value: Any, indent: int) -> str:
    """Returns `value` as indented JSON whose lines after the first are `indent` columns further to the right."""
    return visible_json("".join(json_pieces(value, "\n" + " " * indent)))


def _colored(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import JsonLexer
    from pygments.token import Keyword, Name, Number, String, Token

    colors = {Token: ("", ""), Name.Tag: ("blue", "brightblue"), String: ("green", "green")}
    colors |= {Number: ("cyan", "brightcyan"), Keyword: ("magenta", "brightmagenta")}
    return str(highlight(text, JsonLexer(stripnl=False), TerminalFormatter(bg="dark", colorscheme=colors)))
