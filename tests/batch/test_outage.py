"""A server that is gone, that asks to wait, or that refuses the key: over HTTP, with several rows at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.wire import Request

from .flaky_server import run_against, serving
from .support import BODY, Batch

EMAILS = [f"user{number:03}@b.co" for number in range(40)]
JOBS = 4


@pytest.fixture
def folder(batch: Batch) -> Path:
    """The folder of a batch with four jobs on `/stripe`."""
    batch.options = f"key=email jobs={JOBS} on_error=continue"
    batch.script(BODY.replace("/sandbox", "/stripe"))
    batch.rows(EMAILS)
    return batch.folder


@pytest.mark.parametrize(("status", "probes"), [(0, 1), (429, JOBS), (503, 1)])
def test_what_was_not_executed_is_waited_out_and_made_once(folder: Path, status: int, probes: int) -> None:
    """From the tenth request on nothing is carried out until each job has failed once and some probes more."""
    failures = JOBS + 3 * probes

    def decide(number: int, request: Request) -> int | None:
        return status if 10 < number <= 10 + failures else None

    with serving(decide) as server:
        code, err = run_against(server, folder)
        assert code == 0, err
        assert "40 rows done · 0 skipped · 0 failed · 0 unknown · 0 not run · 80 writes" in err
        assert server.made("customers", "email") == server.made("invoiceitems", "description") == EMAILS
        keys = [request.idempotency_key for request, decision in server.seen if decision is None and request.writes]
        assert len(keys) == len(set(keys)) == 80


def test_a_key_that_is_refused_stops_everything_and_a_new_key_finishes(folder: Path) -> None:
    refused: list[int] = []

    def decide(number: int, request: Request) -> int | None:
        return 401 if number > 20 and not refused.append(number) else None  # type: ignore[func-returns-value]

    with serving(decide) as server:
        code, err = run_against(server, folder)
        assert code == 3
        assert "stopped: Stripe refuses the key (401)" in err
        assert len(refused) <= 1 + JOBS
        server.decide = lambda number, request: None
        code, err = run_against(server, folder)
        assert code == 0, err
        assert server.made("customers", "email") == server.made("invoiceitems", "description") == EMAILS


def test_a_second_run_of_a_script_ends_before_its_first_request(folder: Path) -> None:
    second: list[tuple[int, str]] = []

    def decide(number: int, request: Request) -> int | None:
        if number == 10:  # the server waits for the second run, and so does the first
            second.append(run_against(server, folder))
        return None

    with serving(decide) as server:
        code, err = run_against(server, folder)
        assert code == 0, err
        assert second[0][0] == 1
        assert "already running over the same data: process" in second[0][1]
        assert server.made("customers", "email") == EMAILS
        assert len(server.seen) == 81  # the account, and two writes for each row
