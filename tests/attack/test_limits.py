"""Kind 3: limits of the server that hold, whatever its clients and the endpoints of its webhooks do."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.sandbox.webhooks.client import DeliveryAborted, WebhookClient
from stripe_shell.server.app import Application
from tests.attack.conftest import Tally
from tests.attack.slow_peers import DRIPS, dripping
from tests.server.conftest import Client, running

uvicorn = pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

FAULTS = ("500", "503", "429", "409", "lock_timeout", "drop", "lose", "cut", "delay,for=60s")


@contextmanager
def impatient_server(seconds: float) -> Iterator[tuple[str, int]]:
    """A server in this process that waits so long for a complete request; its host and port."""
    from stripe_shell.server.protocol import HttpProtocol

    class Impatient(HttpProtocol):
        request_timeout = seconds

    sandbox = Sandbox(Store.open())
    server = uvicorn.Server(
        uvicorn.Config(
            Application(sandbox), http=Impatient, ws="none", interface="asgi3", lifespan="off", log_config=None
        )
    )
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    yield "127.0.0.1", listener.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)
    sandbox.store.close()


def ends(connection: socket.socket, drops: bytes, within: float) -> float | None:
    """Sends a byte now and then; returns the seconds until the server closed the connection, None if it did not."""
    began = time.monotonic()
    connection.settimeout(0.02)
    for byte in drops:
        try:
            connection.sendall(bytes([byte]))
            if connection.recv(65_536) == b"":
                return time.monotonic() - began
        except TimeoutError:
            pass
        except OSError:
            return time.monotonic() - began
        if time.monotonic() - began > within:
            return None
    return None


def test_a_trickling_client_is_closed(tally: Tally) -> None:
    begin = b"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_test_slow\r\n"
    with impatient_server(0.4) as place:
        for sent in (
            b"",
            b"GET /v1/cust",
            begin,
            begin + b"Content-Length: 9000\r\n\r\nname=a",
            begin.replace(b"1.1", b"1.0"),
        ):
            with socket.create_connection(place) as slow:
                slow.sendall(sent)
                seconds = ends(slow, b"a" * 1000, within=15)  # a busy machine is late; the drops last for 20 s
                tally.count(seconds is not None, (sent, seconds))
        quick = Client("http://{}:{}".format(*place))
        for _ in range(3):
            tally.count(quick.send("POST", "/v1/customers").status == 200, "a complete request after another")
        time.sleep(0.6)
        tally.count(quick.send("POST", "/v1/customers").status == 200, "an idle connection is kept")
        quick.connection.close()


def test_a_delivery_ends_at_its_time_limit(tally: Tally) -> None:
    client = WebhookClient(time_limit=0.3)
    for words, (at_once, drops) in DRIPS.items():
        with dripping(at_once, drops) as url:
            began = time.monotonic()
            with pytest.raises(OSError, match=r"within 0.3 s|timed out"):
                client.post(url, b"{}", {})
            tally.count(time.monotonic() - began < 20, f"{words}: {time.monotonic() - began:.1f} s")


def test_deliveries_under_way_are_broken_off(tally: Tally) -> None:
    client = WebhookClient()
    errors: list[Exception] = []
    with dripping(*DRIPS["headers"]) as url:

        def post() -> None:
            try:
                client.post(url, b"{}", {})
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        thread = threading.Thread(target=post)
        thread.start()
        time.sleep(0.2)
        client.close()
        thread.join(timeout=5)
        tally.count(not thread.is_alive() and isinstance(errors[0], DeliveryAborted), errors)


class Endpoint(HTTPServer):
    """An endpoint that answers at once; `got` are the types of the events."""

    def __init__(self) -> None:
        self.got: list[str] = []
        super().__init__(("127.0.0.1", 0), _Receiver)


class _Receiver(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(json.loads(body)["type"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_endpoints_that_drip_do_not_stop_others_nor_the_end(tally: Tally, tmp_path: Path) -> None:
    slow_ones = 32 if tally.full else 12
    command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", "--db", str(tmp_path / "sandbox.db")]
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen(command, stdout=-1, stderr=-1, text=True))
        stack.callback(process.kill)
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip())
        for _ in range(slow_ones):
            url = stack.enter_context(dripping(*DRIPS["headers"]))
            client.post("/v1/webhook_endpoints", {"url": url, "enabled_events": ["*"]})
        endpoint = Endpoint()
        thread = threading.Thread(target=endpoint.serve_forever, daemon=True)
        thread.start()
        stack.callback(endpoint.shutdown)
        healthy = f"http://127.0.0.1:{endpoint.server_port}"
        client.post("/v1/webhook_endpoints", {"url": healthy, "enabled_events": ["*"]})
        began = time.monotonic()
        for _ in range(5):
            client.post("/v1/customers")
        while len(endpoint.got) < 5 and time.monotonic() - began < 8:
            time.sleep(0.02)
        tally.count(len(endpoint.got) == 5, f"{len(endpoint.got)} of 5 deliveries beside {slow_ones} slow endpoints")
        client.connection.close()
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=30)
        seconds = time.monotonic() - began
        tally.count(process.returncode == 0 and seconds < 8, f"SIGTERM: {process.returncode}, {seconds:.1f} s")


def test_a_locked_file_does_not_keep_the_server_from_ending(tally: Tally, tmp_path: Path) -> None:
    from tests.attack.test_one_request import locked

    path = tmp_path / "sandbox.db"
    command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", "--db", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip())
        client.post("/v1/customers")
        wait = locked(path, 9)
        client.connection.request("POST", "/v1/customers", b"", {"Authorization": f"Bearer {client.key}"})
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        seconds = time.monotonic() - began
        tally.count(seconds < 8, f"{seconds:.1f} s")
        wait()


def test_faults_spare_the_private_routes(tally: Tally) -> None:
    for fault in FAULTS:
        with running("--memory", "--fault", fault) as address:
            client = Client(address)
            client.connection.timeout = 3
            for route, body in (("snapshots", b""), ("reset", b""), ("faults", b'{"faults": []}')):
                try:
                    answer = client.send("POST", f"/_sandbox/{route}", body=body)
                    tally.count(answer.status == 200, (fault, route, answer.body))
                except OSError as error:
                    tally.count(False, (fault, route, error))
            tally.count(client.send("GET", "/v1/customers").status == 200, f"{fault} has ended")


def test_the_address_in_use(tally: Tally, address: str) -> None:
    parts = urlsplit(address)
    command = [sys.executable, "-m", "stripe_shell", "serve", "--memory", "--port", str(parts.port)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    tally.count(found.returncode == 1 and found.stderr.count("\n") == 1, found.stderr)
