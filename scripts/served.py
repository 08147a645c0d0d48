"""A sandbox server in a child process that can be killed, and a client for it; used by the scripts in this folder."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[1]
KEY = "sk_test_crash"

Json = dict[str, Any]


class Server:
    """A server process on a database file."""

    def __init__(self, database: Path) -> None:
        command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", "--db", str(database)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def kill(self) -> None:
        """Kills the process with SIGKILL."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Client:
    """One connection to a server."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, method: str, path: str, params: Json | None = None) -> Json:
        """Returns the response body. Raises OSError or HTTPException if there is none, ValueError for an error."""
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, urlencode(params or {}) if params else None, headers)
        response = self.connection.getresponse()
        body: Json = json.loads(response.read())
        if response.status != 200:
            raise ValueError(f"{method} {path}: {response.status} {body}")
        return body


def everything(client: Client, name: str) -> list[Json]:
    """Returns every object of a list, following pagination."""
    found: list[Json] = []
    while True:
        after = f"&starting_after={found[-1]['id']}" if found else ""
        page = client.send("GET", f"/v1/{name}?limit=100{after}")
        found += page["data"]
        if not page["has_more"]:
            return found
