"""Streams and files that cannot be written: they never stop a batch, and the end says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .support import Batch

EMAILS = [f"{letter}@b.co" for letter in "abcdefgh"]
ROOT = Path(__file__).parents[2]


def shell(batch: Batch, tail: str) -> tuple[int, str]:
    """The exit code of the run and what it says, in a shell that ends its command line so."""
    words = " ".join([sys.executable, "-m", "stripe_shell", *batch.words, "--show", tail])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {words}"],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("tail", "said"),
    [
        ("> /dev/full", "standard output cannot be written (No space left on device)"),
        ("2> /dev/full", ""),
        ("| head -1", "standard output cannot be written (Broken pipe)"),
        ("--report json=/dev/full", "the report /dev/full cannot be written: No space left on device"),
    ],
)
def test_all_rows_are_done_and_the_end_says_what_could_not_be_written(batch: Batch, tail: str, said: str) -> None:
    batch.rows(EMAILS)
    code, err = shell(batch, tail)
    assert code == 3
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
    assert said in err
    assert "Traceback" not in err


def test_a_row_file_that_cannot_be_written_is_told(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    from stripe_shell.batch import row_file

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(row_file, "_open_private", fail)
    batch.rows(EMAILS)
    result = batch.run()
    assert result.code == 3
    assert result.err.count("the row file cannot be written: No space left on device") == 1
    assert batch.made("customer") == EMAILS
