"""Reads a curl command as a call to Stripe."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, urlsplit

from stripe_shell.convert.foreign import ForeignCall, NotConverted
from stripe_shell.loopback import is_loopback
from stripe_shell.records import field, record
from stripe_shell.spec.table import Table
from stripe_shell.wire import decode_form, parse_json

#: Options that take a value and say nothing about the call.
_IGNORED = frozenset(
    {
        "-o", "--output", "-m", "--max-time", "--connect-timeout", "-A", "--user-agent", "-x", "--proxy", "--retry",
        "--retry-delay", "--retry-max-time", "--cacert", "--cert", "--key", "-w", "--write-out", "-b", "--cookie", "-c",
        "--cookie-jar", "-e", "--referer", "--resolve", "--interface", "-K", "--config", "-D", "--dump-header",
        "--limit-rate", "--oauth2-bearer", "-u", "--user",
    }
)  # fmt: skip
_DATA = frozenset({"-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--data-urlencode", "--json"})
_LETTERS = "XHdFumoAxwbceKD"


@record(frozen=False)
class _Read:
    """What the options say."""

    method: str = ""
    url: str = ""
    in_query: bool = False
    data: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def calls_of_curl(text: str, table: Table) -> Iterator[ForeignCall]:
    """Yields the call of the command. Raises NotConverted for what is not a call to Stripe."""
    try:
        words = shlex.split(text.replace("\\\r\n", "\\\n").replace("^\n", " "), comments=True)
    except ValueError as error:
        raise NotConverted(f"the command is not complete: {error}") from None
    read = _Read()
    _read_options(_separated(words[1:]), read)
    parts = urlsplit(read.url if "://" in read.url else f"https://{read.url}")
    host = parts.hostname or ""
    if not (host == "stripe.com" or host.endswith(".stripe.com") or is_loopback(host) or "$" in read.url):
        raise NotConverted(f"it goes to {host or 'no address'}, not to Stripe")
    if not parts.path.startswith(("/v1/", "/v2/")):
        raise NotConverted(f"`{parts.path}` is no path of Stripe's API")
    params = decode_form(parts.query) | _params(read)
    method = read.method or ("POST" if read.data and not read.in_query else "GET")
    yield ForeignCall(
        method,
        parts.path,
        params,
        account=read.headers.get("stripe-account"),
        version=read.headers.get("stripe-version"),
        idempotency_key=read.headers.get("idempotency-key"),
        notes=() if is_loopback(host) or host.endswith("stripe.com") else (f"its address {host} is left out",),
    )


def _separated(words: list[str]) -> list[str]:
    """The words with `--name=value` and `-Xvalue` taken apart; short options without a value are taken apart too."""
    found: list[str] = []
    for word in words:
        if word.startswith("--") and "=" in word:
            found += word.split("=", 1)
        elif word.startswith("-") and not word.startswith("--") and len(word) > 2:
            letter = next((index for index, char in enumerate(word) if char in _LETTERS), len(word))
            found += [f"-{char}" for char in word[1:letter]]
            found += (
                [f"-{word[letter]}", *([word[letter + 1 :]] if word[letter + 1 :] else [])]
                if letter < len(word)
                else []
            )
        else:
            found.append(word)
    return found


def _read_options(words: list[str], read: _Read) -> None:
    """Reads the options into `read`."""
    rest = iter(words)
    for word in rest:
        if word in {"-X", "--request"}:
            read.method = next(rest, "").upper()
        elif word in {"-H", "--header"}:
            name, _, value = next(rest, "").partition(":")
            read.headers[name.strip().lower()] = value.strip()
        elif word in _DATA:
            read.data.append(_data(word, next(rest, "")))
        elif word in {"-F", "--form"}:
            raise NotConverted("an upload; write `file: path`")
        elif word in {"-G", "--get"}:
            read.in_query = True
            read.method = read.method or "GET"
        elif word == "--url":
            read.url = next(rest, "")
        elif word in _IGNORED:
            next(rest, "")
        elif not word.startswith("-"):
            read.url = read.url or word


def _data(option: str, text: str) -> str:
    if text.startswith("@"):
        raise NotConverted(f"its data is in the file {text[1:]}")
    if option == "--data-urlencode":
        name, equals, value = text.partition("=")
        return f"{name}{equals}{quote_plus(value)}" if equals else quote_plus(text)
    return text


def _params(read: _Read) -> dict[str, Any]:
    text = "&".join(read.data)
    if text.lstrip().startswith("{"):
        try:
            body = parse_json(text)
        except ValueError as error:
            raise NotConverted(f"its data is not JSON: {error}") from None
        return body if isinstance(body, dict) else {}
    # Spaces and signs that curl sends as they are.
    return decode_form("&".join(_quoted(pair) for pair in text.split("&")) if text else "")


def _quoted(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}{equals}{value.replace('+', '%2B') if ' ' in value else value}"
