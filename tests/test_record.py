"""The recorded corpus of scripts/record: every request and every script is answered as it was when it was recorded."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.record.corpus import CORPUS, read_corpus
from tests.record.runs import compared

PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_answers_are_those_that_were_recorded(part: int) -> None:
    """A quarter of the corpus: `scripts/record --check` shows all differences, `--write` records anew."""
    count, differences = 0, list[str]()
    for number, found in compared(islice(read_corpus(), part, None, PARTS)):
        count += number
        differences += found
    assert not differences, "\n\n".join([f"{len(differences)} differ, first:", *differences[:3]])
    assert count > 3000, CORPUS
