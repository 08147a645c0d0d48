"""The formatter: the canonical text of a script. What it writes reads back as the very same tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stripe_shell.lang.ast import Block, Comment, Directive, Item, Loop, Param, Script
from stripe_shell.lang.directives import format_directive
from stripe_shell.lang.lines import INLINE_NAME
from stripe_shell.lang.spelling import format_key, format_value, format_word

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
        return [indent + format_directive(item.name, item.argument, indent)]
    return [f"{indent}#{item.text}"]


def _loop(loop: Loop, indent: str) -> list[str]:
    body = [line for chunk in _items(loop.items, indent + _INDENT) for line in chunk]
    return [indent + format_directive(loop.directive.name, loop.directive.argument, indent), *body, f"{indent}@end"]


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
        return format_directive(item.name, item.argument, indent)
    return f"#{item.text}"
