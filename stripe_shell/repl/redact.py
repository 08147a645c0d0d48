"""Redacts typed text before it is stored: secrets, keys, and card and bank account numbers."""

from __future__ import annotations

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import Param, ScriptItem
from stripe_shell.lang.lines import read_lines
from stripe_shell.lang.parser import parse
from stripe_shell.lang.visit import blocks_in
from stripe_shell.patterns import pattern
from stripe_shell.secrets import MASK, Secrets, passes_luhn

#: Parameters whose value is redacted, by the last part of their name.
_SENSITIVE = frozenset(
    {"cvc", "account_number", "iban", "id_number", "ssn_last_4", "client_secret", "password", "payload", "token"}
)


#: Digits with blanks or dashes between, as a card number may be written.
_DIGITS = pattern(r"\d+(?:[^\S\n]{1,3}\d+|[-\u2010-\u2015]\d+)*")
_GROUP = pattern(r"\d+")
_CARD_DIGITS = range(13, 20)


def redact(text: str, secrets: Secrets) -> str:
    """Returns the text with the values of `@secret`, of keys, of cards and of bank accounts replaced."""
    script, _ = parse(SourceText("<prompt>", text), prompt=True)
    cuts = {*_secret_lines(text), *_sensitive(script.items)}
    return _mask_cards(secrets.mask(_replace(text, cuts)))


def hide_secrets(text: str, secrets: Secrets) -> str:
    """Returns the text with the values of `@secret` and of keys replaced; cards and accounts stay as typed."""
    return secrets.mask(_replace(text, set(_secret_lines(text))))


def _replace(text: str, cuts: set[tuple[int, int, str]]) -> str:
    for start, end, replacement in sorted(cuts, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _mask_cards(text: str) -> str:
    """Returns the text with each card number in it masked: 13 to 19 digits whose Luhn sum is right."""
    return _DIGITS.sub(lambda match: _mask_card(match[0]), text)


def _mask_card(digits: str) -> str:
    """Masks the first card number among groups of digits, and those behind it."""
    groups = list(_GROUP.finditer(digits))
    for first, start in enumerate(groups):
        number = ""
        for end in groups[first:]:
            number += end[0]
            if len(number) in _CARD_DIGITS and passes_luhn(number):
                return f"{digits[: start.start()]}{MASK}{_mask_card(digits[end.end() :])}"
            if len(number) >= _CARD_DIGITS.stop:
                break
    return digits


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
