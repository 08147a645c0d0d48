#!/usr/bin/env python3
"""Writes completions/ for bash, zsh and fish, as `stripe-shell completion` prints them.

usage: python scripts/generate_completions.py [--check]

`--check` writes nothing and fails when the files are not up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stripe_shell.cli.completion.scripts import completion_script
from stripe_shell.spec.table import load_table

FOLDER = Path(__file__).parents[1] / "completions"
FILES = {"bash": "stripe-shell.bash", "zsh": "_stripe-shell", "fish": "stripe-shell.fish"}


def main() -> int:
    texts = {file: completion_script(shell, load_table()) for shell, file in FILES.items()}
    stale = [name for name, text in texts.items() if _differs(FOLDER / name, text)]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"completions/{name} is not up to date" for name in stale), end="\n" if stale else "")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(texts[name], encoding="utf-8")
        print(f"wrote completions/{name}")
    return 0


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


if __name__ == "__main__":
    raise SystemExit(main())
