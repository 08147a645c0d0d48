"""The short form of scripts/record: a third of the recorded corpus is answered as it was when it was recorded."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.record.corpus import CORPUS, read_corpus
from tests.record.runs import compared

#: The corpus is cut into so many parts, of which two are compared here.
PARTS = 6


@pytest.mark.parametrize("part", [0, 3])
def test_answers_are_those_that_were_recorded(part: int) -> None:
    """A sixth of the corpus: `scripts/record --check` shows all differences, `--write` records anew."""
    count, differences = 0, list[str]()
    for number, found in compared(islice(read_corpus(), part, None, PARTS)):
        count += number
        differences += found
    assert not differences, "\n\n".join([f"{len(differences)} differ, first:", *differences[:3]])
    assert count > 1500, CORPUS
