"""Patience: requests that were not executed are sent again under their keys, behind one probe while nobody answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from stripe_shell.batch.patience import PatienceSettings, PatientTransport
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown, RunStopped
from stripe_shell.wire import Request, Response

WRITE = Request("POST", "/v1/customers", body=b"a=1", idempotency_key="key")
READ = Request("GET", "/v1/customers")
DELETE = Request("DELETE", "/v1/customers/cus_1")

REFUSED = NotSent("Not sent: POST /v1/customers to x: no connection (connection refused) (1 attempt).", lasting=False)
LOST = OutcomeUnknown("Outcome unknown: POST /v1/customers to x: the connection was lost (1 attempt)", lasting=False)
NO_ANSWER = NoAnswer("No answer: GET /v1/customers to x: no answer within 80 s", lasting=False)


def reply(status: int, code: str = "", **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, names, b'{"error": {"code": "%b"}}' % code.encode() if status >= 400 else b'{"id": "x"}')


class FakeTime(StopRequest):
    """A clock that waits move on; `hear` is called with the time of each wait."""

    def __init__(self, hear: Callable[[float], None] = lambda now: None) -> None:
        super().__init__()
        self.now = 0.0
        self.waits: list[float] = []
        self.hear = hear

    def wait(self, seconds: float, *, immediate: bool = False) -> bool:
        self.now += seconds
        self.waits.append(seconds)
        self.hear(self.now)
        return self.immediate if immediate else self.requested


class Server:
    """Answers in turn; from the last on always the same."""

    def __init__(self, answers: Sequence[Response | Exception]) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def patient(server: Server, time: FakeTime, said: list[str] | None = None, seconds: float = 600) -> PatientTransport:
    say = (said if said is not None else []).append
    return PatientTransport("stripe", server, PatienceSettings(seconds, time, say, lambda: time.now, lambda: 0.9))


@pytest.mark.parametrize(
    "answer",
    [REFUSED, LOST, reply(429), reply(502), reply(503), reply(504), reply(500, Stripe_Should_Retry="true"),
     reply(409, "idempotency_key_in_use"), reply(429, "lock_timeout", Stripe_Should_Retry="false")],
    ids=lambda answer: str(getattr(answer, "status", type(answer).__name__)),
)  # fmt: skip
def test_what_was_not_executed_is_sent_again_under_its_key(answer: Response | Exception) -> None:
    server, time = Server([answer] * 12 + [reply(200)]), FakeTime()
    assert patient(server, time).send(WRITE).status == 200
    assert len(server.requests) == 13
    assert {request.idempotency_key for request in server.requests} == {"key"}
    assert {request.retries for request in server.requests} == {0}
    assert max(time.waits) <= 5
    assert 30 < time.now < 60


@pytest.mark.parametrize(
    "answer", [reply(400), reply(402), reply(404), reply(409), reply(500), NotSent("Not sent: bad")]
)
def test_what_would_not_get_better_is_sent_once(answer: Response | Exception) -> None:
    server = Server([answer])
    if isinstance(answer, Response):
        assert patient(server, FakeTime()).send(WRITE) == answer
    else:
        with pytest.raises(NotSent):
            patient(server, FakeTime()).send(WRITE)
    assert len(server.requests) == 1


def test_reads_are_repeated_too() -> None:
    server = Server([NO_ANSWER, reply(503), reply(200)])
    assert patient(server, FakeTime()).send(READ).status == 200


def test_a_write_without_a_key_is_repeated_only_if_it_was_not_sent() -> None:
    assert patient(Server([REFUSED, reply(200)]), FakeTime()).send(DELETE).status == 200
    with pytest.raises(OutcomeUnknown):
        patient(Server([LOST, reply(200)]), FakeTime()).send(DELETE)


def test_the_server_says_how_long_to_wait() -> None:
    time = FakeTime()
    patient(Server([reply(429, Retry_After="17"), reply(200)]), time).send(WRITE)
    assert time.waits == [17]


def test_patience_ends() -> None:
    time = FakeTime()
    assert patient(Server([reply(429)]), time, seconds=60).send(WRITE).status == 429
    assert 50 < time.now <= 60
    with pytest.raises(NotSent, match="connection refused"):
        patient(Server([REFUSED]), FakeTime(), seconds=60).send(WRITE)


def test_an_attempt_in_doubt_stays_in_doubt() -> None:
    for last in (REFUSED, reply(429)):
        with pytest.raises(OutcomeUnknown, match="after an attempt whose answer was lost"):
            patient(Server([LOST, last]), FakeTime(), seconds=60).send(WRITE)
    assert patient(Server([LOST, reply(400)]), FakeTime()).send(WRITE).status == 400


def test_a_stop_ends_the_wait_for_what_was_not_executed() -> None:
    time = FakeTime(lambda now: time.request("Ctrl-C") if now > 3 else None)
    with pytest.raises(RunStopped):
        patient(Server([reply(429)]), time).send(WRITE)
    assert time.now < 10


def test_a_stop_lets_a_write_in_doubt_be_cleared_up() -> None:
    time = FakeTime(lambda now: time.request("Ctrl-C"))
    assert patient(Server([LOST, reply(429), reply(200)]), time).send(WRITE).status == 200
    time = FakeTime(lambda now: time.request("Ctrl-C", immediate=True))
    with pytest.raises(OutcomeUnknown):
        patient(Server([LOST, reply(200)]), time).send(WRITE)


@pytest.mark.parametrize(
    ("answer", "stops"), [(reply(401), True), (reply(403), True), (reply(403, "account_invalid"), False)]
)
def test_a_refused_key_stops_the_run_at_once(answer: Response, stops: bool) -> None:
    server, time = Server([answer]), FakeTime()
    transport = patient(server, time)
    assert transport.send(WRITE) == answer
    assert time.immediate is stops
    if stops:
        with pytest.raises(RunStopped):
            transport.send(WRITE)
        assert len(server.requests) == 1


def test_an_outage_is_told_with_its_beginning_and_its_end() -> None:
    said: list[str] = []
    patient(Server([REFUSED] * 12 + [reply(200)]), FakeTime(), said).send(WRITE)
    assert len(said) == 2
    assert said[0].startswith("/stripe has not answered since ")
    assert "(POST /v1/customers to x: no connection" in said[0]
    assert "at most 10 min" in said[0]
    assert said[1].startswith("/stripe answers again, after ")


def test_a_short_outage_is_not_worth_a_word() -> None:
    said: list[str] = []
    patient(Server([REFUSED, reply(200)]), FakeTime(), said).send(WRITE)
    assert said == []


def test_everything_waits_behind_one_probe() -> None:
    """While the first thread probes, the others have sent their one request and wait."""
    gone, threads = threading.Event(), 8
    arrived = threading.Barrier(threads, timeout=20)
    first: set[int] = set()
    lock, probes, intruder = threading.Lock(), [], threading.Event()

    class Gone:
        def send(self, request: Request) -> Response:
            me = threading.get_ident()
            with lock:
                new = me not in first
                first.add(me)
            if new:
                arrived.wait()
                raise REFUSED
            if not gone.is_set():
                with lock:
                    probes.append(me)
                    if probes[0] != me:
                        intruder.set()
                    if len(probes) == 5:
                        gone.set()
                intruder.wait(0.1)  # room for another thread, which must not come
                raise REFUSED
            return reply(200)

    class Quick(StopRequest):
        def wait(self, seconds: float, *, immediate: bool = False) -> bool:
            return False

    transport = PatientTransport("stripe", Gone(), PatienceSettings(600, Quick(), lambda words: None))
    answers: list[int] = []
    workers = [threading.Thread(target=lambda: answers.append(transport.send(WRITE).status)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert answers == [200] * threads
    assert len(set(probes)) == 1
