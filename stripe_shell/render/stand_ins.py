"""ASCII stand-ins, each one column wide, for the signs of the shell on terminals that do not show UTF-8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stripe_shell.patterns import pattern

#: The signs that the shell writes itself, and what stands for them.
STAND_INS: Final[Mapping[str, str]] = {
    "·": "-", "…": "~", "→": ">", "\N{MULTIPLICATION SIGN}": "x", "─": "-", "✓": "+", "✗": "x", "●": "*", "◐": "%",
    "○": "o", "▲": "^",
    "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "-", "▎": "-", "▏": "-",
    "⠋": "|", "⠙": "/", "⠹": "-", "⠸": "\\", "⠼": "|", "⠴": "/", "⠦": "-", "⠧": "\\", "⠇": "|", "⠏": "/",
}  # fmt: skip

#: What Python sets LC_CTYPE to (PEP 538).
_COERCED: Final = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
_UTF8: Final = pattern("(?i)utf-?8")
_TABLE: Final = str.maketrans(dict(STAND_INS))


def with_stand_ins(text: str) -> str:
    """Returns the text with the signs of the shell replaced; other characters stay."""
    return text if text.isascii() else text.translate(_TABLE)


def is_utf8(environ: Mapping[str, str], encoding: str | None = None) -> bool:
    """Whether a terminal shows UTF-8, by the encoding of its stream and the locale; without a locale it is assumed."""
    kind, language = environ.get("LC_CTYPE"), environ.get("LANG")
    if kind in _COERCED and language:
        kind = None  # Python has set it in place of a locale that it does not find, or of C
    chosen = environ.get("LC_ALL") or kind or language or "UTF-8"
    return all(_UTF8.search(name) for name in (chosen, encoding or "UTF-8"))
