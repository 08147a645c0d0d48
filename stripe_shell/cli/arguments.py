"""The parser of the command line: a table of options for each command, and one for blocks on the command line.

Importing argparse would take a third of the time that `check` may take in all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.render import FORMATS

#: The commands; any other first word begins a block (`stripe-shell create customer email=…`).
COMMANDS = ("run", "runs", "check", "fmt", "replay", "convert", "spec", "serve", "exec", "connections", "completion")

#: The shells that `completion` supports.
SHELLS = ("bash", "zsh", "fish")

#: The formats of `--report FORMAT=FILE`.
REPORTS = ("junit", "html", "json", "jsonl", "tap")


@record
class Arguments:
    """The parsed command line. `command` is one of COMMANDS, or `block`, `text`, `prompt`, `help`."""

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
    tags: str = ""
    show: bool = False
    resume: bool = False
    new: bool = False
    accept_edits: str | None = None
    runs_dir: str | None = None
    no_journal: bool = False
    grace: str = "30s"
    patience: str | None = None
    rows: str | None = None
    jobs: str | None = None
    plan: bool | str = False
    plan_file: str = ""
    confirm: tuple[str, ...] = ()
    notify: str | None = None
    run_id: str = ""
    status: str | None = None
    yes: bool = False
    done: str | None = None
    not_done: bool = False
    keys: tuple[str, ...] = ()
    spec: str | None = None
    verbose: bool = False
    check: bool = False
    diff: bool | str = False
    version: str | None = None
    fix: bool = False
    coverage: bool = False
    errata: str | None = None
    update: str | None = None
    to: str | None = None
    reports: tuple[str, ...] = ()
    port: str | None = None
    host: str | None = None
    account: str | None = None
    latency: str | None = None
    rate_limit: str | None = None
    faults: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    webhook_retries: str | None = None
    api_version: str | None = None
    seeds: tuple[str, ...] = ()
    forward_to: str | None = None


@record
class Option:
    """An option: the argument that it sets, whether it takes a value, the allowed values, whether it may be repeated.

    `maybe`: the value is optional and follows `=`; without it the first of `choices` applies, or True if there are
    none. `pairs`: all following `name=value` words belong to the option. `completes` is the kind of value to complete
    that is not in `choices`.
    """

    argument: str
    kind: Literal["flag", "value", "maybe", "many", "pairs"] = "value"
    choices: tuple[str, ...] = ()
    completes: Literal["", "file", "connection"] = ""


_CONNECT: Mapping[str, Option] = {
    "--connection": Option("connection", completes="connection"),
    "--live": Option("live", "flag"),
    "--db": Option("db", completes="file"),
    "--memory": Option("memory", "flag"),
    "--spec": Option("spec", choices=("documented", "stripe")),
    "--verbose": Option("verbose", "flag"),
    "--var": Option("variables", "many"),
}
_RESULT: Mapping[str, Option] = {
    "--format": Option("format", choices=FORMATS),
    "--keep-going": Option("keep_going", "flag"),
    "--continue-on-error": Option("keep_going", "flag"),
    "--dry-run": Option("dry_run", "flag"),
    "--tags": Option("tags"),
    "--show": Option("show", "flag"),
}
_REPORT = Option("reports", "pairs", REPORTS, "file")
_GO_ON: Mapping[str, Option] = {
    "--accept-edits": Option("accept_edits", choices=("keep", "rerun")),
    "--runs-dir": Option("runs_dir", completes="file"),
    "--grace": Option("grace"),
    "--patience": Option("patience"),
    "--rows": Option("rows"),
    "--jobs": Option("jobs"),
    "--notify": Option("notify"),
}
_TEXT_OR_JSON = Option("format", choices=("text", "json"))

#: Options of a server that answers as the network and Stripe might.
_SERVED: Mapping[str, Option] = {
    "--account": Option("account"),
    "--latency": Option("latency"),
    "--rate-limit": Option("rate_limit"),
    "--fault": Option("faults", "many"),
    "--api-version": Option("api_version"),
    "--verbose": Option("verbose", "flag"),
}

_OPTIONS: Mapping[str, Mapping[str, Option]] = {
    "run": {
        **_CONNECT,
        **_RESULT,
        "--report": _REPORT,
        "--resume": Option("resume", "flag"),
        "--new": Option("new", "flag"),
        "--no-journal": Option("no_journal", "flag"),
        "--plan": Option("plan", "maybe", completes="file"),
        "--confirm": Option("confirm", "many"),
        **_GO_ON,
    },
    "runs": {
        **_CONNECT,
        **_GO_ON,
        "--report": _REPORT,
        "--show": Option("show", "flag"),
        "--keep-going": Option("keep_going", "flag"),
        "--format": Option("format", choices=("table", "csv", "json")),
        "--status": Option("status", choices=("done", "skipped", "failed", "unknown", "not-run")),
        "--yes": Option("yes", "flag"),
        "--done": Option("done"),
        "--not-done": Option("not_done", "flag"),
        "--key": Option("keys", "many"),
    },
    "check": {
        **_CONNECT,
        "--format": _TEXT_OR_JSON,
        "--fix": Option("fix", "flag"),
        "--version": Option("version"),
    },
    "fmt": {"--check": Option("check", "flag"), "--diff": Option("diff", "flag")},
    "replay": {
        **_CONNECT,
        "--errata": Option("errata", completes="file"),
        "--update": Option("update", "maybe", ("all", "new")),
        "--report": _REPORT,
    },
    "convert": {
        "--to": Option("to", choices=("stripe", "fixtures", "curl", "python")),
        "--connection": Option("connection", completes="connection"),
        "--spec": Option("spec", choices=("documented", "stripe")),
        "--var": Option("variables", "many"),
    },
    "spec": {
        "--format": _TEXT_OR_JSON,
        "--coverage": Option("coverage", "flag"),
        "--version": Option("version"),
        "--diff": Option("diff"),
    },
    "connections": {
        "--format": _TEXT_OR_JSON,
        "--db": Option("db", completes="file"),
        "--memory": Option("memory", "flag"),
        "--verbose": Option("verbose", "flag"),
    },
    "serve": {
        "--db": Option("db", completes="file"),
        "--memory": Option("memory", "flag"),
        "--port": Option("port"),
        "--host": Option("host"),
        "--allow-host": Option("allowed_hosts", "many"),
        "--webhook-host": Option("webhook_hosts", "many"),
        "--webhook-retries": Option("webhook_retries"),
        **_SERVED,
    },
    "exec": {
        "--seed": Option("seeds", "many", completes="file"),
        "--forward-to": Option("forward_to"),
        "--db": Option("db", completes="file"),
        **_SERVED,
    },
    "completion": {},
    "": {**_CONNECT, **_RESULT, "-c": Option("texts", "many")},
}
#: Every option that takes the next word as its value in all commands, used to find the command among the words.
_VALUED = {
    name for options in _OPTIONS.values() for name, option in options.items() if option.kind not in ("flag", "maybe")
} - {name for options in _OPTIONS.values() for name, option in options.items() if option.kind in ("flag", "maybe")}


#: Options that exclude each other.
_EXCLUDING = (("db", "memory"), ("new", "resume"), ("done", "not_done"))


def options_of(command: str) -> Mapping[str, Option]:
    """Returns the options of a command by name, except `--help`; for an empty `command`, those of a block."""
    return _OPTIONS[command]


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Parses the command line. Raises UsageError for invalid arguments."""
    argv = tuple(_spread(argv))
    command = _command_of(argv)
    words, values = _read_words(argv, _OPTIONS[command], most=2 if command == "exec" else None)
    if values.pop("help", False):
        return Arguments("help")
    texts = tuple(values.pop("texts", ()))
    for first, second in _EXCLUDING:
        if values.get(first) and values.get(second):
            raise UsageError(f"--{first} and --{second.replace('_', '-')} exclude each other")
    for name in ("faults", "allowed_hosts", "webhook_hosts", "reports", "keys", "seeds", "confirm"):
        values[name] = tuple(values.get(name, ()))
    values["variables"] = tuple(_parse_variable(text) for text in values.get("variables", ()))
    if command:
        words.remove(command)
        if not words and command == "exec":
            raise UsageError("exec: which command? e.g. stripe-shell exec --seed shop.stripe -- npm test")
        if not words and command not in ("runs", "spec", "serve", "connections", "completion"):
            raise UsageError(f"{command}: which file? (`-` is standard input)")
        return Arguments(command, tuple(words), **values)
    if texts and words:
        raise UsageError(f"-c takes one text; `{words[0]}` is left over (quote the text)")
    kind = "text" if texts else "block" if words else "prompt"
    if kind == "block":
        _refuse_slip(words)
    return Arguments(kind, texts or tuple(words), **values)


