"""Random keys at the prompt, by fixed seeds; `scripts/prompt-keys` sends many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repl.keystrokes import KEYS, random_keys, run_sequence


@pytest.mark.parametrize("seed", range(20))
def test_no_text_is_lost_and_nothing_is_sent_unseen(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_sequence(tmp_path, seed, 200)
    assert len(run.pressed) == 200


def test_the_sequences_press_every_key_and_send_something(tmp_path: Path) -> None:
    pressed = {key.name for seed in range(20) for key in random_keys(seed, 200)}
    assert pressed == {*KEYS, "type", "paste", "resize"}
    assert run_sequence(tmp_path, 14, 200).submitted
