"""What the command line understands: one parser for each command, and one for blocks written on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from stripe_shell.errors import UsageError
from stripe_shell.records import record

#: The commands; any other first word begins a block (`stripe-shell create customer email=…`).
COMMANDS = ("run", "check", "fmt", "replay", "spec")

FORMATS = ("table", "json", "jsonl", "csv", "yaml")

OVERVIEW = """\
usage: stripe-shell [OPTIONS]                      the prompt on a terminal, else a script from standard input
       stripe-shell [OPTIONS] ACTION ENTITY [KEY=VALUE …]   one block, e.g. create customer email=a@b.co name=Ann
       stripe-shell [OPTIONS] -c TEXT              blocks given as text
       stripe-shell run FILE … [OPTIONS]           run scripts
       stripe-shell check FILE …                   say everything that is wrong with them; send nothing
       stripe-shell fmt FILE … [--check | --diff]  write them in the canonical form
       stripe-shell replay PAGE … [OPTIONS]        run the examples of a documentation page as tests
       stripe-shell spec [ACTION] [ENTITY]         what is known of an entity or an action

Options that choose where requests go and how results look:
  --connection NAME   the default connection (else `stripe` when STRIPE_API_KEY is set, else `sandbox`)
  --live              allow writes in live mode
  --db FILE           the sandbox's database;  --memory: none, all is gone at the end
  --format NAME       table, json, jsonl, csv or yaml (on a terminal table, else json)
  --var NAME=VALUE    a variable for ${NAME}; several allowed
  --keep-going        go on after a block that failed
  --dry-run           show the requests, send nothing
  --spec stripe       ask for no more parameters than Stripe does
  --verbose           show what goes over the wire, secrets masked
  --version, --help

Keys come from the environment (STRIPE_API_KEY), never from an argument.
Exit codes: 0 all passed, 1 usage, 2 the text is wrong and nothing was sent, 3 a call failed, 4 an expectation
failed, 5 the outcome of a write is unknown, 6 the journal disagrees with the script.
"""


@record
class Arguments:
    """The command line, read. `command` is one of COMMANDS, or `block`, `text`, `prompt`, `help`."""

    command: str
    words: tuple[str, ...] = ()
    connection: str | None = None
    live: bool = False
    db: str | None = None
    memory: bool = False
    format: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    keep_going: bool = False
    dry_run: bool = False
    spec: str | None = None
    verbose: bool = False
    check: bool = False
    diff: bool = False
    fix: bool = False
    errata: str | None = None
    update: str | None = None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see stripe-shell --help)")


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The command line as `Arguments`. Raises UsageError, which says what is wrong with it."""
    if any(word in {"-h", "--help"} for word in _before_dashes(argv)):
        return Arguments("help")
    command = next((word for word in _positionals(argv) if word), "")
    if command in COMMANDS:
        rest = list(argv)
        rest.remove(command)
        return _PARSERS[command](rest)
    return _parse_blocks(argv)


#: Options that take the next word, so that the first word that is no option can be found.
_VALUED = {"--connection", "--db", "--format", "--var", "--spec", "-c", "--errata"}


def _positionals(argv: Sequence[str]) -> list[str]:
    found: list[str] = []
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in _VALUED:
            skip = True
        elif not word.startswith("-") or word == "-":
            found.append(word)
    return found


def _before_dashes(argv: Sequence[str]) -> Sequence[str]:
    return argv[: argv.index("--")] if "--" in argv else argv


def _parser(*groups: Callable[[argparse.ArgumentParser], None]) -> _Parser:
    parser = _Parser(prog="stripe-shell", add_help=False, allow_abbrev=False)
    for group in groups:
        group(parser)
    return parser


def _connect_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--connection")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--db")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--spec", choices=("documented", "stripe"))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--var", dest="variables", action="append", default=[], type=_variable)


def _result_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS)
    parser.add_argument("--keep-going", "--continue-on-error", dest="keep_going", action="store_true")
    parser.add_argument("--dry-run", dest="dry_run", action="store_true")


def _words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*")


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.replace("_", "a").isalnum() or name[0].isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not NAME=VALUE")
    return name, value


def _read(command: str, parser: _Parser, argv: Sequence[str], *, least: int = 0) -> Arguments:
    values = vars(parser.parse_intermixed_args(list(argv)))
    words = tuple(values.pop("words"))
    if len(words) < least:
        raise UsageError(f"{command}: which file? (`-` is standard input)")
    if values.get("db") and values.get("memory"):
        raise UsageError("--db and --memory exclude each other")
    variables = tuple(values.pop("variables", ()))
    return Arguments(command, words, variables=variables, **values)


def _parse_run(argv: Sequence[str]) -> Arguments:
    return _read("run", _parser(_words, _connect_options, _result_options), argv, least=1)


def _parse_check(argv: Sequence[str]) -> Arguments:
    parser = _parser(_words, _connect_options)
    parser.add_argument("--format", choices=("text", "json"))
    parser.add_argument("--fix", action="store_true")
    return _read("check", parser, argv, least=1)


def _parse_fmt(argv: Sequence[str]) -> Arguments:
    parser = _parser(_words)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--diff", action="store_true")
    return _read("fmt", parser, argv, least=1)


def _parse_replay(argv: Sequence[str]) -> Arguments:
    parser = _parser(_words, _connect_options)
    parser.add_argument("--errata")
    return _read("replay", parser, argv, least=1)


def _parse_spec(argv: Sequence[str]) -> Arguments:
    parser = _parser(_words)
    parser.add_argument("--format", choices=("text", "json"))
    return _read("spec", parser, argv)


def _parse_blocks(argv: Sequence[str]) -> Arguments:
    parser = _parser(_words, _connect_options, _result_options)
    parser.add_argument("-c", dest="text", action="append")
    values = parser.parse_intermixed_args(list(argv))
    texts, words = values.text, tuple(values.words)
    if texts and words:
        raise UsageError(f"-c takes one text; `{words[0]}` is left over (quote the text)")
    del values.text
    command = "text" if texts else "block" if words else "prompt"
    fields = vars(values) | {"words": tuple(texts) if texts else words, "variables": tuple(values.variables)}
    if values.db and values.memory:
        raise UsageError("--db and --memory exclude each other")
    return Arguments(command, **fields)


_PARSERS: Mapping[str, Callable[[Sequence[str]], Arguments]] = {
    "run": _parse_run,
    "check": _parse_check,
    "fmt": _parse_fmt,
    "replay": _parse_replay,
    "spec": _parse_spec,
}
