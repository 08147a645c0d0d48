"""The formatter: the canonical text of a script. What it writes reads back as the very same tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from stripe_shell.diagnostics import Source, has_errors
from stripe_shell.lang.ast import (
    Argument,
    Assignment,
    Block,
    Comment,
    Condition,
    Directive,
    Duration,
    Expectation,
    Fails,
    ForEach,
    Item,
    Key,
    ListValue,
    Loop,
    Match,
    Name,
    Operand,
    Output,
    Pages,
    Param,
    Path,
    RawParam,
    Reference,
    Retry,
    Script,
    Style,
    Tags,
    Text,
    Value,
)
from stripe_shell.lang.lines import BLANKS, INLINE_NAME, read_lines
from stripe_shell.lang.paths import parse_key
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.values import parse_value, parse_word

_INDENT = "  "
_PLAIN = re.compile(r"[^\s\"'{\[$](?:[^\n\r$]*[^\s$])?\Z")
#: Written in brackets, as Stripe's own reference writes them.
_BRACKETED = ("", "gt", "gte", "lt", "lte")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TO_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_TO_ESCAPE_IN_HEREDOC = re.compile(r'\\|"(?="")|"\Z|[\x00-\x08\x0b-\x1f]')


def format_script(script: Script) -> str:
    """The canonical text: one blank line between blocks, loops indented, comments kept."""
    lines = [line for chunk in _items(script.items, "") for line in chunk]
    return "".join(f"{line}\n" for line in lines)


def format_block(block: Block) -> str:
    """One block, without a line end after its last line."""
    return "\n".join(_block(block, ""))


def format_key(key: Key, *, inline: bool = False) -> str:
    """A parameter name: dots before names, brackets around indexes, quotes only where they must be."""
    text = ""
    for index, segment in enumerate(key.path):
        literal = index > 0 and key.path[index - 1] == "metadata" and segment != ""
        if literal:
            text += f".{_literal_name(segment, inline)}"
        elif index > 0 and (segment in _BRACKETED or (segment.isascii() and segment.isdigit())):
            text += f"[{segment}]"
        else:
            text += ("." if index else "") + _segment(segment)
    return text


def format_value(value: Value, indent: str = "") -> str:
    """A value as it stands behind `key: `, in its own style if that can hold it; `indent` is that of the line."""
    if value.style == "bare" and len(value.parts) == 1 and isinstance(part := value.parts[0], Text):
        if _PLAIN.match(part.text):
            return part.text
    elif not value.parts and value.style == "bare":
        return ""
    for style in (value.style, *_FALLBACKS):
        spelled = _SPELLINGS[style](value, indent)
        if _reads_back(spelled, value, style):
            return spelled
    return _double(value, indent)


def format_word(value: Value) -> str | None:
    """A value as a shell-quoted word of the inline form; None when its style does not fit on a line."""
    if not value.parts and value.style == "bare":
        return ""
    spelled = _SPELLINGS[value.style](value, "")
    if "\n" in spelled:
        return None
    reading = Reading(Source("", f"{spelled} x"))
    read, stop = parse_word(reading, 0, len(reading.text))
    return spelled if read == value and stop == len(spelled) and not has_errors(reading.problems) else None


def format_duration(ms: int) -> str:
    """Milliseconds as `500ms`, `10s`, `2m`, `1h`: the largest unit without a fraction."""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"


# --- items ----------------------------------------------------------------------------------------------


def _items(items: Sequence[Item], indent: str) -> Iterator[list[str]]:
    for index, item in enumerate(items):
        if index and _is_apart(items, index):
            yield [""]
        yield _item(item, indent)


def _is_apart(items: Sequence[Item], index: int) -> bool:
    """Whether a blank line stands before the item."""
    before, item = items[index - 1], items[index]
    if isinstance(before, Comment):
        return before.detached
    if isinstance(before, Block | Loop) or isinstance(item, Block):
        return True
    return isinstance(item, Comment) and _leads_to_block(items, index)


def _leads_to_block(items: Sequence[Item], index: int) -> bool:
    """Whether the comments from `index` on stand above a block or a loop, or apart."""
    for item in items[index:]:
        if not isinstance(item, Comment):
            return isinstance(item, Block | Loop)
        if item.detached:
            return True
    return False


def _item(item: Item, indent: str) -> list[str]:
    if isinstance(item, Block):
        return _block(item, indent)
    if isinstance(item, Loop):
        return _loop(item, indent)
    if isinstance(item, Directive):
        return [indent + _directive(item, indent)]
    return [f"{indent}#{item.text}"]


def _loop(loop: Loop, indent: str) -> list[str]:
    body = [line for chunk in _items(loop.items, indent + _INDENT) for line in chunk]
    return [indent + _directive(loop.directive, indent), *body, f"{indent}@end"]


def _block(block: Block, indent: str) -> list[str]:
    header = "" if block.connection is None else f"/{block.connection}"
    words = _inline_words(block)
    inline = block.inline if words is not None else 0
    first = " ".join(part for part in (header, *(words or ())) if part)
    lines = [indent + first] if first else []
    lines += [indent + _body_line(item, indent) for item in block.items[inline:]]
    if block.response is not None:
        lines += [f"{indent}Response:", indent + block.response.text]
    return lines


def _inline_words(block: Block) -> list[str] | None:
    """The words of the header line; None when one of them needs a line of its own."""
    words = []
    positional = ["action", "entity"]
    for item in block.items[: block.inline]:
        if not isinstance(item, Param):
            return None
        word = format_word(item.value)
        if word is None:
            return None
        name = item.key.path[0]
        if len(item.key.path) == 1 and positional and name == positional[0] and word and not INLINE_NAME.match(word):
            words.append(word)
        else:
            words.append(f"{format_key(item.key, inline=True)}={word}")
        if name in positional:
            del positional[: positional.index(name) + 1]
    return words


def _body_line(item: Param | Directive | Comment, indent: str) -> str:
    if isinstance(item, Param):
        return f"{format_key(item.key)}: {format_value(item.value, indent)}".rstrip(" ")
    if isinstance(item, Directive):
        return _directive(item, indent)
    return f"#{item.text}"


def _directive(directive: Directive, indent: str) -> str:
    if directive.argument is None:
        return f"@{directive.name}"
    return f"@{directive.name} {format_argument(directive.argument, indent)}".rstrip(" ")


# --- arguments of directives ----------------------------------------------------------------------------


def format_argument(argument: Argument, indent: str = "") -> str:
    """The argument of a directive as it stands behind `@word `."""
    match argument:
        case Value():
            return format_value(argument, indent)
        case Expectation():
            return _expectation(argument)
        case Condition():
            return _condition(argument)
        case Retry():
            until = _condition(argument.until)
            return f"{argument.attempts} every {format_duration(argument.every_ms)} until {until}"
        case Assignment():
            return f"{argument.name} = {format_value(argument.value, indent)}"
        case RawParam():
            return f"{format_key(argument.key, inline=True)}={format_value(argument.value, indent)}"
        case Output():
            fields = f" fields={','.join(argument.fields)}" if argument.fields else ""
            return f"{_word(argument.file)}{fields}"
        case ForEach():
            return _foreach(argument)
        case Match():
            return format_value(argument.value, indent)
        case _:
            return _small(argument)


def _small(argument: Name | Fails | Pages | Duration | Tags) -> str:
    match argument:
        case Name():
            return argument.text
        case Fails():
            return f"{argument.type}/{argument.code}" if argument.code else argument.type
        case Pages():
            return "all" if argument.count is None else str(argument.count)
        case Duration():
            return format_duration(argument.ms)
        case Tags():
            return ", ".join(argument.names)


def _expectation(expectation: Expectation) -> str:
    operator = " ".join(part for part in (expectation.operator, expectation.count_operator) if part)
    words = [expectation.quantifier, expectation.path.text, operator, _operand(expectation.operand)]
    return " ".join(word for word in words if word)


def _condition(condition: Condition) -> str:
    left = condition.left.text if isinstance(condition.left, Path) else _word(condition.left)
    words = [left, condition.operator, _operand(condition.right)]
    return " ".join(word for word in words if word)


def _operand(operand: Operand | None) -> str:
    if operand is None:
        return ""
    if isinstance(operand, ListValue):
        return f"[{', '.join(_list_item(item) for item in operand.items)}]"
    return format_value(operand)


def _list_item(value: Value) -> str:
    return _SPELLINGS[value.style](value, "")


def _foreach(loop: ForEach) -> str:
    key = f" key={_word_of(loop.key, loop)}" if loop.key is not None else ""
    jobs = f" jobs={loop.jobs}" if loop.jobs != 1 else ""
    on_error = f" on_error={loop.on_error}" if loop.on_error != "stop" else ""
    return f"{loop.name} in {_word(loop.file)}{key}{jobs}{on_error}"


def _word(value: Value) -> str:
    spelled = format_word(value)
    return _double(value, "") if spelled is None else spelled


def _word_of(text: str, loop: ForEach) -> str:
    return _word(Value("bare", (Text(text, loop.span),), loop.span))


# --- names ----------------------------------------------------------------------------------------------


def _segment(name: str) -> str:
    return name if _PLAIN_NAME.match(name) or name.isdigit() else _quote_name(name)


def _literal_name(name: str, inline: bool) -> str:
    """The rest of a name after `metadata.`: as it is, unless it would be read otherwise."""
    if _PLAIN_NAME.match(name):
        return name
    if inline and re.search(r"[\s=\"'{$]", name):
        return _quote_name(name)
    text = f"metadata.{name}: x"
    line = next(read_lines(text))
    reading = Reading(Source("", text))
    try:
        key = parse_key(reading, line.body, line.word)
    except Mistake:
        return _quote_name(name)
    return name if key.path == ("metadata", name) and line.end == len(text) else _quote_name(name)


def _quote_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- values ---------------------------------------------------------------------------------------------


def _reads_back(spelled: str, value: Value, style: Style) -> bool:
    """Whether `spelled`, behind a name, is one logical line whose value is `value` in that style."""
    text = f"k: {spelled}\n"
    lines = list(read_lines(text))
    if len(lines) != 1 or lines[0].kind != "param":
        return False
    reading = Reading(Source("", text))
    read = parse_value(reading, lines[0].value, lines[0].end)
    return read.parts == value.parts and read.style == style and not has_errors(reading.problems)


def _spell(value: Value, text: Callable[[str], str], reference: Callable[[str], str]) -> str:
    return "".join(
        text(part.text) if isinstance(part, Text) else "${" + reference(_reference(part)) + "}" for part in value.parts
    )


def _reference(reference: Reference) -> str:
    return reference.raw if reference.default is None else f"{reference.raw}:-{reference.default}"


def _bare(value: Value, indent: str) -> str:
    return _spell(value, _escape_references, str)


def _single(value: Value, indent: str) -> str:
    return f"'{_spell(value, str, str)}'"


def _json(value: Value, indent: str) -> str:
    return _spell(value, str, _escape)


def _double(value: Value, indent: str) -> str:
    return f'"{_quoted_body(value, _escape)}"'


def _heredoc(value: Value, indent: str) -> str:
    return _between('"""', _quoted_body(value, _escape_in_heredoc), indent)