def without_options(argv: Sequence[str]) -> list[str]:
    """Returns the words that are neither options nor their values. Accepts an incomplete command line."""
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word in _VALUED:
            next(rest, None)
        elif word == "-" or not word.startswith("-"):
            words.append(word)
    return words


def _refuse_slip(words: Sequence[str]) -> None:
    """Raises UsageError for a file without `run` before it, and for a misspelled command."""
    first = words[0]
    if os.path.isfile(first) or first.endswith(".stripe"):
        raise UsageError(f"`{first}` is a file; did you mean `stripe-shell run {first}`?")
    close = closest(first, COMMANDS)
    if close and (len(words) == 1 or os.path.isfile(words[1])):
        raise UsageError(f"unknown command `{first}`; did you mean `{close}`? (see stripe-shell --help)")


def _spread(argv: Sequence[str]) -> Iterator[str]:
    """Yields the words, with `--report` inserted before each further pair `junit=FILE`."""
    known = (item for options in _OPTIONS.values() for item in options.items())
    pairs = {name: option for name, option in known if option.kind == "pairs"}
    current = ""
    for index, word in enumerate(argv):
        name, equals, _ = word.partition("=")
        if name in pairs:
            current = name
        elif current and argv[index - 1] != current:
            if equals and name in pairs[current].choices:
                yield current
            else:
                current = ""
        yield word


