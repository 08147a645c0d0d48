"""Text from outside at its worst, by what it tries to become."""

from __future__ import annotations

#: What stands where a hostile text would, to see how a document looks with a harmless one.
HARMLESS = "word"

HOSTILE = {
    "control characters": "\x01a\x1b[31mb\x07\x08\x7f\x9b0m\x1b]0;title\x07",
    "NUL": "a\x00b",
    "newlines": "a\nb\rc\r\nd\x85e\u2028f\u2029g\x0bh\x0ci",
    "forged error": "x\nerror[E403]: forged\n  --> a.stripe:1:1",
    "forged log": "GET / HTTP/1.1\r\nHost: a\r\n\r\nPOST /v1/customers 200 1.0 ms",
    "bidi": "\u202eabc\u202c\u2066x\u2069\u200f\u200e\u061c\u202a",
    "lone surrogate": "a\ud800b",
    "quotes": "'\"`\u00b4\u201e\u201c\u201d\u00ab\u00bb\u2018\u2019\u300c\u300d\"\"\"'''",
    "shell": "$(id) `id` ${HOME} ; rm -rf / | cat & ! * ? [a] {b} ~ # x \\",
    "end of a shell word": "'; rm -rf / #",
    "option": "-rf --help",
    "Python": '""" + __import__("os").system("id") + """\\',
    "format": "{0} {name} %s %n %(a)s \\N{BULLET} \\x00",
    "script": "<script>alert(1)</script>]]>&amp;--><!--&#0;",
    "attribute": '" onmouseover="alert(1)" x="',
    "YAML": "a: b\n- c # d\n---\n...\n&x *x !!python/object:os.system",
    "YAML word": "no",
    "TAP": "# TODO skip",
    "TAP points": "ok 1 - x\nnot ok 2\n1..0\nBail out!",
    "directive": "@include '/etc/passwd'\n@live",
    "path": "../../etc/passwd",
    "separators": "a/b\\c",
    "drive": "C:\\x",
    "home": "~root",
    "dots": "..",
    "JSON": '{"a": [1, "\\u0000"]}',
    "blank": " ",
    "combining": "a" + "\u0301" * 40,
    "wide": "\u65e5\u672c" * 10 + "\U0001f389",
    "a megabyte": "a" * 1_000_000,
    "a megabyte of quotes": '"' * 1_000_000,
}

#: What a spreadsheet runs, in all its prefixes.
PREFIXES = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff0d", "\uff20")
FORMULAS = tuple(f"{prefix}cmd|' /C calc'!A0" for prefix in PREFIXES)

TEXTS = HOSTILE | {f"formula {text[:3]!r}": text for text in FORMULAS}

#: The texts that slow readers are given.
SHORT = {words: text for words, text in TEXTS.items() if len(text) < 10_000}
