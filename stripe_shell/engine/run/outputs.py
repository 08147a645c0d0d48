"""Opens what takes the rows of a response: a file of `@out`, that of a loop, standard output, or a spool for a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from stripe_shell.engine.api_versions import table_named
from stripe_shell.engine.fields import FieldSteps, field_names
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.paths import evaluate_output, output_of
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.run.ledger import StepLedger
from stripe_shell.engine.run.paging import has_pages
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run.row_spool import RowSpool
from stripe_shell.engine.run.row_target import OpenRows, StreamRows
from stripe_shell.engine.run.rows import RowOutput, open_journalled, open_row_output, row_target
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, Expectation, Match, Name
from stripe_shell.records import record
from stripe_shell.secrets import Secrets
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

#: Opens what takes the rows of a response; None if it is kept whole. Raises NotSent.
OpenResult = Callable[[Outcome, Request], RowOutput | None]


@record
class Outputs:
    """Opens what takes the rows of responses; `table`, `open_rows`, `stream` and `spools` are those of the `Engine`."""

    table: Table
    open_rows: OpenRows
    stream: StreamRows | None
    spools: Mapping[str, Set[FieldSteps]]

    def open(
        self, outcome: Outcome, request: Request, *, link: Link, scope: Scope, step: StepLedger, lines: RowLines | None
    ) -> RowOutput | None:
        """Returns the file of the block's `@out`, or the stream for a long list; None if the response is kept whole.

        `lines` takes the rows if they are for the file of a loop. Raises NotSent.
        """
        call, output, masks = outcome.call, output_of(outcome.block), _masks(scope, link)
        if output is not None and lines is not None:
            return RowOutput(str(evaluate_output(output, scope).value), lines.sink(output, masks))
        long = call is not None and call.pages != 1 and not speaks_of_rows(outcome.block)
        spool = self._spool(outcome)
        if call is None or (output is None and not ((long or spool) and self.stream is not None)):
            return None
        fields, table = field_names(output) if output else (), self._table_of(outcome, link)
        target = row_target(call.operation, fields, table, masks, whole=call.pages == 1)
        if output is not None:
            noted = step if long else None
            file = open_journalled(output, target, request, scope, open_rows=self.open_rows, step=noted)
            file.spool = spool
            return file
        sink = self.stream(target) if self.stream is not None and call.operation.response.is_list else None
        return RowOutput("", sink, spool=spool) if sink is not None else None

    def _spool(self, outcome: Outcome) -> RowSpool | None:
        """Returns what keeps the rows of a block's list for loops; None if they are kept in memory."""
        name, call = saved_name(outcome.block), outcome.call
        if call is None or call.pages == 1 or name is None or name.text not in self.spools:
            return None
        judged = any(isinstance(each.argument, Expectation | Match) for each in outcome.block.directives)
        return None if judged else RowSpool(self.spools[name.text])

    def open_for_loop(self, block: Block, scope: Scope, *, resolver: Resolver) -> RowOutput | None:
        """Opens the file of a block that a loop writes, as far as its columns are known. Raises NotSent."""
        output, operation = output_of(block), resolver.operation(block)
        if output is None:
            return None
        whole = not has_pages(block)
        target = row_target(
            operation, field_names(output), resolver.table_of(block, scope), lambda: scope.masks, whole=whole
        )
        return open_row_output(output, target, scope, self.open_rows)

    def open_for_plan(self, block: Block, scope: Scope, *, resolver: Resolver) -> RowOutput | None:
        """Opens the file of a block that a loop writes if a later loop reads it, and its block writes nothing else."""
        wanted = any(feed.block is block and not feed.writes for feed in resolver.feeds.values())
        return self.open_for_loop(block, scope, resolver=resolver) if wanted else None

    def _table_of(self, outcome: Outcome, link: Link) -> Table:
        """Returns the table of the API version that the request asks for."""
        version = (outcome.call.version if outcome.call else None) or link.version
        return table_named(self.table, version) if version else self.table


def _masks(scope: Scope, link: Link) -> Callable[[], Secrets]:
    """Returns what tells the secrets of a scope and of a connection, which may fetch a token with the next request."""
    return lambda: scope.masks.union(link.secrets())


def speaks_of_rows(block: Block) -> bool:
    """Whether the block asserts on its response or saves it, so that rows written to a file stay in memory too."""
    return any(isinstance(directive.argument, Expectation | Match | Name) for directive in block.directives)


def saved_name(block: Block) -> Name | None:
    """Returns the name that `@as` gives the response."""
    return block.argument(Name)