def _literal_heredoc(value: Value, indent: str) -> str:
    return _between("'''", _spell(value, str, str), indent)


def _between(quotes: str, body: str, indent: str) -> str:
    """On one line if it is one, else the lines indented between the quotes; either is checked by reading it back."""
    if "\n" not in body and not body.endswith(quotes[0]):
        return f"{quotes}{body}{quotes}"
    lines = body.split("\n")
    if quotes == '"""':
        lines = _keep_margin(lines)
    lines = [f"{indent}{_INDENT}{line}" if line.strip(BLANKS) else line for line in lines]
    return "\n".join([quotes, *lines, f"{indent}{quotes}"])


def _keep_margin(lines: list[str]) -> list[str]:
    """Escape a leading blank where dedenting would take it away."""
    full = [line for line in lines if line.strip(BLANKS)]
    indented = all(line[0] in BLANKS for line in full)
    return [_escape_first(line) if line and (indented or not line.strip(BLANKS)) else line for line in lines]


def _escape_first(line: str) -> str:
    return f"\\u{ord(line[0]):04x}{line[1:]}"


def _quoted_body(value: Value, escape: Callable[[str], str]) -> str:
    pieces = []
    for index, part in enumerate(value.parts):
        if isinstance(part, Reference):
            pieces.append("${" + _escape(_reference(part)).replace("}", "\\u007d") + "}")
            continue
        piece = escape(_escape_references(part.text))
        before_reference = _is_reference(value, index + 1)
        pieces.append(f"{piece[:-1]}\\u0024" if before_reference and piece.endswith("$") else piece)
    return "".join(pieces)


def _is_reference(value: Value, index: int) -> bool:
    return index < len(value.parts) and isinstance(value.parts[index], Reference)


def _escape_references(text: str) -> str:
    return text.replace("${", "$${")


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(_escaped, text)


def _escape_in_heredoc(text: str) -> str:
    return _TO_ESCAPE_IN_HEREDOC.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


_FALLBACKS: tuple[Style, ...] = ("double",)
_SPELLINGS: dict[Style, Callable[[Value, str], str]] = {
    "bare": _bare,
    "double": _double,
    "single": _single,
    "heredoc": _heredoc,
    "literal_heredoc": _literal_heredoc,
    "json": _json,
}
