"""What a script becomes really runs, and sends what the script itself sends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.fixture_files import OneLink, normalised
from stripe_shell.batch.runner import run_source
from stripe_shell.convert.plan import ConversionPlan, plan_of
from stripe_shell.convert.to_curl import curl_of
from stripe_shell.convert.to_python import python_of
from stripe_shell.diagnostics import SourceText, format_diagnostics
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response
from tests.loopback import listening

SCRIPT = Path(__file__).parent / "cases" / "runs.stripe"
ENVIRONMENT = {"WHO": "Ann & \"Bo\" $HOME 'x' ü", "DEFAULT_IS_NOT_USED": "set"}
NOW = 1_769_860_800


class Server:
    """Answers what the script needs, the same for everyone, and remembers the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        """As a transport."""
        self.requests.append(request)
        number = len(self.requests)
        if b"pm_card_chargeDeclined" in request.body:
            error = {"type": "card_error", "code": "card_declined", "decline_code": "generic", "message": "Declined."}
            return Response(402, {"Request-Id": "req_1"}, json.dumps({"error": error}).encode())
        body = {
            "id": f"obj/{number}é",
            "object": "customer",
            "name": 'say "hi" & <bye>\\',
            "balance": 12,
            "sources": {"data": [{"id": "si_1", "exp_month": None}]},
        }
        return Response(200, {"Request-Id": f"req_{number}"}, json.dumps(body).encode())


def plan() -> ConversionPlan:
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    program = load_program(SourceText(SCRIPT.name, SCRIPT.read_text()))
    found = plan_of(engine, program.items, Scope(now=NOW, seed="seed"))
    assert found.sound, format_diagnostics(found.diagnostics)
    return found


def sent_by_the_script() -> list[Any]:
    server = Server()
    engine = Engine(load_table(), OneLink(server), open_rows)
    scope = Scope(now=NOW, seed="seed", environment=ENVIRONMENT)
    run = run_source(engine, SourceText(SCRIPT.name, SCRIPT.read_text()), scope, run_id="run")
    assert run.exit_code == 0, [format_diagnostics(o.diagnostics) for o in run.outcomes]
    return [comparable(request) for request in server.requests]


def comparable(request: Request) -> Any:
    """What a request asks for, with the headers that change its meaning."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    method, _, path, _, params = normalised(
        Request(
            request.method,
            request.path,
            request.query,
            request.body,
            {"Content-Type": "application/json"} if "json" in headers.get("content-type", "") and request.body else {},
        )
    )
    return method, path, headers["stripe-version"], headers.get("stripe-account"), without_times(params)


def without_times(params: Any) -> Any:
    """`${now}` is another second each time."""
    return {key: "<now>" if key == "created_at" else value for key, value in params.items()}


def run_program(command: list[str], address: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **ENVIRONMENT,
        "PATH": os.environ["PATH"],
        "STRIPE_API_KEY": "sk_test_x",
        "STRIPE_API_BASE": address,
        "NO_PROXY": "*",
        "HOME": str(folder),
    }
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)


def test_the_shell_script_sends_the_same(tmp_path: Path) -> None:
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    path = tmp_path / "script.sh"
    path.write_text(curl_of(plan(), SCRIPT.name, load_table().version).text)
    if shutil.which("uuidgen") is None:
        (tmp_path / "uuidgen").write_text("#!/bin/sh\necho 00000000-0000-4000-8000-000000000000\n")
        (tmp_path / "uuidgen").chmod(0o755)
    server = Server()
    with listening(server.send) as address:
        done = run_program(["sh", "-c", f'PATH="$PATH:{tmp_path}" sh {path}'], address, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [comparable(request) for request in server.requests] == sent_by_the_script()


def test_the_program_sends_the_same(tmp_path: Path) -> None:
    pytest.importorskip("stripe")
    path = tmp_path / "program.py"
    path.write_text(python_of(plan(), SCRIPT.name, load_table().version).text)
    server = Server()
    with listening(server.send) as address:
        done = run_program([sys.executable, str(path)], address, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [comparable(request) for request in server.requests] == sent_by_the_script()


@pytest.mark.parametrize("target", ["sh", "py"])
def test_a_program_stops_where_an_answer_lacks_what_it_needs(target: str, tmp_path: Path) -> None:
    if target == "sh" and (shutil.which("curl") is None or shutil.which("jq") is None):
        pytest.skip("curl or jq is not installed")
    text = "/x create customer email=a@b.co name=A\n@as a\n\n/x update customer id=${a.sources.url} name=B\n"
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    made = plan_of(engine, load_program(SourceText("t", text)).items, Scope(now=NOW, seed="s"))
    path = tmp_path / "program"
    writer = curl_of if target == "sh" else python_of
    path.write_text(writer(made, "t", "2026-10-28.endive").text)
    server = Server()
    with listening(server.send) as address:
        done = run_program(["sh" if target == "sh" else sys.executable, str(path)], address, tmp_path)
    assert done.returncode != 0
    assert len(server.requests) == 1
