"""Redacts typed text before it is stored: secrets, keys, and card and bank account numbers."""

from __future__ import annotations

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import Param, ScriptItem
from stripe_shell.lang.lines import read_lines
from stripe_shell.lang.parser import parse
from stripe_shell.lang.visit import blocks_in
from stripe_shell.secrets import MASK, Secrets

#: Parameters whose value is redacted, by the last part of their name.
_SENSITIVE = frozenset(
    {"cvc", "account_number", "iban", "id_number", "ssn_last_4", "client_secret", "password", "payload", "token"}
)


def redact(text: str, secrets: Secrets) -> str:
    """Returns the text with the values of `@secret`, of keys, of cards and of bank accounts replaced."""
    script, _ = parse(SourceText("<prompt>", text), prompt=True)
    cuts = sorted({*_secret_lines(text), *_sensitive(script.items)}, reverse=True)
    for start, end, replacement in cuts:
        text = text[:start] + replacement + text[end:]
    return secrets.mask(text)


def _secret_lines(text: str) -> list[tuple[int, int, str]]:
    """Returns start, end and an empty text for the value of every `@secret` line, valid or not."""
    cuts = []
    for line in read_lines(text):
        if line.kind == "directive" and text[line.body : line.word] == "@secret":
            equals = text.find("=", line.value, line.end)
            cuts.append((equals + 1 if equals >= 0 else line.value, line.end, ""))
    return cuts


def _sensitive(items: tuple[ScriptItem, ...]) -> list[tuple[int, int, str]]:
    params = [param for block in blocks_in(items) for param in block.params if _is_sensitive(param)]
    return [(param.value.span.start, param.value.span.end, MASK) for param in params]


def _is_sensitive(param: Param) -> bool:
    if param.value.references or not param.value.parts:
        return False
    return param.key.path[-1] in _SENSITIVE or param.key.path[-2:] == ("card", "number")
