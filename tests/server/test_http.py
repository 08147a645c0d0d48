"""The sandbox over HTTP: keys, versions, bodies, headers, and what a client sees of them."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stripe_shell.spec.table import load_table

from .conftest import Client, running

Connect = Callable[..., Client]


def test_a_customer_is_made_and_read_back(client: Client) -> None:
    made = client.post("/v1/customers", {"email": "jenny@example.com", "metadata": {"order": "6735"}})
    assert client.get(f"/v1/customers/{made['id']}") == made
    assert made["metadata"] == {"order": "6735"}
    assert client.get("/v1/events")["data"][0]["type"] == "customer.created"


def test_each_key_is_an_account_of_its_own(connect: Connect) -> None:
    mine, yours = connect("sk_test_mine"), connect("sk_test_yours")
    made = mine.post("/v1/customers")
    assert yours.send("GET", f"/v1/customers/{made['id']}").status == 404
    assert connect("sk_test_mine").get(f"/v1/customers/{made['id']}") == made
    assert mine.get("/v1/account")["id"] != yours.get("/v1/account")["id"]


def test_a_key_may_be_the_user_name(client: Client) -> None:
    made = client.post("/v1/customers")
    basic = b64encode(f"{client.key}:".encode()).decode()
    assert client.get(f"/v1/customers/{made['id']}", headers={"Authorization": f"Basic {basic}"}) == made


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("", "You did not provide an API key."),
        ("Bearer", "You did not provide an API key."),
        ("Basic !!!", "You did not provide an API key."),
        ("Digest sk_test_x", "You did not provide an API key."),
        ("Bearer sk_test_a-b-c-1234", "Invalid API Key provided: sk_test_******1234"),
        ("Bearer nonsense", "Invalid API Key provided: ****ense"),
        ("Bearer sk_live_abcdefgh", "This is a local sandbox, and this key is a live key"),
        ("Bearer pk_test_abcdefgh", "This API call cannot be made with a publishable API key."),
    ],
)
def test_a_key_that_is_none_is_refused(client: Client, authorization: str, message: str) -> None:
    answer = client.send("GET", "/v1/customers", headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"].startswith(message)
    assert answer.headers["www-authenticate"] == 'Bearer realm="Stripe"'
    assert "abcdefgh" not in answer.body.decode()


def test_versions(client: Client) -> None:
    assert client.send("GET", "/v1/customers").headers["stripe-version"] == load_table().version
    older = client.send("GET", "/v1/customers", headers={"Stripe-Version": "2024-06-20"})
    assert (older.status, older.headers["stripe-version"]) == (200, "2024-06-20")
    broken = client.send("GET", "/v1/customers", headers={"Stripe-Version": "yesterday"})
    assert (broken.status, broken.error["message"]) == (400, "Invalid Stripe API version: yesterday")


def test_an_idempotency_key_is_kept(client: Client) -> None:
    first = client.send("POST", "/v1/customers", {"name": "Ann"}, {"Idempotency-Key": "k"})
    again = client.send("POST", "/v1/customers", {"name": "Ann"}, {"Idempotency-Key": "k"})
    assert first.body == again.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


def test_same_key_at_the_same_time_makes_one_object(address: str) -> None:
    def create(_: int) -> str:
        customer = Client(address, "sk_test_atonce").send("POST", "/v1/customers", None, {"Idempotency-Key": "once"})
        return str(customer.json()["id"]) if customer.status == 200 else str(customer.error["code"])

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(create, range(16)))
    assert len(answers - {"idempotency_key_in_use"}) == 1


def test_many_at_once_lose_nothing(address: str) -> None:
    def create(number: int) -> str:
        client = Client(address, "sk_test_many")
        return str([client.post("/v1/customers", {"name": f"{number}.{turn}"}) for turn in range(10)][-1]["name"])

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(create, range(8))) == [f"{number}.9" for number in range(8)]
    assert len(Client(address, "sk_test_many").get("/v1/customers", {"limit": 100})["data"]) == 80


def test_unknown_paths_and_methods_are_not_found(client: Client) -> None:
    for method, path in [("GET", "/"), ("GET", "/v1/nonsense"), ("PUT", "/v1/customers"), ("POST", "/v1/events")]:
        answer = client.send(method, path)
        assert answer.status == 404
        assert answer.error["message"].startswith(f"Unrecognized request URL ({method}: {path}).")


def test_an_answer_to_head_has_no_body(client: Client) -> None:
    assert client.send("HEAD", "/v1/customers").status == 404
    assert client.get("/v1/customers")["data"] == [], "the connection still works"


def test_what_is_no_request_is_refused(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_requests_may_be_sent_before_the_answers_are_read(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    one = b"GET /v1/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_pipe\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(one % b"customers" + one % b"products")
        got = b""
        while got.count(b'"url":"/v1/') < 2:
            got += connection.recv(65536)
    assert got.index(b"/v1/customers") < got.index(b"/v1/products")


def test_a_body_may_come_in_pieces(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": "application/x-www-form-urlencoded"}
    pieces = iter([b"name=A", b"nn&email=", b"ann%40example.com"])
    client.connection.request("POST", "/v1/customers", pieces, headers, encode_chunked=True)
    made = json.loads(client.connection.getresponse().read())
    assert (made["name"], made["email"]) == ("Ann", "ann@example.com")


def test_what_is_too_large_is_refused(client: Client) -> None:
    answer = client.send("POST", "/v1/customers", body=b"x=" + b"y" * (33 * 1024 * 1024))
    assert answer.status == 413
    assert answer.error["message"] == "The request is too large."


def test_v2_speaks_json(client: Client) -> None:
    meter = client.post(
        "/v1/billing/meters",
        {"display_name": "calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}},
    )
    customer = client.post("/v1/customers")
    event = client.post(
        "/v2/billing/meter_events",
        headers={"Content-Type": "application/json", "Stripe-Version": "2024-09-30.acacia"},
        body=json.dumps(
            {"event_name": meter["event_name"], "payload": {"stripe_customer_id": customer["id"], "value": "3"}}
        ).encode(),
    )
    assert event["object"] == "v2.billing.meter_event"


def test_a_file_is_uploaded(client: Client) -> None:
    parts = [
        '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\ndispute_evidence\r\n',
        '--b\r\nContent-Disposition: form-data; name="file"; filename="receipt.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nseven bananas\r\n",
        "--b--\r\n",
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    made = client.post("/v1/files", headers=headers, body="".join(parts).encode())
    assert (made["object"], made["purpose"], made["filename"]) == ("file", "dispute_evidence", "receipt.txt")
    assert made["size"] == len("seven bananas")


def test_private_routes(client: Client, connect: Connect) -> None:
    other = connect()
    kept = other.post("/v1/customers")
    client.post("/v1/customers")
    client.post("/_sandbox/seed", body=json.dumps({"objects": [{"object": "customer", "id": "cus_seeded"}]}).encode())
    assert client.get("/v1/customers/cus_seeded")["object"] == "customer"
    client.post("/_sandbox/reset")
    assert client.get("/v1/customers")["data"] == []
    assert other.get(f"/v1/customers/{kept['id']}") == kept


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/_sandbox/seed", b"nonsense", 400),
        ("POST", "/_sandbox/seed", b'{"objects": {}}', 400),
        ("POST", "/_sandbox/seed", b'{"objects": [{"id": "cus_x"}]}', 400),
        ("POST", "/_sandbox/faults", b'{"faults": ["nonsense"]}', 400),
        ("GET", "/_sandbox/faults", b"", 404),
        ("POST", "/_sandbox/other", b"", 404),
    ],
)
def test_private_routes_refuse_nonsense(client: Client, method: str, path: str, body: bytes, status: int) -> None:
    assert client.send(method, path, body=body).status == status


def test_a_web_page_cannot_use_the_private_routes(client: Client) -> None:
    made = client.post("/v1/customers")
    answer = client.send("POST", "/_sandbox/reset", headers={"Origin": "https://evil.example"})
    assert answer.status == 403
    assert client.get(f"/v1/customers/{made['id']}") == made


def test_what_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn")
    with running("--db", str(tmp_path / "s.db")) as address:
        made = Client(address, "sk_test_again").post("/v1/customers", {"name": "Ann"})
    with running("--db", str(tmp_path / "s.db")) as address:
        assert Client(address, "sk_test_again").get(f"/v1/customers/{made['id']}") == made


def test_a_stream_of_meter_events_uses_the_token_of_a_session(client: Client) -> None:
    meter = {"display_name": "calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    made = client.post("/v1/billing/meters", meter)
    customer = client.post("/v1/customers")["id"]
    headers = {"Content-Type": "application/json", "Stripe-Version": "2024-09-30.acacia"}
    token = client.post("/v2/billing/meter_event_session", headers=headers)["authentication_token"]
    uses = [
        {"event_name": "calls", "payload": {"stripe_customer_id": customer, "value": value}} for value in ("3", "4")
    ]
    path, body = "/v2/billing/meter_event_stream", json.dumps({"events": uses}).encode()
    assert client.post(path, headers={**headers, "Authorization": f"Bearer {token}"}, body=body) == {}
    minute = made["created"] // 60 * 60
    period = {"customer": customer, "start_time": minute - 3600, "end_time": minute + 3600}
    summary = client.get(f"/v1/billing/meters/{made['id']}/event_summaries", period)
    assert [row["aggregated_value"] for row in summary["data"]] == [7]
    for wrong in (token[:-1], "mes_test_nobody_x"):
        answer = client.send("POST", path, headers={**headers, "Authorization": f"Bearer {wrong}"}, body=body)
        assert answer.status == 401
    assert client.send("GET", "/v1/customers", headers={"Authorization": f"Bearer {token}"}).status == 401


@pytest.mark.parametrize("agent", ["curl/8.5.0", "Wget/1.21", "HTTPie/3.2", "Mozilla/5.0 (X11; Linux x86_64)"])
def test_bodies_are_indented_for_who_reads_them(client: Client, agent: str) -> None:
    """Errors and successes alike, as Stripe's are; libraries get the text as it is stored."""
    shown = client.send("POST", "/v1/customers", {"name": "Ann"}, headers={"User-Agent": agent})
    assert shown.body.startswith(b'{\n  "id": "cus_')
    refused = client.send("GET", "/v1/customers/cus_none", headers={"User-Agent": agent})
    assert refused.body.startswith(b'{\n  "error": {\n    "code"')
    library = client.send("GET", f"/v1/customers/{shown.json()['id']}", headers={"User-Agent": "Stripe/v1 Python"})
    assert library.json() == shown.json()
    assert b"\n" not in library.body
