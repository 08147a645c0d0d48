"""Renders a response as JSON: members in Stripe's order, two spaces of indentation, numbers as sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

from stripe_shell.escaping import visible_json


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns `body` as indented JSON. Control characters are escaped, other characters are kept."""
    text = visible_json("".join(_pieces(body, "\n"))) + "\n"
    return _colored(text) if color else text


def compact_json(value: Any) -> str:
    """Returns `value` as JSON on one line."""
    return visible_json("".join(_pieces(value, None)))


def indented_json(value: Any, indent: int) -> str:
    """Returns `value` as indented JSON whose lines after the first are `indent` columns further to the right."""
    return visible_json("".join(_pieces(value, "\n" + " " * indent)))


def _pieces(value: Any, line: str | None) -> Iterator[str]:
    """Yields the text in pieces; `line` is a line end with the indentation of `value`, None for a single line."""
    inner = None if line is None else f"{line}  "
    if isinstance(value, Mapping) and value:
        for index, (key, item) in enumerate(value.items()):
            yield ("{" if index == 0 else ", " if inner is None else ",") + (inner or "")
            yield f"{dumps(str(key), ensure_ascii=False)}: "
            yield from _pieces(item, inner)
        yield f"{line or ''}}}"
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield ("[" if index == 0 else ", " if inner is None else ",") + (inner or "")
            yield from _pieces(item, inner)
        yield f"{line or ''}]"
    else:
        yield scalar_text(value)


def scalar_text(value: Any) -> str:
    """Returns a scalar as JSON text. Numbers keep their spelling."""
    if isinstance(value, str):
        return dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else str(value)


def _colored(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import TerminalFormatter
    from pygments.lexers import JsonLexer
    from pygments.token import Keyword, Name, Number, String, Token

    colors = {Token: ("", ""), Name.Tag: ("blue", "brightblue"), String: ("green", "green")}
    colors |= {Number: ("cyan", "brightcyan"), Keyword: ("magenta", "brightmagenta")}
    return str(highlight(text, JsonLexer(stripnl=False), TerminalFormatter(bg="dark", colorscheme=colors)))
