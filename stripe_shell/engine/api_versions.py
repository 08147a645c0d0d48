"""The API version of a block: which one applies, the table that it has, and versions that do not exist."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.evaluate import evaluate_text
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Value
from stripe_shell.lang.directives import setting_text
from stripe_shell.patterns import pattern
from stripe_shell.spec.table import Table

_DATE = pattern(r"\d{4}-\d{2}-\d{2}")


def table_of(block: Block, scope: Scope, table: Table, links: Links | None) -> Table:
    """Returns the table of the version that the block's request will ask for; `table` for the current version.

    The block's own `@version` counts before the script's, and both before the connection's. A version that is not known
    yet, at the check or to this table, is judged as the current one.
    """
    version = _stated(block, scope)
    if not version and links is not None:
        link = links.find(connection_of(block, scope, links), None)
        version = link.version if isinstance(link, Link) else None
    return table if not version else table_named(table, version)


def table_named(table: Table, version: str) -> Table:
    """Returns the table of the version that a text names; `table` itself if the text names none."""
    if version == table.version:
        return table
    from stripe_shell.spec.versions.known import read_version
    from stripe_shell.spec.versions.table import table_at

    known = read_version(version)
    return table if known is None else table_at(table, known)


def _stated(block: Block, scope: Scope) -> str | None:
    """Returns the version of the block's `@version`, else of the scope; None without one, or if it is not known yet."""
    for directive in block.directives:
        if directive.name == "version" and isinstance(directive.argument, Value):
            evaluated = evaluate_text(directive.argument, scope)
            known = not evaluated.problems and not is_deferred(evaluated.value)
            return setting_text("version", evaluated.value.strip()) if known else None
    return scope.settings.version


def check_version(text: str, span: Span) -> list[Diagnostic]:
    """Returns E204 for a version that Stripe does not have; one after the newest that is known may exist by now."""
    from stripe_shell.spec.versions.known import known_versions, read_version

    known = known_versions()
    if read_version(text) is not None or (_DATE.match(text) and text[:10] > known[-1][:10]):
        return []
    near = [version for version in known if version[:10] == text[:10]] or [closest(text, known) or ""]
    label = f"did you mean `{near[0]}`?" if near[0] else f"the newest is `{known[-1]}`"
    return [Diagnostic("E204", f"there is no API version `{text}`", span, label=label)]
