"""Kind 3: limits that hold whatever somebody else's script says: each check ends soon, with one clear error."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.attack.conftest import Tally

ROOT = Path(__file__).parents[2]
LOOP = (
    '@foreach row in "{file}" key={key}\n/sandbox\naction: create\nentity: customer\nemail: a@x.co\nname: Ann\n@end\n'
)
#: What a check may take, in seconds and in bytes of memory.
SECONDS, MEMORY = 20, 2 * 1024**3


def check(folder: Path, text: str) -> tuple[int, str, float]:
    """Checks a script in the folder; returns the exit code, what was said, and the seconds it took."""
    (folder / "a.stripe").write_text(text)
    command = [sys.executable, "-m", "stripe_shell", "check", "a.stripe"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=SECONDS,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, "it did not end", SECONDS
    return done.returncode, done.stderr, time.monotonic() - began


def doubled(lines: int) -> str:
    """Variables that are each four times as long as the one before."""
    first = f"@let a0 = {'x' * 100}\n"
    return first + "".join(f'@let a{at + 1} = "${{a{at}}}${{a{at}}}${{a{at}}}${{a{at}}}"\n' for at in range(lines))


#: One list with the same long one 200 times, in one line.
FAN = "@let a0 = [" + "1," * 99_999 + "1]\n@let a1 = [" + ", ".join(['"${a0}"'] * 200) + "]\n"

#: Lists that each hold the one before four times.
LISTS = "@let a0 = [1, 2, 3]\n" + "".join(
    f"@let a{at + 1} = [" + ", ".join([f'"${{a{at}}}"'] * 4) + "]\n" for at in range(20)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("@include a.stripe\n", "E304"),
        ("@include e0.stripe\n", "E304"),
        ("@include /dev/zero\n", "E303"),
        ("@include pipe.stripe\n", "E303"),
        (doubled(20), "E210"),
        (doubled(20).replace('= "', "= ").replace('"\n', "\n"), "E210"),
        (LISTS, "E210"),
        (FAN, "E210"),
        (LOOP.format(file="wide.csv", key="c0"), "E306"),
        (LOOP.format(file="deep.json", key="id"), "E303"),
        (LOOP.format(file="digits.jsonl", key="id"), "E303"),
        (LOOP.format(file="long.csv", key="id"), "E303"),
    ],
    ids=[
        "itself",
        "twice each",
        "device",
        "pipe",
        "doubled",
        "bare",
        "lists",
        "fan",
        "wide",
        "deep",
        "digits",
        "long cell",
    ],
)
def test_a_check_ends(tally: Tally, tmp_path: Path, text: str, code: str) -> None:
    for number in range(25):
        (tmp_path / f"e{number}.stripe").write_text(f"@include e{number + 1}.stripe\n" * 2)
    (tmp_path / "e25.stripe").write_text("@let a = 1\n")
    os.mkfifo(tmp_path / "pipe.stripe")
    (tmp_path / "wide.csv").write_text(",".join(f"c{at}" for at in range(100_000)) + "\n" + "," * 99_999 + "\n")
    (tmp_path / "deep.json").write_text("[" * 300_000)
    (tmp_path / "digits.jsonl").write_text(f'{{"id": {"9" * 10_000}}}\n')
    (tmp_path / "long.csv").write_text(f"id\n{'a' * 1_000_000}\n")
    found, said, seconds = check(tmp_path, text)
    tally.count(found == 2 and said.count(f"error[{code}]") == 1 and len(said) < 2000, (found, said[:500]))
    tally.count(seconds < SECONDS, f"{seconds:.1f} s")
