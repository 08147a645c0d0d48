"""Paths: parameter names, and paths to fields of a response."""

from __future__ import annotations

import re

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.lang.ast import Key, Path
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.patterns import pattern

#: Paths that concern the response as a whole instead of a field.
ANSWER_PATHS = ("$http", "$ms", "$request_id", "$replayed")

_KEY_STEP = pattern(
    r"""(?P<dot>\.)?(?:(?P<name>[a-z][a-z0-9_]*|[0-9]+)|"(?P<quoted>(?:[^"\\\n]|\\.)*)")
    |\[(?:(?P<inner>[a-z][a-z0-9_]*|[0-9]+|)|"(?P<inner_quoted>(?:[^"\\\n]|\\.)*)")\]""",
    re.VERBOSE,
)
_LITERAL_INNER = pattern(r"\[([^\[\]\n]+)\]\Z")
_QUOTED = pattern(r'"((?:[^"\\\n]|\\.)*)"\Z')
_STEP = pattern(
    r"""\.(?:"(?P<quoted>[^"\n]*)"|(?P<name>[\w-]+))
    |\[(?:(?P<index>-?[0-9]{1,9})|(?P<star>\*)|"(?P<inner>[^"\n]*)")\]""",
    re.VERBOSE,
)
_METADATA_REST = pattern(r"""\.([^\s=<>!~:}"\[\]]+)""")
_ROOT = pattern(r"\$[A-Za-z_]+|[^\W\d][\w-]*")


# --- parameter names ------------------------------------------------------------------------------------


def parse_key(reading: Reading, start: int, end: int) -> Key:
    """Parses the parameter name at `[start, end)`. Raises Mistake (E104)."""
    text = reading.text
    path: list[str] = []
    spans: list[Span] = []
    pos = start
    while pos < end:
        rest = _metadata_rest(reading, path, pos, end)
        if rest:
            path.append(rest[0])
            spans.append(rest[1])
            break
        match = _KEY_STEP.match(text, pos, end)
        if match is None or (match["dot"] is None and pos == start) == (text[pos] in ".["):
            raise _bad_key(reading, start, end, pos)
        group = match.lastgroup or "name"
        if group == "dot" or (group.endswith("quoted") and not match[group]):
            raise _bad_key(reading, start, end, pos)
        segment = match[group]
        path.append(_unquoted(segment) if group.endswith("quoted") else segment)
        spans.append(reading.span(match.start(group), match.end(group)))
        pos = match.end()
    if not path:
        raise _bad_key(reading, start, end, pos)
    return Key(tuple(path), reading.span(start, end), tuple(spans))


def _metadata_rest(reading: Reading, path: list[str], pos: int, end: int) -> tuple[str, Span] | None:
    """Parses the rest after `metadata.` as one literal name, which may be quoted."""
    if not path or path[-1] != "metadata":
        return None
    text = reading.text
    if text[pos] == "[":
        match = _LITERAL_INNER.match(text, pos, end)
        start, stop = match.span(1) if match else (pos, pos)
    else:
        start, stop = pos + 1, end
    if start >= stop:
        return None
    if text[start] == '"':
        quoted = _QUOTED.match(text, start, stop)
        if quoted is None or not quoted[1]:
            return None
        return _unquoted(quoted[1]), reading.span(start, stop)
    return text[start:stop], reading.span(start, stop)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _bad_key(reading: Reading, start: int, end: int, at: int) -> Mistake:
    name = reading.text[start:end]
    span = reading.span(start, end)
    mended = re.sub(r"[\s-]+", "_", name.strip().lower())
    if mended != name and re.fullmatch(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+|\[[a-z0-9_]*\])*", mended):
        fix = reading.fix(start, end, mended)
        return Mistake("E104", f"`{name}` is not a parameter name", span, f"did you mean `{mended}`?", fix)
    return Mistake("E104", f"`{name}` is not a parameter name", span, "names are like `email`, `items[0].price`")


# --- response paths -------------------------------------------------------------------------------------


def parse_path(text: str, span: Span | None = None) -> Path | None:
    """Parses `text` as a path into a response (`data[0].id`, `$http`); returns None if it is not one."""
    found = read_path(text, 0, len(text))
    if found is None or found[1] != len(text):
        return None
    return Path(found[0], text, span or Span(SourceText("<path>", text), 0, len(text)))


def read_path(text: str, start: int, end: int) -> tuple[tuple[str | int, ...], int] | None:
    """Parses the path at `start`; returns its steps and its end."""
    root = _ROOT.match(text, start, end)
    if root is None:
        return None
    if root.group().startswith("$"):
        return (root.group(),), root.end()
    steps, pos = read_steps(text, root.end(), end, after=root.group())
    return (root.group(), *steps), pos


def read_steps(text: str, start: int, end: int, after: str = "") -> tuple[tuple[str | int, ...], int]:
    """Parses the steps `.name`, `[0]`, `[*]` from `start`; returns them and their end.

    The rest after `metadata.` is one step.
    """
    steps: list[str | int] = []
    pos = start
    while True:
        last = steps[-1] if steps else after
        if last == "metadata" and (rest := _METADATA_REST.match(text, pos, end)):
            steps.append(rest[1])
            return tuple(steps), rest.end()
        match = _STEP.match(text, pos, end)
        if match is None:
            return tuple(steps), pos
        group = match.lastgroup or ""
        steps.append(int(match[group]) if group == "index" else match[group])
        pos = match.end()
