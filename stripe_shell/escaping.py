"""Escapes text from outside for each target that it is written to, so that it stays text and becomes no structure.

Names, values, messages and file names come from Stripe, from data files and from other people's scripts. A function of
this module stands between them and every terminal, log, report and program that the shell writes:

    visible          a line of a terminal                      html_text, xml_text   a report
    visible_lines    lines of a terminal                       tap_text              a line of a TAP report
    source_line      a source line above carets                python_literal        a string literal of Python
    label            the label of a suggestion                 shell_word            a word of a shell
    log_line         a line of a log                           docstring             a docstring of Python
    comment          a comment of a shell or of Python         guard_cell            a cell for a spreadsheet
    visible_json     JSON or YAML text                         file_name_problem     a file's name
"""

from __future__ import annotations

import re
from typing import Final

from stripe_shell.patterns import pattern

# Control characters, bidirectional controls that reorder a line, line separators, lone surrogates and non-characters.
NOT_SHOWN: Final = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ufffe\uffff"
_UNSAFE = pattern(rf"[\x00-\x1f{NOT_SHOWN}]")
_UNSAFE_IN_LINES = pattern(rf"[\x00-\x08\x0b-\x1f{NOT_SHOWN}]")
_UNSAFE_IN_JSON = pattern(rf"[{NOT_SHOWN}]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What a spreadsheet would run as a formula, also in full width, or what `guard_cell` made of it.
_FORMULA = pattern(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")

# Characters that XML 1.0 cannot contain, even escaped.
_NOT_IN_XML = pattern(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The most characters of a line of a log.
_LONGEST_LINE: Final = 4000


# --- terminals and logs ---------------------------------------------------------------------------------------------


def visible(text: str) -> str:
    """Returns `text` on one line with control characters escaped (`\\u001b`), so that it cannot control a terminal."""
    if text.isprintable():
        return text  # none of them is
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or _escape(match), text)


def visible_lines(text: str) -> str:
    """Returns `text` as `visible` does, but keeps its line ends and tabs."""
    return _UNSAFE_IN_LINES.sub(_escape, text)


def source_line(line: str) -> str:
    """Returns a source line with one replacement character for each unsafe one, so that carets below it still fit."""
    return _UNSAFE.sub(lambda match: "\t" if match[0] == "\t" else "\N{REPLACEMENT CHARACTER}", line)


def label(text: str) -> str:
    """Returns `text` for the label of a suggestion, which is searched as it is typed: without unsafe characters."""
    return _UNSAFE.sub("", text)


def log_line(text: str) -> str:
    """Returns `text` as one line of a log, cut if it is very long."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_LINE else f"{shown[:_LONGEST_LINE]}… {len(shown)} characters"


class Drawn(str):
    """The text of an error that has several lines on purpose, such as excerpts, whose parts are escaped already."""


def error_text(error: BaseException) -> str:
    """Returns the text of an error on one line, or on several if it is `Drawn`."""
    text = error.args[0] if error.args else ""
    return str(text) if isinstance(text, Drawn) else visible(str(error))


# --- documents ------------------------------------------------------------------------------------------------------


def visible_json(text: str) -> str:
    """Returns equivalent JSON text with unsafe characters escaped in its strings. Line ends are kept."""
    return _UNSAFE_IN_JSON.sub(_escape, text)


def html_text(text: str) -> str:
    """Returns `text` as text or attribute value of an HTML document; line ends are kept."""
    from html import escape

    return escape(visible_lines(text))


def xml_text(text: str) -> str:
    """Returns `text` as text or attribute value (in double quotes) of an XML document; line ends are kept."""
    from xml.sax.saxutils import escape

    return escape(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", visible_lines(text)), {'"': "&quot;"})


def xml_attribute(text: str) -> str:
    """Returns `text` as an attribute value of an XML document, whose line ends would be read as blanks."""
    return xml_text(text).replace("\n", "&#10;").replace("\t", "&#9;")


def tap_text(text: str) -> str:
    """Returns `text` as a description of a TAP report, where `#` begins a directive."""
    line = visible(text.replace("\r\n", " ").replace("\n", " ").replace("\r", " "))
    return line.replace("\\", "\\\\").replace("#", "\\#")


def guard_cell(text: str) -> str:
    """Returns a cell that no spreadsheet runs as a formula: an apostrophe stands before `=`, `+`, `-`, `@`."""
    return f"'{text}" if _FORMULA.match(text) else text


def restore_cell(text: str) -> str:
    """Returns the cell that `guard_cell` was given."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


# --- programs -------------------------------------------------------------------------------------------------------


def comment(text: str) -> str:
    """Returns `text` as the rest of a line behind `#`."""
    return visible(text)


def docstring(text: str) -> str:
    """Returns `text` as a part of a docstring of Python in double quotes."""
    return visible(text).replace("\\", "/").replace('"', "'")


def python_literal(text: str) -> str:
    """Returns `text` as a string literal of Python in double quotes."""
    from json import dumps

    return visible_json(dumps(text, ensure_ascii=False))


def shell_word(text: str) -> str:
    """Returns `text` as one word of a POSIX shell."""
    from shlex import quote

    return quote(text)


# --- files ----------------------------------------------------------------------------------------------------------


def file_name_problem(text: str) -> str:
    """Returns why a text is not the plain name of a file in a folder; empty if it is one."""
    if not text:
        return "it is empty"
    if _UNSAFE.search(text):
        return "it holds a control character"
    if "/" in text or "\\" in text:
        return "it holds a path separator"
    if ".." in text or text == ".":
        return "it names a folder by dots"
    return "it names somebody's home" if text.startswith("~") else ""


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
