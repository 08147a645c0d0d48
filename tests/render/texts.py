"""Kinds of texts that people give their objects, and objects of every kind that have them in the place of each text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: The texts by their kind; None stands for null.
TEXTS: Final[Mapping[str, str | None]] = {
    "plain": "Ann Lee",
    "accents": "Jose\u0301 Groß",
    "wide": "山田 太郎",
    "full width": "\uff21\uff22\uff23",
    "emoji": "🎉 Party 🚀",
    "sequences": "👩\u200d👩\u200d👧 ❤\ufe0f 🇨🇭",
    "hebrew": "שלום עולם",
    "arabic": "مرحبا بالعالم",
    "thai": "สวัสดีชาวโลก",
    "zero width": "Ann\u200bLee\ufeff",
    "control": "two\u202e\x1b]0;owned\x07\nx\ty",
    "long": "A very long text that no terminal has room for, " * 20,
    "long and wide": "日本語の説明" * 40,
    "long word": "x" * 500,
    "null": None,
    "empty": "",
}

#: Members whose texts are people's own.
_NAMES: Final = frozenset({
    "name", "description", "email", "nickname", "display_name", "phone", "number", "code", "statement_descriptor",
    "customer_name", "customer_email", "url", "line1", "city", "postal_code", "memo", "event_name", "receipt_email",
    "value", "return_url", "success_url", "hosted_invoice_url",
})  # fmt: skip


def with_text(body: Any, text: str | None, name: str = "") -> Any:
    """Returns a copy of JSON data with the text in the place of each text of a person's own, and of metadata."""
    if isinstance(body, dict):
        own = name == "metadata"
        return {key: with_text(value, text, "name" if own else key) for key, value in body.items()}
    if isinstance(body, list):
        return [with_text(value, text) for value in body]
    return text if name in _NAMES and isinstance(body, str | None) else body
