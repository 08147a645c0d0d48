"""The prompt on a connection whose answers come when a file says so: `slow_shell.py FIFO`, for test_terminal.py."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.console import standard_streams
from stripe_shell.render.files import open_rows
from stripe_shell.repl.app import run_prompt
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response
from tests.repl.fakes import FakeTransport, connections, echo


def main() -> int:
    fifo = Path(sys.argv[1])

    def answer(request: Request) -> Response:
        fifo.read_text()  # blocks until somebody writes
        return echo(request)

    links = connections(FakeTransport(answer))
    engine = Engine(load_table(), links, open_rows)
    return run_prompt(
        engine, Scope(int(time.time()), "seed", environment=os.environ), links, standard_streams(os.environ)
    )


if __name__ == "__main__":
    raise SystemExit(main())
