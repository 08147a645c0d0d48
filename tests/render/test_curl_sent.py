"""The command that `@curl` shows, run for real: the server gets what the transport would have sent, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stripe_shell.batch.runner import run_source
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.curl import render_curl
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response
from tests.engine.support.world import FakeLinks, FakeTransport
from tests.loopback import listening

BLOCKS = [
    "list customers email=a@b.co created[gte]=5 limit=3",
    'create customer\nemail: a@b.co\nname: O\'Neil "Q" $HOME `id` \\ & = % + ü 🎉 @file\nmetadata.a b: "x\\ny\\tz"',
    "create customer\nemail: a@b.co\nname: A\ndescription:\n@account acct_1\n@version 2024-09-30.acacia\n@timeout 20s",
    'update customer id=cus/1?a#b\nname: B\n@idempotency_key it\'s "mine"',
    "delete customer id=cus_1",
    "capture payment_intent id=pi_1",
    'create v2.billing.meter_event\nevent_name: x\npayload: {"value": "it\'s 5 $ `x`", "stripe_customer_id": "ü"}',
    "create file\npurpose: dispute_evidence\nfile: ${binary}",
    "get /v1/payment_pages/a%20b\nq[]: [1]",
]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_curl_sends_the_very_request(block: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    binary = tmp_path / "evidence.bin"
    binary.write_bytes(bytes(range(256)))
    request = request_of(block, binary)
    received: list[Request] = []

    def receive(sent: Request) -> Response:
        received.append(sent)
        return Response(200, {}, b"{}")

    with listening(receive) as address:
        environment = {
            "PATH": os.environ["PATH"],
            "STRIPE_API_KEY": "sk_test_x",
            "NO_PROXY": "*",
            "HOME": str(tmp_path),
        }
        command = ["sh", "-c", render_curl(request, address)]
        subprocess.run(command, check=True, capture_output=True, env=environment, timeout=30)
    (sent,) = received
    assert (sent.method, sent.path, sent.query, sent.body) == (
        request.method,
        request.path,
        request.query,
        request.body,
    )
    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert headers["authorization"] == "Bearer sk_test_x"
    assert headers.get("idempotency-key") == request.idempotency_key
    for name, value in request.headers.items():
        assert headers[name.lower()] == value


def request_of(block: str, binary: Path) -> Request:
    transport = FakeTransport()
    engine = Engine(load_table(), FakeLinks(transport), open_rows)
    scope = Scope(now=0, seed="s", variables={"binary": str(binary)}, written=frozenset({"binary"}))
    run = run_source(engine, SourceText("t", f"/sandbox {block}\n"), scope, run_id="run")
    assert run.exit_code == 0, (run.diagnostics, run.outcomes)
    return transport.requests[0]
