"""The parser: converts text to the syntax tree and collects every problem; never raises, whatever the text."""

from __future__ import annotations

import gc
from collections.abc import Callable

from stripe_shell.diagnostics import Diagnostic, SourceText, Span, sort_diagnostics
from stripe_shell.lang.ast import (
    Block,
    Comment,
    Directive,
    Key,
    Loop,
    Param,
    ResponseSection,
    Script,
)
from stripe_shell.lang.blocks import BlockEnding, OpenBlock, OpenLoop
from stripe_shell.lang.commands import ALIASES, COMMANDS
from stripe_shell.lang.directives import CONNECTION, DIRECTIVES, DirectiveDefinition, parse_argument
from stripe_shell.lang.lines import BLANKS, INLINE_NAME, LineKind, LogicalLine, read_lines, value_end
from stripe_shell.lang.mistakes import (
    ASSIGNED,
    BY_HAND,
    GLUED,
    INLINE_START,
    assigned_value,
    glued_value,
    not_a_line,
    unknown_directive,
    works_by_hand,
)
from stripe_shell.lang.paths import parse_key, parse_path
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.values import bare_value, json_error, parse_template, parse_value, parse_word
from stripe_shell.patterns import pattern
from stripe_shell.records import replace

__all__ = ["Parser", "parse", "parse_path", "parse_template"]

_BARE_COMMAND = pattern(r"(help|exit|quit|\?)(?:[ \t\r]+(?=\S)|\Z)")
#: The maximum nesting of `@foreach`, the script itself counted, so that a recursive walk of the tree is safe.
_DEEPEST = 21


def parse(
    source: SourceText, *, prompt: bool = False, start: int = 0, end: int | None = None
) -> tuple[Script, tuple[Diagnostic, ...]]:
    """Parses `source.text[start:end]`; returns the script and its problems in the order of the text.

    `prompt` also accepts the input of the prompt and the command line: the inline form without its header (`create
    customer email=a@b.co`), prompt commands (`@help`), and the bare `help`, `?`, `exit`, `quit`. A text with problems
    still gives the script of its valid lines.
    """
    parser = Parser(source, prompt=prompt)
    with _NoCollection():
        for line in read_lines(source.text, start, end):
            parser.read(line)
        return parser.finish()


class _NoCollection:
    """Turns off the cyclic garbage collector: a tree creates no garbage, and scanning it takes longer than parsing."""

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        if self._was_on:
            gc.enable()


