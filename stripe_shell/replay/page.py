"""Reads a documentation page as examples: blocks of the language and the JSON responses documented for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.lang.ast import Block
from stripe_shell.lang.lines import LogicalLine, read_lines
from stripe_shell.lang.parser import parse
from stripe_shell.lang.places import JsonPath, json_places
from stripe_shell.records import record
from stripe_shell.wire import parse_json

_FENCE = re.compile(r"^[ \t>]*(?:```|~~~).*$", re.MULTILINE)
#: Matches `**Response:**` and `### Response` of Markdown, `Response::` of reStructuredText.
_RESPONSE = re.compile(
    r"^[ \t]*(?:(?:\*\*|__)?Response(?::{1,2}(?:\*\*|__)?|(?:\*\*|__):)|#{1,6}[ \t]+Response:?)[ \t]*(?=\r?$)",
    re.MULTILINE,
)
_HEADER = re.compile(r"/[A-Za-z0-9][A-Za-z0-9_-]*(?:[ \t]+(?P<inline>[^\n]*))?\Z")
#: Matches `create customer email=…`; neither `[action] [parameters]`, which shows the syntax, nor a sentence.
_INLINE = re.compile(r"[a-z][a-z0-9_]*(?:[ \t]+[a-z][a-z0-9_.]*)?(?:[ \t]+[^\s=]+=.*)?[ \t\r]*\Z")


@record
class Example:
    """A block of the page, its documented response (None without one), and the span of each part of that.

    `name` is `create customer`; the second one of that name gets the suffix ` 2`.
    """

    name: str
    block: Block
    expected: Any
    places: Mapping[JsonPath, Span]


@record
class DocumentPage:
    """The examples of a page in order, and the diagnostics of their text."""

    source: SourceText
    examples: tuple[Example, ...]
    diagnostics: tuple[Diagnostic, ...]


def read_page(source: SourceText) -> DocumentPage:
    """Finds the examples of a page: plain text, Markdown or reStructuredText, indented, fenced or neither."""
    unfenced = _RESPONSE.sub(_plain_response, _FENCE.sub(lambda match: " " * len(match[0]), source.text))
    masked = SourceText(source.name, _mask_prose(unfenced))
    script, diagnostics = parse(masked)
    seen: Counter[str] = Counter()
    examples = [_example(item, masked, seen) for item in script.items if isinstance(item, Block)]
    return DocumentPage(source, tuple(examples), diagnostics)


def _plain_response(match: re.Match[str]) -> str:
    return "Response:".ljust(len(match[0]))


def _mask_prose(text: str) -> str:
    """Returns the text with everything but the examples replaced by spaces, so that all offsets stay valid."""
    kept: list[tuple[int, int]] = []
    lines = list(read_lines(text))
    index = 0
    while index < len(lines):
        end = _example_end(text, lines, index)
        if end > index:
            kept.append((lines[index].start, lines[end - 1].next))
        index = max(end, index + 1)
    return _blank_outside(text, kept)


def _example_end(text: str, lines: list[LogicalLine], index: int) -> int:
    """Returns the index after the last line of the example that starts at `index`; `index` if none starts there."""
    header = lines[index]
    match = _HEADER.match(text[header.body : header.end]) if header.kind == "header" else None
    if match is None or (match["inline"] and not _INLINE.match(match["inline"])):
        return index
    end = _body_end(lines, index + 1, begun=bool(match["inline"]))
    if end == index + 1 and not match["inline"]:
        return index
    answer = end
    while answer < len(lines) and lines[answer].kind == "blank":
        answer += 1
    if answer < len(lines) and lines[answer].kind == "response":
        return answer + 1
    return end


def _body_end(lines: list[LogicalLine], index: int, *, begun: bool) -> int:
    """Returns the index after the last body line.

    Blank lines before the first parameter do not end the block; comments never do.
    """
    end = index
    for position in range(index, len(lines)):
        kind = lines[position].kind
        if kind in {"param", "directive"}:
            begun, end = True, position + 1
        elif (kind != "blank" or begun) and kind != "comment":
            break
    return end


def _blank_outside(text: str, kept: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in [*kept, (len(text), len(text))]:
        parts.append(re.sub(r"[^\n]", " ", text[position:start]))
        parts.append(text[start:end])
        position = end
    return "".join(parts)


def _example(block: Block, source: SourceText, seen: Counter[str]) -> Example:
    name = " ".join(word.value.literal or "" for word in block.words)
    seen[name] += 1
    if seen[name] > 1:
        name = f"{name} {seen[name]}"
    if block.response is None:
        return Example(name, block, None, {})
    start = block.response.json_span.start
    try:
        expected = parse_json(block.response.text)
    except ValueError:
        return Example(name, block, None, {})  # the parser has reported the problem
    places = json_places(block.response.text)
    spans = {path: Span(source, start + begin, start + end) for path, (begin, end) in places.items()}
    return Example(name, block, expected, spans)
