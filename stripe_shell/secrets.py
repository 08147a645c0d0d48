"""Keeps secrets out of output: a credential that hides its value, and masking of texts that may contain secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from stripe_shell.patterns import pattern
from stripe_shell.records import record

#: The replacement for a secret of unknown form.
MASK = "********"

# Stripe keys and webhook secrets by their form, so that keys the shell was never given are masked too.
_KEY_LOOK = pattern(
    r"(?<![A-Za-z0-9])(?:(?:sk|rk|pk|ek)_(?:org_|test_|live_)+[A-Za-z0-9_]{6,}"
    r"|(?:sk|rk)_[A-Za-z0-9]{12,}|whsec_[A-Za-z0-9+/=_-]{6,})"
)
#: One of these is in every text that `_KEY_LOOK` matches; looking for them is much faster.
_KEY_MARKS = ("sk_", "rk_", "pk_", "ek_", "whsec_")
_NESTED = (dict, list)
# The names of environment variables that hold secrets: STRIPE_API_KEY, GITHUB_TOKEN, DB_PASSWORD, CLIENT_SECRET.
_SECRET_NAME = pattern(r"(?i).*(?:KEY|TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIALS?)")
#: The minimum length of the value of such a variable that is masked: a shorter one, such as `1`, is too frequent.
_SHORTEST_VARIABLE = 8
_PREFIX = pattern(r"(?:sk|rk|pk|ek)_(?:org_|test_|live_)*|whsec_")


@record
class Credential:
    """A key or token. Only `reveal` returns it; `repr`, `str`, f-strings and tracebacks show its mask."""

    _value: str

    def reveal(self) -> str:
        """Returns the key, for the HTTP header that carries it."""
        return self._value

    def __repr__(self) -> str:
        return mask_key(self._value)

    __str__ = __repr__


@record
class Secrets:
    """The values that must not be shown or stored; anything that looks like a Stripe key counts too."""

    values: frozenset[str] = frozenset()

    def plus(self, *more: str) -> Secrets:
        """Returns these secrets and `more`; empty values are ignored."""
        return Secrets(self.values | {value for value in more if value})

    def union(self, other: Secrets) -> Secrets:
        """Returns these secrets and those of `other`; these themselves if they have all of them."""
        return self if other.values <= self.values else Secrets(self.values | other.values)

    def mask(self, text: str) -> str:
        """Returns `text` with every secret masked, including secrets escaped for JSON or HTML, or quoted for a URL."""
        if self.values and any(all(run in text for run in runs) for runs in _runs(self.values)):
            text = _pattern(self.values).sub(lambda match: mask_key(match[0]), text)
        if _may_have_key(text):
            text = _KEY_LOOK.sub(lambda match: mask_key(match[0]), text)
        return text

    def mask_data(self, data: Any) -> Any:
        """Returns JSON data with every string and key masked; a number that is a secret becomes its mask.

        Returns the data itself if there is no secret in it, else a copy.
        """
        return self._masked(data) if self._is_in(data) else data

    def _is_in(self, data: Any) -> bool:
        """Whether anything of the data is to be masked: one search in all its texts, as rows come by the thousand."""
        texts: list[str] = []
        keys: set[str] = set()
        pending: list[Any] = [[data]]
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                keys.update(node)
                node = node.values()
            texts += [item for item in node if isinstance(item, str)]
            pending += [item for item in node if item and isinstance(item, _NESTED)]
            if self.values and any(
                str(item) in self.values for item in node if item is not None and not isinstance(item, _NESTED)
            ):
                return True
        text = "\0".join([*texts, *map(str, keys)])
        return self.mask(text) != text

    def _masked(self, data: Any) -> Any:
        if isinstance(data, dict):
            return {self.mask(str(key)): self._masked(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self._masked(value) for value in data]
        if isinstance(data, str):
            return self.mask(data)
        is_secret = not isinstance(data, bool) and data is not None and str(data) in self.values
        return MASK if is_secret else data

    def __repr__(self) -> str:
        return f"Secrets({len(self.values)} values)"


#: Masks by form alone.
NO_SECRETS = Secrets()


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Returns `text` with `secrets` and everything that looks like a Stripe key masked: `sk_test_…abcd`."""
    return Secrets().plus(*secrets).mask(text)


