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

_OVERVIEW = """\
usage: stripe-shell [OPTIONS]                      the prompt on a terminal, else a script from standard input
       stripe-shell [OPTIONS] ACTION ENTITY [KEY=VALUE …]   one block, e.g. create customer email=a@b.co name=Ann
       stripe-shell [OPTIONS] -c TEXT              blocks given as text
       stripe-shell run FILE … [OPTIONS]           run scripts
       stripe-shell runs [list | show RUN | resume RUN | retry RUN | settle RUN | forget RUN]   runs, and going on
       stripe-shell check FILE …                   say everything that is wrong with them; send nothing
       stripe-shell fmt FILE … [--check | --diff]  write them in the canonical form
       stripe-shell replay PAGE … [OPTIONS]        run the examples of a documentation page as tests
       stripe-shell convert FILE --to FORM         a script as curl, python or fixtures; a fixture file as stripe
       stripe-shell spec [ACTION] [ENTITY]         what is known of an entity or an action (--coverage: of the sandbox)
       stripe-shell spec --diff VERSION [VERSION] [ENTITY | FILE]   what changed between versions of the API
       stripe-shell connections [list | test [NAME …] | add NAME kind=KIND SETTING=VALUE … | remove NAME | default NAME]
       stripe-shell serve [OPTIONS]                the sandbox over HTTP, for programs; any key sk_test_… is taken
       stripe-shell exec [OPTIONS] COMMAND …       a program with a sandbox of its own, for as long as it runs
       stripe-shell completion bash|zsh|fish       the script that completes all this in your shell

Options that choose where requests go and how results look:
  --connection NAME   the default connection (else `stripe` when STRIPE_API_KEY is set, else `sandbox`)
  --live              allow writes in live mode
  --db FILE           the sandbox's database;  --memory: none, all is gone at the end
  --format NAME       FORMATS (on a terminal table, else json)
  --var NAME=VALUE    a variable for ${NAME}, whatever the script's own `@let NAME` says; several allowed
  --keep-going        go on after a block that failed
  --dry-run           tell how many rows, writes and how much money (each request with --show), send nothing
  --show              show every row of a loop and every result, not only what failed
  --tags A,B          run only the blocks that `@tags` marks with one of these
  --spec stripe       ask for no more parameters than Stripe does
  --verbose           show what goes over the wire, secrets masked
  --version, --help

Options of run, which resumes a script that was stopped or failed (docs/batches.md):
  --resume            also send again, under new keys, what Stripe refused
  --new               start over
  --accept-edits HOW  what took effect and was edited since: keep it, or rerun it
  --jobs N            run so many rows of a loop at once, whatever the loop says (else rate by latency, at most 32)
  --plan[=PLAN.json]  read, write nothing, and tell what would be written; `run PLAN.json` sends exactly that
  --confirm TEXT      write only if the plan is this: "2000 writes" or "412300.00 usd"; several allowed
  --rows ROWS         only these rows of the loops: 10 (the first ten), 101-200, or KEY,KEY; the next run does the rest
  --runs-dir FOLDER   where journals and row files are kept (else .stripe-runs beside the script)
  --no-journal        keep none; refused in live mode
  --grace TIME        after Ctrl-C, SIGTERM or SIGHUP, wait so long for what is under way (else 30s)
  --notify COMMAND    start this program at the end, at a stop, and when the run waits for more than a minute
  --patience TIME     send again what was not executed, for so long (loops and exports: else 10m)

Options of runs (docs/batches.md); resume and retry take those of run as well:
  --runs-dir FOLDER   the runs in this folder (else those beside you and all that began on this machine)
  --format NAME       table, csv or json
  --status STATUS     show: only the rows with this status (done, skipped, failed, unknown, not-run)
  --done ID           settle: the write was carried out, and this is its object;  --not-done: it was not
  --key KEY           settle: only the write with this idempotency key, or of this row; several allowed
  --yes               forget: also a run of which something is unknown

Options of check and spec:
  --version VERSION   judge by this version of the API, e.g. 2024-06-20; check says what the move to it breaks

Options of run and replay:
  --report FORMAT=FILE …   also write junit, html, json, jsonl or tap, several at once: --report junit=a.xml html=a.html

Options of replay:
  --errata FILE       the corrections of the page (else PAGE.errata.toml beside it)
  --update            write what was answered into the page wherever it differs; --update=new: where the page has none

Options of serve:
  --port N            the port (else 12111); 0 takes a free one
  --host ADDRESS      another address than 127.0.0.1; whoever reaches it can do everything
  --allow-host NAME   answer to this host name too; web pages could use public names, so only local ones are allowed
  --db FILE, --memory as above
  --account TRAITS    what every account is like, e.g. legacy,country=DE or new,raw_card_data=true
  --latency TIME      answer so much later, e.g. 100ms
  --rate-limit RATE   requests that a key may make, e.g. 100/s; more are answered 429
  --fault FAULT       go wrong on purpose, e.g. 500,rate=0.1 or drop,path=/v1/charges,times=2; several allowed
                      (409, 429, 500, 502, 503, 504, lock_timeout, drop, lose, cut, delay,for=TIME)
  --api-version V     the version of requests that name none, and of events, e.g. 2024-06-20; kept in the file
  --webhook-host NAME deliver webhooks to this machine too, not only to one's own; several allowed
  --webhook-retries TIME,TIME…   the waits before a failed delivery is tried again (else 5m,1h,3h)
  --verbose           a line for each request

Options of exec, before the command (docs/testing.md); also --account, --latency, --rate-limit, --fault,
--api-version, --verbose:
  --seed FILE         a script that fills the sandbox first; several allowed
  --forward-to URL    send the sandbox's webhooks there, signed with STRIPE_WEBHOOK_SECRET
  --db FILE           the sandbox's database, kept (else in memory, gone at the end)

Keys come from the environment (STRIPE_API_KEY), never from an argument.
Exit codes: 0 all passed, 1 usage, 2 the text is wrong and nothing was sent, 3 a call failed, 4 an expectation
failed, 5 the outcome of a write is unknown, 6 the journal disagrees with the script.
"""

OVERVIEW = _OVERVIEW.replace("FORMATS", f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


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
