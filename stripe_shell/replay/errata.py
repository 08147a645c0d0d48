"""Reads the errata of a page: reviewed corrections where it contradicts itself or Stripe, with reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.errors import ConfigurationError
from stripe_shell.records import field, record

#: An additional folder for errata files, for pages in read-only folders.
ERRATA_VARIABLE = "STRIPE_SHELL_ERRATA"

_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*(erratum|reading)[ \t]*\]\]", re.MULTILINE)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@record
class Erratum:
    """One correction, tied to what the page says.

    In the response of `example`, at `path`, the page says `says` (for a row: its id). The correction is one of:
    `expect`, another value; `row` "absent" (the row is not in the response) or "shape" (the object is there, with these
    members of any value). For the object `symbol`, `seed` are the parameters that the page omits.
    """

    reason: str
    span: Span
    example: str | None = None
    path: tuple[str | int, ...] = ()
    says: Any = None
    expect: Any = None
    row: str | None = None
    symbol: str | None = None
    seed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Returns a description of the correction in one line."""
        if self.symbol:
            return f"{self.symbol} is seeded with {', '.join(f'{key}={value}' for key, value in self.seed.items())}"
        if self.row:
            return f"row {self.says} {'is not in the answer' if self.row == 'absent' else 'shows its shape only'}"
        return f"{path_text(self.path)}: {self.says} → {self.expect}"


@record
class Interpretation:
    """An ambiguous sentence of the page, and its interpretation. Does not affect comparisons."""

    text: str
    settled: str
    reason: str
    span: Span


@record
class Errata:
    """An errata file: corrections and readings, in order."""

    errata: tuple[Erratum, ...] = ()
    readings: tuple[Interpretation, ...] = ()

    def of_example(self, name: str) -> tuple[Erratum, ...]:
        """Returns the corrections for one example's response."""
        return tuple(erratum for erratum in self.errata if erratum.example == name)

    def seeds(self, symbol: str) -> Mapping[str, Any]:
        """Returns the parameters that corrections add for an object."""
        return {key: value for e in self.errata if e.symbol == symbol for key, value in e.seed.items()}


def find_errata(page: Path, environ: Mapping[str, str]) -> Path | None:
    """Returns `<page>.errata.toml` next to the page or in the folder STRIPE_SHELL_ERRATA; None if there is none."""
    folders = [page.parent, *(Path(folder) for folder in [environ.get(ERRATA_VARIABLE)] if folder)]
    names = (f"{page.stem}.errata.toml", f"{page.name}.errata.toml")
    return next((folder / name for folder in folders for name in names if (folder / name).is_file()), None)


def read_errata(source: SourceText) -> Errata:
    """Reads an errata file. Raises ConfigurationError with the line of an invalid entry."""
    import tomllib

    try:
        data = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source.name} is not TOML: {error}") from error
    for name in data.keys() - {"erratum", "reading"}:
        raise ConfigurationError(f"{source.name}: `{name}` is neither [[erratum]] nor [[reading]]")
    errata = [_erratum(entry, span) for entry, span in _entries(data, "erratum", source)]
    readings = [_reading(entry, span) for entry, span in _entries(data, "reading", source)]
    return Errata(tuple(errata), tuple(readings))


def _entries(data: Mapping[str, Any], kind: str, source: SourceText) -> Iterator[tuple[Mapping[str, Any], Span]]:
    """Yields the entries of a kind, each with the span of its header."""
    entries = data.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f"{source.name}: `{kind}` is written [[{kind}]]")
    spans = [Span(source, *match.span()) for match in _HEAD.finditer(source.text) if match[1] == kind]
    for number, entry in enumerate(entries):
        yield entry, spans[number] if len(spans) == len(entries) else Span(source, 0, 0)


def path_text(path: tuple[str | int, ...]) -> str:
    """Returns `("data", 0, "id")` as `data[0].id`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def no_longer_applies(erratum: Erratum | Interpretation, why: str) -> Diagnostic:
    """Returns E405 for a correction or reading that no longer applies."""
    return Diagnostic("E405", f"the erratum no longer applies: {why}", erratum.span, label="remove or correct it")


def _erratum(entry: Mapping[str, Any], span: Span) -> Erratum:
    known = {"reason", "example", "path", "says", "expect", "row", "symbol", "seed"}
    _check_entry(entry, known, span)
    if ("symbol" in entry) == ("example" in entry):
        raise _wrong(span, "name either the `example` whose answer it corrects, or the `symbol` it seeds")
    if "symbol" in entry and not entry.get("seed"):
        raise _wrong(span, "`symbol` needs `seed`")
    if "example" in entry:
        if "says" not in entry or "path" not in entry:
            raise _wrong(span, "`example` needs `path` and `says`: what the page says, and where")
        if ("expect" in entry) == ("row" in entry):
            raise _wrong(span, "say what holds instead: either `expect` or `row`")
        if entry.get("row") not in {None, "absent", "shape"}:
            raise _wrong(span, '`row` is "absent" or "shape"')
    if not isinstance(entry.get("seed", {}), dict):
        raise _wrong(span, '`seed` is a table: { currency = "usd" }')
    path = tuple(_steps(entry.get("path", "")))
    if path_text(path) != entry.get("path", ""):
        raise _wrong(span, "`path` is like `data[0].status`")
    return Erratum(**{**entry, "path": path, "span": span})


def _reading(entry: Mapping[str, Any], span: Span) -> Interpretation:
    _check_entry(entry, {"text", "settled", "reason"}, span)
    if not entry.get("text") or not entry.get("settled"):
        raise _wrong(span, "a reading needs `text` and `settled`")
    return Interpretation(entry["text"], entry["settled"], entry["reason"], span)


def _check_entry(entry: Mapping[str, Any], known: set[str], span: Span) -> None:
    for name in sorted(entry.keys() - known):
        raise _wrong(span, f"unknown key `{name}`; known: {', '.join(sorted(known))}")
    for name in ("reason", "example", "path", "row", "symbol", "text", "settled"):
        if not isinstance(entry.get(name, ""), str):
            raise _wrong(span, f"`{name}` is a text")
    if not str(entry.get("reason", "")).strip():
        raise _wrong(span, "a `reason` is needed")


def _wrong(span: Span, message: str) -> ConfigurationError:
    return ConfigurationError(f"{span.source.name}:{span.location()[0]}: {message}")


def _steps(text: str) -> Iterator[str | int]:
    for match in _STEP.finditer(text):
        yield int(match[2]) if match[2] else match[1]
