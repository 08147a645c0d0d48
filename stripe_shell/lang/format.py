"""The formatter: the canonical text of a script. What it writes reads back as the very same tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stripe_shell.durations import format_duration
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
    ListValue,
    Loop,
    Match,
    Name,
    Operand,
    Output,
    Pages,
    Param,
    RawParam,
    Retry,
    Script,
    Tags,
    Text,
    Value,
)
from stripe_shell.lang.lines import INLINE_NAME
from stripe_shell.lang.spelling import format_argument_word, format_item, format_key, format_value, format_word

_INDENT = "  "


def format_script(script: Script) -> str:
    """The canonical text: one blank line between blocks, loops indented, comments kept."""
    lines = [line for chunk in _items(script.items, "") for line in chunk]
    return "".join(f"{line}\n" for line in lines)


def format_block(block: Block) -> str:
    """One block, without a line end after its last line."""
    return "\n".join(_block(block, ""))


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
            until = _expectation(argument.until)
            return f"{argument.attempts} every {format_duration(argument.every_ms)} until {until}"
        case Assignment():
            return f"{argument.name} = {format_value(argument.value, indent)}"
        case RawParam():
            return f"{format_key(argument.key, inline=True)}={format_value(argument.value, indent)}"
        case Output():
            fields = f" fields={','.join(argument.fields)}" if argument.fields else ""
            return f"{format_argument_word(argument.file)}{fields}"
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
    left = format_argument_word(condition.left)
    words = [left, condition.operator, condition.count_operator, _operand(condition.right)]
    return " ".join(word for word in words if word)


def _operand(operand: Operand | None) -> str:
    if operand is None:
        return ""
    if isinstance(operand, ListValue):
        return f"[{', '.join(format_item(item) for item in operand.items)}]"
    return format_value(operand)


def _foreach(loop: ForEach) -> str:
    key = f" key={_word_of(loop.key, loop)}" if loop.key is not None else ""
    jobs = f" jobs={loop.jobs}" if loop.jobs != 1 else ""
    on_error = f" on_error={loop.on_error}" if loop.on_error != "stop" else ""
    return f"{loop.name} in {format_argument_word(loop.file)}{key}{jobs}{on_error}"


def _word_of(text: str, loop: ForEach) -> str:
    return format_argument_word(Value("bare", (Text(text, loop.span),), loop.span))
