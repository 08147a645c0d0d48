"""Runs the sandbox server: opens database and port, and serves until interrupted."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from stripe_shell.errors import ConfigurationError
from stripe_shell.records import field, record
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.control.faults import Fault, Faults
from stripe_shell.sandbox.webhooks.client import WebhookClient
from stripe_shell.sandbox.webhooks.deliveries import RETRY_AFTER, Deliveries, is_this_machine
from stripe_shell.server.app import Application
from stripe_shell.server.background import BackgroundWorker
from stripe_shell.server.limits import RateLimit
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_store, usable

#: The keep-alive time-out of idle connections, in seconds; clients keep theirs longer than uvicorn's default of 5.
KEEP_ALIVE = 75

#: The interval at which a thread that computes lets the event loop run, in seconds; Python's own is five times longer.
SWITCH_INTERVAL = 0.001

LogLine = Callable[[str], None]


@record
class ServerSettings:
    """The options of the server: `db` None keeps everything in memory; `port` 0 takes a free one; times are in seconds.

    `allowed_hosts` are names besides local ones that the `Host` header may have (see hosts.py). `webhook_hosts` are the
    hosts besides this machine that webhooks may be sent to, `retry_after` the delays before retries of a delivery.
    `api_version` becomes the default version of all accounts, and is stored; `traits` are those of every new account.
    """

    db: Path | None
    host: str = "127.0.0.1"
    port: int = 12111
    latency: float = 0.0
    rate_limit: float | None = None
    faults: tuple[Fault, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    webhook_hosts: tuple[str, ...] = ()
    retry_after: tuple[float, ...] = RETRY_AFTER
    verbose: bool = False
    api_version: str | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)


class OpenServer:
    """The opened server: its sandbox, and its URL. `run` serves until `stop` is called, from any thread."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket, server: Any) -> None:
        host, port = listener.getsockname()[:2]
        self.sandbox = sandbox
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._listener = listener
        self._server = server

    def run(self) -> None:
        """Serves; in the main thread until a signal, too."""
        self._server.run([self._listener])

    def stop(self) -> None:
        """Makes `run` return once the requests under way are answered."""
        self._server.should_exit = True


def serve(settings: ServerSettings, announce: LogLine, log_line: LogLine) -> None:
    """Serves until the process is interrupted or terminated.

    `announce` is called with the server's URL once it listens, `log_line` with all other messages. Raises
    ConfigurationError if the port, the database or the server's library cannot be used.
    """
    with _until_told_to_stop(), open_server(settings, log_line) as server:
        announce(server.url)
        _log_start(settings, log_line)
        _freeze_collector()
        sys.setswitchinterval(SWITCH_INTERVAL)
        server.run()


@contextmanager
def serve_in_thread(settings: ServerSettings, log_line: LogLine) -> Iterator[OpenServer]:
    """Serves in a thread of its own until the end of the block. Raises ConfigurationError as `serve`."""
    with open_server(settings, log_line) as server:
        thread = threading.Thread(target=server.run, name="server", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


@contextmanager
def open_server(settings: ServerSettings, log_line: LogLine) -> Iterator[OpenServer]:
    """Opens database and port, and does the background work until the end of the block. Raises ConfigurationError."""

    def report(error: Exception) -> None:
        log_line(traceback_of(error))

    with listen(settings.host, settings.port) as listener:
        with usable(settings.db):
            store = open_store(settings.db)
            sandbox = Sandbox(store, load_table(), on_error=report, traits=settings.traits)
        webhooks = WebhookClient()
        deliveries = Deliveries(
            store,
            sandbox.clock,
            webhooks.post,
            hosts=settings.webhook_hosts,
            retry_after=settings.retry_after,
            log_line=log_line,
            render=sandbox.render_event,
        )
        if settings.api_version is not None:
            sandbox.set_default_version(settings.api_version)
        background = BackgroundWorker(sandbox, deliveries, report, webhooks.close)
        sandbox.on_events = background.notice
        background.start()
        try:
            yield OpenServer(sandbox, listener, http_server(_application(sandbox, settings, log_line)))
        finally:
            background.stop()
            store.close()


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket. Raises ConfigurationError if the address is in use or not one of this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OverflowError as error:
        raise ConfigurationError(f"{port} is no port; ports go from 0 to 65535") from error
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}, port {port}: {error.strerror or error}") from error


def traceback_of(error: BaseException) -> str:
    """Returns the report of an unexpected exception."""
    import traceback

    return "".join(traceback.format_exception(error)).rstrip()


def _application(sandbox: Sandbox, settings: ServerSettings, log_line: LogLine) -> Application:
    faults = Faults()
    faults.set(settings.faults)
    limit = RateLimit(settings.rate_limit) if settings.rate_limit else None
    log = log_line if settings.verbose else None
    hosts = {name.lower() for name in (settings.host, *settings.allowed_hosts)}
    return Application(sandbox, faults=faults, latency=settings.latency, limit=limit, hosts=hosts, log=log)


def _log_start(settings: ServerSettings, log_line: LogLine) -> None:
    where = settings.db if settings.db is not None else "in memory, gone at the end"
    log_line(f"the sandbox ({where}) takes any key that begins with sk_test_; Ctrl-C ends it")
    if not is_this_machine(settings.host):
        log_line(
            f"warning: {settings.host} can be reached from other machines. Whoever can reach it can read and change "
            "everything in this sandbox: keys are not checked."
        )


def http_server(application: Any) -> Any:
    """Returns a `uvicorn.Server` for an ASGI application. Raises ConfigurationError if uvicorn is not installed."""
    uvicorn, protocol = _import_server()
    configuration = uvicorn.Config(
        application,
        http=protocol,
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(configuration)


@contextmanager
def _until_told_to_stop() -> Iterator[None]:
    """A context manager that SIGINT and SIGTERM leave in an orderly way."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _freeze_collector() -> None:
    """Exempts all existing objects from garbage collection, which would traverse them again and again."""
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _import_server() -> tuple[Any, Any]:
    """Imports uvicorn, and the protocol for it. Raises ConfigurationError if it is not installed."""
    try:
        import uvicorn

        from stripe_shell.server.protocol import HttpProtocol
    except ImportError as error:
        raise ConfigurationError(
            f"`serve` needs a library that is not installed ({error.name}): pip install 'stripe-shell[serve]'"
        ) from error
    return uvicorn, HttpProtocol
