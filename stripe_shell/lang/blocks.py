"""Blocks and loops under construction, before the parser has read their end."""

from __future__ import annotations

from stripe_shell.diagnostics import Span
from stripe_shell.lang.ast import Block, Comment, Directive, Key, Loop, Param, ResponseSection, ScriptItem
from stripe_shell.lang.reading import Reading
from stripe_shell.records import field, record


@record(frozen=False)
class OpenBlock:
    """A block whose end has not been read yet."""

    connection: str | None
    connection_span: Span
    items: list[Param | Directive | Comment]
    inline: int
    end: int
    keys: dict[tuple[str, ...], Key] = field(default_factory=dict)
    directives: dict[str, Span] = field(default_factory=dict)
    response: ResponseSection | None = None
    #: Whether a blank line ends the block.
    begun: bool = False

    def close(self, reading: Reading) -> Block:
        """Returns the finished block."""
        start = self.connection_span.start - (self.connection is not None)
        return Block(
            self.connection,
            tuple(self.items),
            self.inline,
            self.response,
            self.connection_span,
            reading.span(start, self.end),
        )


@record(frozen=False)
class OpenLoop:
    """The items of the script, or of a `@foreach` whose `@end` has not been read yet."""

    directive: Directive | None
    items: list[Block | Directive | Comment | Loop | OpenBlock] = field(default_factory=list)

    def close(self, reading: Reading) -> tuple[ScriptItem, ...]:
        """Returns the finished items."""
        return tuple(item.close(reading) if isinstance(item, OpenBlock) else item for item in self.items)


@record
class BlockEnding:
    """The cause of a block's end, for the message about a later line; `deletable`: a fix may delete that blank line."""

    block: OpenBlock
    span: Span
    what: str
    deletable: bool