class Parser:
    """Reads logical lines one after the other; `finish` returns the script and its problems."""

    def __init__(self, source: SourceText, *, prompt: bool = False) -> None:
        self.reading = Reading(source)
        self.prompt = prompt
        self.block: OpenBlock | None = None
        self.loops = [OpenLoop(None)]
        self._comments: list[Comment] = []
        self._blank: LogicalLine | None = None
        self._ending: BlockEnding | None = None
        self._check_characters()

    def read(self, line: LogicalLine) -> None:
        """Reads the next line; skips it if it has a mistake, which is recorded."""
        try:
            _READERS[line.kind](self, line)
        except Mistake as mistake:
            self.reading.problems.append(mistake.diagnostic)

    def finish(self) -> tuple[Script, tuple[Diagnostic, ...]]:
        """Returns the script of all lines read, and the problems in the order of the text."""
        self._close_block(None, "")
        self._flush_comments()
        while len(self.loops) > 1:
            loop = self.loops[-1].directive
            if loop is not None:
                self.reading.problem("E113", "`@foreach` without `@end`", loop.name_span, "write `@end` below it")
            self._close_loop(loop.span.end if loop else 0)
        script = Script(self.loops[0].close(self.reading), self.reading.source)
        return script, tuple(sort_diagnostics(self.reading.problems)) if self.reading.problems else ()

    # --- parameters -------------------------------------------------------------------------------------

    def _param(self, line: LogicalLine) -> None:
        reading = self.reading
        source = reading.source
        _, _, body, word, value, end, _, _ = line
        block = self.block or self._stray(line, "parameter")
        block.begun = True
        if self._comments:
            self._take_comments(block)
        name = source.text[body:word]
        if name.isidentifier() and name.isascii() and name.islower():
            span = Span(source, body, word)
            key = Key((name,), span, (span,))
        else:
            key = self._key(line)
        block.end = end
        self._add_param(block, Param(key, parse_value(reading, value, end), Span(source, body, end)))

    def _key(self, line: LogicalLine) -> Key:
        try:
            return parse_key(self.reading, line.body, line.word)
        except Mistake as mistake:
            glued = GLUED.match(self.reading.text, line.start, line.word)
            if not glued:
                raise
            raise glued_value(self.reading, line, glued) from mistake

    def _meant_param(self, line: LogicalLine, mistake: Mistake, name_end: int, value_start: int) -> None:
        """Adds the parameter meant by `email:x` or `email = x`, so that `email` is not reported as missing as well."""
        block = self.block or self._stray(line, "parameter")
        self.reading.problems.append(mistake.diagnostic)
        block.begun, block.end = True, line.end
        key = parse_key(self.reading, line.body, name_end)
        value = parse_value(self.reading, value_start, line.end)
        self._add_param(block, Param(key, value, self.reading.span(line.body, line.end)))

    def _add_param(self, block: OpenBlock, param: Param) -> None:
        key = param.key
        first = block.keys.setdefault(key.path, key)
        if first is not key and "" not in key.path:
            message = f"`{key.span.text}` is given twice"
            context = ((first.span, "first given here"),)
            self.reading.problem("E105", message, key.span, "remove one of them", context=context)
            return
        block.items.append(param)

    # --- the ends of blocks -----------------------------------------------------------------------------

    def _end_paragraph(self, line: LogicalLine) -> None:
        if self.block is not None and self.block.begun:
            self._take_comments(self.block)
            self._close_block(self.reading.span(line.start, line.end), "this blank line")
        if self._blank is None:
            self._blank = line

    def _close_block(self, by: Span | None, what: str) -> None:
        """Closes the open block, if there is one."""
        block, self.block = self.block, None
        if block is None:
            return
        self._ending = BlockEnding(block, by, what, what == "this blank line") if by else None
        if by is None and block.begun:
            self._take_comments(block)
        if not block.begun:
            label = "give it an `action:` and an `entity:`"
            self.reading.problem("E109", "a block with nothing in it", block.connection_span, label)

    def _stray(self, line: LogicalLine, what: str) -> OpenBlock:
        """Reports a line that is valid only in a block, and continues in a block as if it were open."""
        reading = self.reading
        at = reading.span(line.body, line.word)
        code = "E103" if what == "parameter" else "E112"
        message = f"{what} outside a block"
        ending = self._ending
        self._ending = None
        if ending is None:
            reading.problem(code, message, at, "a block opens with a line like `/sandbox`")
            self.block = OpenBlock(None, reading.span(line.body, line.body), [], 0, line.end, begun=True)
            return self.block
        number = reading.source.location(ending.block.connection_span.start)[0]
        context = ((ending.span, f"{ending.what} ended the block that starts on line {number}"),)
        fix = None
        if ending.deletable and not reading.text[ending.span.start : line.start].strip():
            first, last = ending.span.location()[0], reading.source.location(line.start)[0] - 1
            title = f"delete line {first}" if first == last else f"delete lines {first} to {last}"
            fix = reading.fix(ending.span.start, line.start, "", title)
        reading.problem(code, message, at, "" if fix else "move it into the block", fix=fix, context=context)
        self.block = ending.block
        self._blank = None
        return self.block

    # --- comments ---------------------------------------------------------------------------------------

    def _comment(self, line: LogicalLine) -> None:
        text = self.reading.text[line.word : line.end]
        comment = Comment(text, False, self.reading.span(line.body, line.end))
        if self.block is not None:
            self._comments.append(comment)
        else:
            self._push(comment)

    def _take_comments(self, block: OpenBlock) -> None:
        """Moves the comments read since the block's last line into the block."""
        if self._comments:
            block.items.extend(self._comments)
            block.end = self._comments[-1].span.end
            self._comments.clear()

    def _flush_comments(self) -> None:
        """Moves the comments read since the last line of a block behind the block."""
        for comment in self._comments:
            self._push(comment)
        self._comments.clear()

    def _push(self, item: Block | Directive | Comment | OpenBlock) -> None:
        self._separate()
        self.loops[-1].items.append(item)

    def _separate(self) -> None:
        """Marks the last comment as detached if a blank line and then another item follow it."""
        items = self.loops[-1].items
        if self._blank is not None and items and isinstance(last := items[-1], Comment):
            items[-1] = Comment(last.text, True, last.span)
        self._blank = None

    # --- headers and the inline form --------------------------------------------------------------------

    def _header(self, line: LogicalLine) -> None:
        reading = self.reading
        name = CONNECTION.match(reading.text, line.body + 1, line.end)
        end = name.end() if name else line.body + 1
        self._open_block(line, end, name[0] if name else "", reading.span(line.body + 1, end))
        if name is None:
            message = "a block header without the name of a connection"
            raise Mistake("E109", message, reading.span(line.body, line.body + 1), "write e.g. `/sandbox`")
        if end < line.end and reading.text[end] not in BLANKS:
            stop = end
            while stop < line.end and reading.text[stop] not in BLANKS:
                stop += 1
            label = "a name has letters, digits, `_`, `-` and `.`"
            raise Mistake("E109", "not the name of a connection", reading.span(line.body, stop), label)
        self._inline(end, line.end)

    def _open_block(self, line: LogicalLine, end: int, name: str | None, span: Span) -> None:
        block = OpenBlock(name, span, [], 0, end)
        self._close_block(self.reading.span(line.start, line.end), "this line")
        self._flush_comments()
        self._push(block)
        self.block = block
        self._ending = None

    def _inline(self, pos: int, end: int) -> None:
        """Parses the words after a header: action, entity, `key=value` …"""
        text, block = self.reading.text, self.block
        positional = ["action", "entity"]
        while block is not None:
            while pos < end and text[pos] in BLANKS:
                pos += 1
            if pos >= end:
                break
            if by_hand := BY_HAND.match(text, pos, end):
                self.reading.problems.append(works_by_hand(self.reading.span(*by_hand.span(1))).diagnostic)
                break
            try:
                param, pos = self._inline_word(pos, end, positional)
            except Mistake as mistake:
                self.reading.problems.append(mistake.diagnostic)
                pos = max(parse_word(Reading(self.reading.source), pos, end)[1], pos + 1)
                continue
            block.end = pos
            block.begun = True
            self._add_param(block, param)
            block.inline = len(block.items)

    def _inline_word(self, pos: int, end: int, positional: list[str]) -> tuple[Param, int]:
        reading = self.reading
        named = INLINE_NAME.match(reading.text, pos, end)
        if named:
            key = parse_key(reading, pos, named.end(1))
            value, stop = parse_word(reading, named.end(), end)
            if key.path[0] in positional:
                del positional[: positional.index(key.path[0]) + 1]
            return Param(key, value, reading.span(pos, stop)), stop
        value, stop = parse_word(reading, pos, end)
        if not positional:
            word = reading.text[pos:stop]
            meant = f"write `id={word}`" if "_" in word and word.isidentifier() else "quote a value that holds blanks"
            raise Mistake("E109", f"`{word}` is not `key=value`", value.span, meant)
        key = Key((positional.pop(0),), value.span, (value.span,))
        return Param(key, value, value.span), stop

    # --- directives -------------------------------------------------------------------------------------

    def _directive(self, line: LogicalLine) -> None:
        name = self.reading.text[line.body + 1 : line.word]
        at = self.reading.span(line.body, line.word)
        definition = DIRECTIVES.get(name)
        if definition is None:
            if name not in COMMANDS and name not in ALIASES:
                raise unknown_directive(self.reading, name, at, prompt=self.prompt)
            self._command(line, ALIASES.get(name, name), at)
        elif definition.place == "block" or (definition.place == "both" and self.block is not None):
            self._block_directive(line, definition, at, self.block or self._stray(line, f"`@{name}`"))
        else:
            self._top_directive(line, definition, at)

    def _block_directive(self, line: LogicalLine, definition: DirectiveDefinition, at: Span, block: OpenBlock) -> None:
        name = definition.name
        self._take_comments(block)
        block.begun = True
        block.end = line.end
        first = block.directives.get(name)
        if first is not None and not definition.repeatable:
            context = ((first, "first given here"),)
            self.reading.problem("E116", f"`@{name}` is given twice", at, "remove one of them", context=context)
            return
        block.directives[name] = at
        argument = parse_argument(self.reading, definition, at, line.value, line.end)
        block.items.append(Directive(name, argument, at, self.reading.span(line.body, line.end)))

    def _top_directive(self, line: LogicalLine, definition: DirectiveDefinition, at: Span) -> None:
        name = definition.name
        if name == "end" and self.block is not None:
            self._take_comments(self.block)
        self._close_block(at, f"`@{name}`")
        self._flush_comments()
        if name == "end":
            self._end_loop(line, at)
            return
        if name == "foreach":
            self._open_loop(line, at)
        else:
            argument = parse_argument(self.reading, definition, at, line.value, line.end)
            self._push(Directive(name, argument, at, self.reading.span(line.body, line.end)))

    def _open_loop(self, line: LogicalLine, at: Span) -> None:
        """Opens a loop. One that does not parse or is nested too deep is skipped up to its `@end`."""
        directive = Directive("foreach", None, at, self.reading.span(line.body, line.end))
        self._ending = None
        self._separate()
        self.loops.append(OpenLoop(directive))
        if len(self.loops) > _DEEPEST:
            raise Mistake("E113", f"loops nested deeper than {_DEEPEST - 1}", at, "take some of them apart")
        argument = parse_argument(self.reading, DIRECTIVES["foreach"], at, line.value, line.end)
        self.loops[-1].directive = replace(directive, argument=argument)

    def _end_loop(self, line: LogicalLine, at: Span) -> None:
        self._blank = None
        self._ending = None
        if len(self.loops) == 1:
            raise Mistake("E113", "`@end` without `@foreach`", at, "remove it")
        self._close_loop(line.end)
        parse_argument(self.reading, DIRECTIVES["end"], at, line.value, line.end)

    def _close_loop(self, end: int) -> None:
        loop = self.loops.pop()
        if loop.directive is not None and loop.directive.argument is not None:
            span = self.reading.span(loop.directive.span.start, end)
            self.loops[-1].items.append(Loop(loop.directive, loop.close(self.reading), span))

    def _command(self, line: LogicalLine, name: str, at: Span) -> None:
        if not self.prompt:
            raise Mistake("E112", f"`@{name}` works at the prompt", at, "remove it from the script")
        self._close_block(at, f"`@{name}`")
        self._flush_comments()
        argument = parse_value(self.reading, line.value, line.end) if line.value < line.end else None
        self._push(Directive(name, argument, at, self.reading.span(line.body, line.end)))

    # --- the rest ---------------------------------------------------------------------------------------

    def _response(self, line: LogicalLine) -> None:
        reading = self.reading
        at = reading.span(line.body, line.word)
        block = self.block
        if block is None and self._ending is not None and self._ending.deletable:
            block = self._ending.block
        if block is None or block.response is not None:
            raise Mistake("E114", "`Response:` without a block above it", at, "it follows the block it answers")
        self._take_comments(block)
        self.block = block
        self._close_block(at, "`Response:`")
        start = line.word
        while start < line.end and reading.text[start] in " \t\r\n":
            start += 1
        if start >= line.end or reading.text[start] not in "{[":
            raise Mistake("E114", "`Response:` without JSON", at, "the JSON starts on the next line")
        close = value_end(reading.text, start, line.end)
        if close < 0:
            opener = reading.span(start, start + 1)
            raise Mistake("E106", "this JSON never closes", opener, "close it")
        block.end = close
        text = reading.text[start:close]
        block.response = ResponseSection(text, reading.span(start, close), reading.span(line.body, close))
        if close < line.end:
            reading.problem("E114", "text after the JSON", reading.span(close, line.end), "remove it")
        if error := json_error(text):
            where = min(start + error[0], close - 1)
            reading.problem("E114", f"not JSON: {error[1]}", reading.span(where, where + 1), "mend the JSON")

    def _other(self, line: LogicalLine) -> None:
        reading = self.reading
        if glued := GLUED.match(reading.text, line.start, line.end):
            self._meant_param(line, glued_value(reading, line, glued), glued.end(1), glued.end())
            return
        if self.block is not None and (assigned := ASSIGNED.match(reading.text, line.start, line.end)):
            value_start = assigned.start(2) if assigned[2] else line.end
            self._meant_param(line, assigned_value(reading, line, assigned), assigned.end(1), value_start)
            return
        if self.prompt and self.block is None:
            if command := _BARE_COMMAND.match(reading.text, line.body, line.end):
                name = ALIASES.get(command[1], command[1])
                argument = bare_value(reading, command.end(), line.end) if command.end() < line.end else None
                at = reading.span(*command.span(1))
                self._push(Directive(name, argument, at, reading.span(line.body, line.end)))
                return
            if INLINE_START.match(reading.text, line.body, line.end):
                self._open_block(line, line.body, None, reading.span(line.body, line.body))
                self._inline(line.body, line.end)
                return
        raise not_a_line(reading, line, in_block=self.block is not None)

    def _check_characters(self) -> None:
        try:
            self.reading.text.encode()
        except UnicodeEncodeError as error:
            span = self.reading.span(error.start, error.start + 1)
            self.reading.problem("E101", "not a character: the text is not UTF-8", span, "save the file as UTF-8")


_READERS: dict[LineKind, Callable[[Parser, LogicalLine], None]] = {
    "param": Parser._param,
    "blank": Parser._end_paragraph,
    "comment": Parser._comment,
    "header": Parser._header,
    "directive": Parser._directive,
    "response": Parser._response,
    "other": Parser._other,
}
