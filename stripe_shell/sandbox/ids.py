"""Ids in Stripe's formats: 14 random characters, or 24 that contain the time and the account."""

from __future__ import annotations

import random
import string
from functools import lru_cache
from typing import Final

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
CAPITALS = string.digits + string.ascii_uppercase


def _table(alphabet: str) -> bytes:
    """Returns a translation table from bytes to an alphabet; its slight bias does not matter for ids."""
    return (alphabet * (256 // len(alphabet) + 1))[:256].encode("ascii")


_FREE: Final = _table(ALPHABET)


class RandomIds:
    """Generates ids from a random source; the same `seed` gives the same sequence."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str, now: int, account: str, digit: str = "1") -> str:
        """Returns `prefix_`, a digit, five characters of the time, ten of the account and eight random ones."""
        return f"{prefix}_{digit}{base62(now, 5)}{account[-10:]:0>10}{self.text(8)}"

    def short(self, prefix: str) -> str:
        """Returns `prefix_` and 14 random characters."""
        return f"{prefix}_{self.text(14)}"

    def account(self, now: int) -> str:
        """Returns `acct_1`, five characters of the time and ten random ones."""
        return f"acct_1{base62(now, 5)}{self.text(10)}"

    def text(self, length: int, alphabet: str = ALPHABET) -> str:
        """Returns random characters."""
        table = _FREE if alphabet is ALPHABET else _table(alphabet)
        return self._random.randbytes(length).translate(table).decode("ascii")


@lru_cache(maxsize=256)
def base62(number: int, length: int) -> str:
    """Returns the last `length` digits of a number in base 62."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def time_in_id(account: str, now: int) -> int:
    """Returns the time (epoch seconds) in an account's id, the last one before `now` that it can mean; or `now`."""
    coded = account.removeprefix("acct_")[1:6]
    if len(coded) < 5 or not set(coded) <= set(ALPHABET):
        return now
    seconds = 0
    for digit in coded:
        seconds = seconds * 62 + ALPHABET.index(digit)
    return now - (now - seconds) % 62**5