def mask_key(key: str) -> str:
    """Returns `sk_test_…abcd`: prefix and last four characters; `********` for a secret of another form.

    The last four characters are shown only if at least twelve stay hidden.
    """
    prefix = _PREFIX.match(key)
    hidden = key[prefix.end() :] if prefix else ""
    if prefix is None or not hidden:
        return MASK
    return f"{prefix[0]}…{hidden[-4:] if len(hidden) >= 16 else ''}"


def _may_have_key(text: str) -> bool:
    """Whether a key may begin somewhere in the text; far faster than the pattern where none does."""
    for start in _KEY_MARKS:
        at = text.find(start)
        while at >= 0:
            if at == 0 or not (text[at - 1].isascii() and text[at - 1].isalnum()):
                return True
            at = text.find(start, at + 1)
    return False


@lru_cache(maxsize=8)
def _runs(values: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """Returns the letters and digits of each value that stand together, and so in each spelling of it."""
    return tuple(tuple(re.findall(r"[A-Za-z0-9]+", value)) for value in values)


@lru_cache(maxsize=8)
def _pattern(values: frozenset[str]) -> re.Pattern[str]:
    """Returns a pattern of the values in all their spellings, the longest first."""
    ordered = sorted(values, key=lambda value: (len(value), value), reverse=True)
    return re.compile("|".join("".join(map(_spellings, value)) for value in ordered))


@lru_cache(maxsize=256)
def _spellings(character: str) -> str:
    """Returns a pattern of the character as it stands in plain text, JSON, HTML and URLs.

    Servers escape more than they must: PHP writes `\\/` in JSON, Go and .NET `\\u003c`, some URLs have `%2f`.
    """
    if character.isascii() and character.isalnum():
        return character
    import json
    from html import escape
    from urllib.parse import quote, quote_plus

    units = character.encode("utf-16-be", "surrogatepass").hex()
    point = ord(character)
    exact = {
        character,
        json.dumps(character)[1:-1],
        f"\\{character}",
        escape(character),
        quote_plus(character, errors="replace"),
    }
    folded = {
        quote(character, safe="", errors="replace"),
        "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)),
        f"&#{point};",
        f"&#x{point:x};",
    }
    parts = [(text, re.escape(text)) for text in exact] + [(text, f"(?i:{re.escape(text)})") for text in folded]
    return f"(?:{'|'.join(part for _, part in sorted(parts, key=lambda each: (-len(each[0]), each)))})"


def names_secret(name: str) -> bool:
    """Whether the name of a variable says that it holds a secret: it ends with KEY, TOKEN, PASSWORD or SECRET."""
    return _SECRET_NAME.fullmatch(name) is not None


def secrets_of_environment(environ: Mapping[str, str]) -> Secrets:
    """Returns the values of the variables whose names say that they hold a secret; very short values are left out."""
    return Secrets().plus(
        *(value for name, value in environ.items() if names_secret(name) and len(value) >= _SHORTEST_VARIABLE)
    )


def public_environment(environ: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    """Returns the environment without variables that contain a secret, for child processes.

    A short secret must equal the whole value: `1` occurs in many a PATH.
    """
    long = Secrets(frozenset(value for value in secrets.values if len(value) >= 8))
    return {name: value for name, value in environ.items() if value not in secrets.values and long.mask(value) == value}


def passes_luhn(number: str) -> bool:
    """Whether the check digit at the end of a card number is right (Luhn algorithm)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[::-2])) + sum(doubled)) % 10 == 0