def _command_of(argv: Sequence[str]) -> str:
    """Returns the first word that is neither an option nor its value, if it is a command."""
    first = next(iter(without_options(argv)), "")
    return first if first in COMMANDS else ""


def _read_words(
    argv: Sequence[str], options: Mapping[str, Option], most: int | None = None
) -> tuple[list[str], dict[str, Any]]:
    """Returns the words that are not options, and the values of the options by argument.

    `--` ends the options; so does word number `most`, after which another program's options may follow.
    """
    words: list[str] = []
    values: dict[str, Any] = {}
    rest = iter(argv)
    for word in rest:
        if word == "--" or len(words) == most:
            words += rest if word == "--" else (word, *rest)
        elif word in {"-h", "--help"}:
            values["help"] = True
        elif word.startswith("-") and word != "-":
            name, equals, given = word.partition("=")
            option = options.get(name)
            if option is None:
                raise UsageError(_unknown_option(word, rest, options))
            _set_argument(values, name, option, given if equals else None, rest)
        else:
            words.append(word)
    return words, values


def _set_argument(values: dict[str, Any], name: str, option: Option, argument: str | None, rest: Iterator[str]) -> None:
    if option.kind == "flag":
        if argument is not None:
            raise UsageError(f"{name} takes no value")
        values[option.argument] = True
        return
    if option.kind == "maybe" and argument is None:
        values[option.argument] = option.choices[0] if option.choices else True
        return
    value = argument if argument is not None else next(rest, None)
    if value is None or (option.kind == "maybe" and not value):
        raise UsageError(f"{name} needs a value")
    if option.choices and option.kind != "pairs" and value not in option.choices:
        raise UsageError(f"{name} is one of {', '.join(option.choices)}, not `{value}`")
    if option.kind in ("many", "pairs"):
        values.setdefault(option.argument, []).append(value)
    else:
        values[option.argument] = value


_NAME = pattern(r"[A-Za-z_][\w.\[\]]*")
#: How curl and Stripe's tool take a parameter.
_DATA_OPTIONS = ("--data-urlencode", "--data", "-d", "-F")


def _unknown_option(word: str, rest: Iterator[str], options: Mapping[str, Option]) -> str:
    """Returns the message for a word that is no option, such as a parameter as curl and Stripe's tool take it."""
    name, equals, _ = word.partition("=")
    data = next((option for option in _DATA_OPTIONS if word == option or word.startswith((f"{option}=", option))), "")
    if data and (word == data or "=" in word):
        given = word.removeprefix(data).removeprefix("=") or next(rest, "")
        return f"write `{given if _is_parameter(given) else 'name=value'}` without {data}"
    close = _suggest(name, options)
    if equals and not close and _is_parameter(word.lstrip("-")):
        return f"unknown option {name}; a parameter is written `{word.lstrip('-')}`"
    return f"unknown option {name}{close} (see stripe-shell --help)"


def _is_parameter(text: str) -> bool:
    name, equals, _ = text.partition("=")
    return bool(equals) and _NAME.fullmatch(name) is not None


def _suggest(name: str, options: Mapping[str, Option]) -> str:
    close = closest(name, options)
    return f"; did you mean {close}?" if close else ""


def _parse_variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"--var `{name}` is not NAME=VALUE")
    from stripe_shell.lang.arguments import RESERVED_NAMES

    if name in RESERVED_NAMES:
        raise UsageError(f"--var `{name}` is a name of the shell's own")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise UsageError(f"--var `{name}` is not UTF-8 text")
    return name, value
