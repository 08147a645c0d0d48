"""`replay PAGE`: the examples of documentation pages as tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, new_run_id, set_up
from stripe_shell.cli.sources import open_script
from stripe_shell.cli.streams import Streams
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.replay.errata import Errata, read_errata
from stripe_shell.replay.page import read_page
from stripe_shell.replay.runner import Replay, Result, replay_page

#: A folder in which errata files are looked for too, for pages in folders that one cannot write to.
ERRATA_VARIABLE = "STRIPE_SHELL_ERRATA"


def replay(arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> int:
    """Replay every page, each in a sandbox of its own unless a connection or a database is named."""
    codes = [_replay_one(arguments, environ, streams, page) for page in arguments.words]
    return next((code for code in (6, 5, 3, 4, 2, 1) if code in codes), 0)


def _replay_one(arguments: Arguments, environ: Mapping[str, str], streams: Streams, path: str) -> int:
    setup = _set_up(arguments, environ, streams)
    page = read_page(open_script(path))
    if not page.examples:
        raise UsageError(f"{path} has no example: a block is a line `/connection` and lines `key: value` below it")
    errata = _find_errata(arguments, environ, path)
    for event in replay_page(setup.engine, page, errata, setup.scope, run_id=new_run_id()):
        if isinstance(event, Result):
            _show(event, streams)
        else:
            return _close(event, path, errata, streams)
    raise AssertionError("a replay ends with its whole")


def _set_up(arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> Setup:
    setup = set_up(arguments, environ, streams)
    default = setup.connections.default
    if default.kind == "sandbox" and arguments.db is None and arguments.connection is None:
        return set_up(replace(arguments, memory=True), environ, streams)
    return setup


def _find_errata(arguments: Arguments, environ: Mapping[str, str], path: str) -> Errata:
    """The file that `--errata` names, else `<page>.errata.toml` beside the page or in $STRIPE_SHELL_ERRATA."""
    if arguments.errata:
        return read_errata(open_script(arguments.errata))
    name = f"{Path(path).stem}.errata.toml"
    folders = [Path(path).parent, *(Path(f) for f in [environ.get(ERRATA_VARIABLE)] if f)]
    for folder in folders:
        for candidate in (folder / name, folder / f"{Path(path).name}.errata.toml"):
            if candidate.is_file():
                return read_errata(open_script(str(candidate)))
    return Errata()


def _show(result: Result, streams: Streams) -> None:
    line = result.example.block.span.location()[0]
    place = f"{result.example.block.span.source.name}:{line}"
    word = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}[result.verdict]
    streams.result(f"{word:<8} {result.example.name}  ({place}){'  ' + result.reason if result.reason else ''}")
    for erratum in result.errata:
        streams.result(f"         erratum: {erratum.title}: {erratum.reason}")
    streams.diagnose(result.diagnostics)


def _close(whole: Replay, path: str, errata: Errata, streams: Streams) -> int:
    streams.diagnose(whole.diagnostics)
    for erratum in errata.errata:
        if erratum.symbol:
            streams.result(f"         erratum: {erratum.title}: {erratum.reason}")
    for reading in errata.readings:
        streams.result(f"         reading: {reading.settled}: {reading.reason}")
    skipped = sum(result.verdict == "skipped" for result in whole.results)
    total = len(whole.results)
    tail = f", {skipped} skipped" if skipped else ""
    streams.result(f"{path}: {whole.passed} of {total} examples{tail}; {len(errata.errata)} errata")
    return whole.exit_code
