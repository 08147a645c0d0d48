"""What the scripts of this folder share: a client's own packages, a sandbox with a shop, and the sum at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOP = Path(__file__).parent / "shop.stripe"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stripe-shell" / "clients"

#: How long a client may take, in seconds: one that waits for what never comes is ended. Tryton's scenarios wait up to
#: ten minutes for each event.
LONGEST = 900

#: Read by Python at its start: requests to Stripe go to the sandbox, whatever address the client insists on.
REDIRECT = """\
import os
import requests.adapters
send = requests.adapters.HTTPAdapter.send
def send_to_sandbox(self, request, *args, **kwargs):
    for host in ("https://api.stripe.com", "https://connect.stripe.com", "https://files.stripe.com"):
        if request.url.startswith(host + "/"):
            request.url = os.environ["STRIPE_API_BASE"] + request.url.removeprefix(host)
    return send(self, request, *args, **kwargs)
requests.adapters.HTTPAdapter.send = send_to_sandbox
"""


def packages(name: str, *requirements: str) -> Path:
    """Returns the Python of a virtual environment with these packages, installed on first use."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        for (
            requirement
        ) in requirements:  # one after the other: the later one may want what the earlier one pins otherwise
            subprocess.run(
                [python, "-m", "pip", "install", "--quiet", *requirement.split()], check=True, stderr=subprocess.DEVNULL
            )
        stamp.write_text(wanted)
    return python


def npm_source(name: str, folder: Path) -> Path:
    """Downloads an npm package into a folder and returns the folder of its files."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    with tarfile.open(folder / packed.stdout.strip()) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def run_beside_sandbox(
    command: Sequence[str | Path], *, folder: Path, seeded: bool = True, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command with a sandbox of its own (`stripe-shell exec`), which holds a shop if `seeded`.

    `environment` is that of the command alone. After LONGEST seconds it is ended, as `timeout` does.
    """
    seed = ["--seed", str(SHOP)] if seeded else []
    own = [f"{name}={value}" for name, value in (environment or {}).items()]
    words = ["env", *own, "timeout", str(LONGEST), *map(str, command)]
    return subprocess.run(
        [sys.executable, "-m", "stripe_shell", "exec", *seed, "--", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def sum_up(client: str, passed: int, failures: Sequence[str]) -> int:
    """Prints what failed and the sum; returns the exit code."""
    for failure in failures:
        print(f"  failed: {failure}")
    print(f"{client}: {passed} passed, {len(failures)} failed")
    return 1 if failures else 0
