"""The secrets of a script, collected before it runs: the values of `@secret`, evaluated and as written."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import Program
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.lang.ast import Directive
from stripe_shell.lang.lines import read_lines
from stripe_shell.patterns import pattern
from stripe_shell.secrets import Secrets

_REFERENCE = pattern(r"\$\{[^}\n]*?(?::-([^}\n]*))?\}")
#: The minimum length for masking text around a reference in a secret; shorter text, such as `-`, is too frequent.
_SHORTEST_PART = 4


def secrets_of_program(program: Program, scope: Scope) -> Secrets:
    """Returns the masks for the secrets of the script, for its messages and its requests."""
    secrets = Secrets().plus(*(text for source in program.sources for text in written_secrets(source)))
    if not any("@secret" in source.text for source in program.sources):
        return secrets
    for item in program.items:
        if isinstance(item, Directive):
            scope = apply_directive(item, scope)
            secrets = secrets.plus(*scope.secret_values())
    return secrets


def written_secrets(source: SourceText) -> Iterator[str]:
    """Yields the texts written in `@secret` lines, invalid ones included, since a diagnostic quotes its line."""
    if "@secret" not in source.text:
        return
    for line in read_lines(source.text):
        if line.kind == "directive" and source.text[line.body : line.word].rstrip(":") == "@secret":
            yield from _hidden_parts(source.text[line.value : line.end])


def _hidden_parts(argument: str) -> Iterator[str]:
    """Yields the literal texts of `NAME = VALUE`; each line of a multi-line value, as an excerpt shows single lines."""
    name, equals, value = argument.partition("=")
    if not equals:
        value = name.partition(" ")[2]
    references = list(_REFERENCE.finditer(value))
    yield from (match[1] for match in references if match[1])
    for part in _REFERENCE.sub("\n", value).split("\n"):
        text = part.strip().strip("\"'").strip()
        if text and (not references or len(text) >= _SHORTEST_PART):
            yield text
