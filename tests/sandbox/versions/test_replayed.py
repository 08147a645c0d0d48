"""The short form of scripts/versions: recorded requests in each version, validated by the table of the version."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.record.corpus import read_corpus

from .replayed import BREAKING, MONTHLY, replay_in

#: One story of so many is replayed; which, depends on the version.
EVERY = 60


@pytest.mark.parametrize(("number", "version"), enumerate([*BREAKING, *MONTHLY]), ids=[*BREAKING, *MONTHLY])
def test_answers_have_the_shapes_of_their_version(number: int, version: str) -> None:
    stories = (line for line in read_corpus() if line.get("name", "").startswith("tests/"))
    tally = replay_in(version, islice(stories, number, None, EVERY))
    assert (dict(tally.departures), tally.mistakes) == ({}, 0)
    assert tally.fields > 1000, tally
