"""Finds Stripe's official command-line tool; installs it with npm below ~/.cache/stripe-shell if missing."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stripe-shell" / "stripe-cli"


def find_tool() -> str:
    """Returns the path of the tool; STRIPE_CLI overrides it. Raises FileNotFoundError if it cannot be installed."""
    named = os.environ.get("STRIPE_CLI")
    tool = FOLDER / "node_modules" / ".bin" / "stripe"
    if named or tool.exists():
        return named or str(tool)
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("the command-line tool of Stripe is not installed, and npm is not here to install it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # only the first process installs it
        if not tool.exists():
            quietly = ("--silent", "--no-audit", "--no-fund", "--fetch-retries=1")
            command = [npm, "install", *quietly, "--prefix", str(FOLDER), "@stripe/cli"]
            subprocess.run(command, check=False, cwd=FOLDER, stdout=subprocess.DEVNULL)
    if not tool.exists():
        raise FileNotFoundError("npm could not install the command-line tool of Stripe")
    return str(tool)


def find_binary() -> Path:
    """Returns the tool's binary, which contains its fixture files. Raises FileNotFoundError as `find_tool` does."""
    find_tool()
    found = sorted((FOLDER / "node_modules" / "@stripe").glob("cli-*/bin/stripe*"))
    if not found:
        raise FileNotFoundError("the program of Stripe's command-line tool is not where npm puts it")
    return found[0]
