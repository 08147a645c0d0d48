"""The HTTP server of this process: one address for the sandboxes of all tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.server.run import http_server, listen
from stripe_shell.spec.table import Table, load_table

from .router import Router
from .seeds import SeedSnapshots


class TestServer:
    """A running server at `url` (no slash at its end).

    `router` finds the sandboxes of its tests, which share `table` and the `snapshots` of seeds.
    """

    __test__ = False  # pytest would collect the class by its name

    def __init__(self, url: str, router: Router, table: Table) -> None:
        self.url = url
        self.router = router
        self.table = table
        self.snapshots = SeedSnapshots()


@contextmanager
def run_server() -> Iterator[TestServer]:
    """Serves on a free port of the loopback interface until the end of the block.

    Raises ConfigurationError if the server's library is not installed.
    """
    table = load_table()
    router = Router(Sandbox(table=table))
    server = http_server(router)
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=lambda: server.run([listener]), name="stripe-sandbox", daemon=True)
        thread.start()
        try:
            yield TestServer(f"http://127.0.0.1:{listener.getsockname()[1]}", router, table)
        finally:
            server.should_exit = True
            thread.join()
