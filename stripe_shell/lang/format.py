"""The formatter: writes the canonical text of a script, which parses to an equal tree."""

from __future__ import annotations

from collections.abc import Sequence

from stripe_shell.lang.ast import Block, Comment, Directive, Loop, Param, Script, ScriptItem
from stripe_shell.lang.directives import format_directive
from stripe_shell.lang.lines import INLINE_NAME
from stripe_shell.lang.spelling import format_key, format_value, format_word
from stripe_shell.lang.visit import Visitor
from stripe_shell.records import field, record

_INDENT = "  "


def format_script(script: Script) -> str:
    """Returns the canonical text: one blank line between blocks, loops indented, comments kept."""
    formatter = _Formatter("")
    formatter.visit_items(script.items)
    return "".join([f"{line}\n" for line in formatter.lines])


def format_block(block: Block) -> str:
    """Returns one block, without a line end after its last line."""
    formatter = _Formatter("")
    formatter.visit_block(block)
    return "\n".join(formatter.lines)


@record
class _Formatter(Visitor):
    """Collects lines, each indented by `indent`."""

    indent: str
    lines: list[str] = field(default_factory=list)

    def visit_items(self, items: Sequence[ScriptItem]) -> None:
        """Formats the items of a script or a loop, with blank lines between them."""
        for index, item in enumerate(items):
            if index and _is_apart(items, index):
                self.lines.append("")
            self.visit(item)

    def visit_loop(self, loop: Loop) -> None:
        self.visit_directive(loop.directive)
        body = _Formatter(self.indent + _INDENT, self.lines)
        body.visit_items(loop.items)
        self.lines.append(f"{self.indent}@end")

    def visit_block(self, block: Block) -> None:
        header = "" if block.connection is None else f"/{block.connection}"
        words = _inline_words(block)
        first = " ".join([part for part in (header, *(words or ())) if part])
        if first:
            self.lines.append(self.indent + first)
        for item in block.items[block.inline if words is not None else 0 :]:
            self.visit(item)
        if block.response is not None:
            self.lines.extend([f"{self.indent}Response:", self.indent + block.response.text])

    def visit_param(self, param: Param) -> None:
        text = f"{format_key(param.key)}: {format_value(param.value, self.indent)}"
        self.lines.append(self.indent + text.rstrip(" "))

    def visit_directive(self, directive: Directive) -> None:
        self.lines.append(self.indent + format_directive(directive.name, directive.argument, self.indent))

    def visit_comment(self, comment: Comment) -> None:
        self.lines.append(f"{self.indent}#{comment.text}")


def _is_apart(items: Sequence[ScriptItem], index: int) -> bool:
    """Whether a blank line separates the item from the one before."""
    before, item = items[index - 1], items[index]
    if isinstance(before, Comment):
        return before.detached
    if isinstance(before, Block | Loop) or isinstance(item, Block):
        return True
    return isinstance(item, Comment) and _leads_to_block(items, index)


def _leads_to_block(items: Sequence[ScriptItem], index: int) -> bool:
    """Whether the comments from `index` on are followed by a block or a loop, or are detached."""
    for item in items[index:]:
        if not isinstance(item, Comment):
            return isinstance(item, Block | Loop)
        if item.detached:
            return True
    return False


def _inline_words(block: Block) -> list[str] | None:
    """Returns the words of the header line; None if one of them needs a line of its own."""
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
