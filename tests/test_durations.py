"""Durations and rates: what every part of the shell reads alike."""

from __future__ import annotations

import pytest

from stripe_shell.durations import format_duration, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "ms"), [("500ms", 500), ("1.5ms", 1.5), ("10s", 10_000), ("1.5m", 90_000), ("1h", 3_600_000), ("0s", 0)]
)
def test_durations(text: str, ms: float) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "-1s", "1.s", "10sec", "14d", "10S", "1m30s"])
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


def test_a_duration_in_a_unit_that_is_not_allowed() -> None:
    assert parse_duration("5m", ("ms", "s")) is None


@pytest.mark.parametrize("ms", [1, 500, 1_500, 10_000, 90_000, 3_600_000, 3_600_001])
def test_a_formatted_duration_reads_back(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


def test_a_duration_is_formatted_in_its_largest_unit() -> None:
    assert [format_duration(ms) for ms in (999, 10_000, 120_000, 7_200_000)] == ["999ms", "10s", "2m", "2h"]


def test_rates() -> None:
    assert [parse_rate(text) for text in ("25/s", "30/m", "1800/h", "0/s", "25", "25/d", "/s")] == [
        25, 0.5, 0.5, 0, None, None, None,
    ]  # fmt: skip
