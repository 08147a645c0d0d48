"""Translates references of fixture files to those of the language, and chooses names valid in both."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from stripe_shell.convert.fixture_file import REFERENCE
from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.lang.arguments import RESERVED_NAMES
from stripe_shell.lang.build import escaped

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN_STEP = re.compile(r"[\w-]+")
#: Characters with a meaning in the tool's query language.
_QUERY = re.compile(r"[#*?@!{}()\[\]\"\n]")
#: The tool's words for values that are generated in each run.
_WORDS = {"generate-uuid": "${uuid}", "time-now-RFC3339": "${now}"}


def translate(text: str, names: Mapping[str, str], span: Span, problems: list[Diagnostic]) -> str:
    """Translates the tool's references in a text; `names` maps the names of earlier requests. Mutates `problems`."""
    pieces: list[str] = []
    position = 0
    for match in REFERENCE.finditer(text):
        pieces.append(escaped(text[position : match.start()]))
        pieces.append(_reference(match, names, span, problems))
        position = match.end()
    return "".join((*pieces, escaped(text[position:])))


def _reference(match: re.Match[str], names: Mapping[str, str], span: Span, problems: list[Diagnostic]) -> str:
    name, query, default, word = match.groups()
    if word:
        return _WORDS[word]
    tail = f":-{default}" if default else ""
    if name == ".env":
        if not _VARIABLE.fullmatch(query):
            problems.append(Diagnostic("E601", f"`{query}` is not the name of an environment variable", span))
        return f"${{env:{query}{tail}}}"
    if name not in names:
        close = closest(name, names)
        label = f"did you mean `{close}`?" if close else "no earlier request has that name"
        problems.append(Diagnostic("E301", f"undefined name `{name}`", span, label=label))
        return ""
    return f"${{{names[name]}{_steps(query, span, problems)}{tail}}}"


def _steps(query: str, span: Span, problems: list[Diagnostic]) -> str:
    """Converts `data.0.id` to `.data[0].id`. Mutates `problems`."""
    if _QUERY.search(query):
        label = "only names and numbers with dots between them can be converted"
        problems.append(Diagnostic("E601", f"`{query}` is a query", span, label=label))
        return ""
    steps = [step.replace("\0", ".") for step in query.replace("\\.", "\0").split(".")]
    return "".join(_step(step) for step in steps)


def _step(step: str) -> str:
    if step.isdecimal() and step.isascii():
        return f"[{step}]"
    return f".{step}" if _PLAIN_STEP.fullmatch(step) else f'."{step}"'


def usable_name(name: str, taken: Mapping[str, object]) -> str:
    """Returns a valid name similar to `name` that is not in `taken`."""
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "request"
    plain = f"_{plain}" if plain[0].isdigit() else plain
    return free_name(plain, taken, (*RESERVED_NAMES, "row"))


def free_name(preferred: str, taken: Container[str], reserved: Container[str] = ()) -> str:
    """Returns `preferred`, or `preferred` with a number that makes it free."""
    if preferred not in taken and preferred not in reserved:
        return preferred
    # Doubling and bisection, as a script may have thousands of steps with one name.
    high = 2
    while f"{preferred}_{high}" in taken:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if f"{preferred}_{middle}" in taken else (low, middle)
    return f"{preferred}_{high}"
