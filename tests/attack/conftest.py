"""Counts tries: how many an attack made, and how many the shell held."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.server.conftest import address, client, connect  # noqa: F401 - fixtures


class Tally:
    """The tries of an attack. `full` asks for the long form: as many and as long as the machine allows."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.tries = 0
        self.broken: list[str] = []

    def count(self, held: bool, words: object) -> None:
        """Counts a try; `words` say what was tried, for a report of what did not hold."""
        self.tries += 1
        if not held:
            self.broken.append(str(words))


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """A tally that fails the test if a try did not hold, or none was made."""
    counted = Tally(full=os.environ.get("STRIPE_SHELL_ATTACK") == "full")
    yield counted
    held = counted.tries - len(counted.broken)
    request.node.user_properties.append(("attack", [counted.tries, held]))
    if counted.broken:
        shown = "\n".join(text[:400] for text in counted.broken[:20])
        pytest.fail(f"{held} of {counted.tries} held; not held:\n{shown}", pytrace=False)
    assert counted.tries, "nothing was tried"
