"""The folders that hold runs: noted when a run begins, so that it is found from any folder."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from stripe_shell.batch.run_folder import RUNS
from stripe_shell.files import append_private


def note_folder(runs: Path, environ: Mapping[str, str]) -> None:
    """Notes a folder of runs. A file that cannot be written only costs `runs` the knowledge of the folder."""
    path = str(runs.resolve())
    if "\n" in path or path in _noted(environ):
        return
    with suppress(OSError):
        _file(environ).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        append_private(_file(environ), f"{path}\n".encode(errors="surrogateescape"))


def known_folders(environ: Mapping[str, str], given: str | None) -> list[Path]:
    """Returns the folders of runs: the one that is given, else that of the current folder and all that were noted."""
    if given is not None:
        return [Path(given).expanduser()]
    found = dict.fromkeys(str(path) for path in (Path.cwd() / RUNS, *map(Path, _noted(environ))) if path.is_dir())
    return list(map(Path, found))


def _noted(environ: Mapping[str, str]) -> list[str]:
    with suppress(OSError):
        return _file(environ).read_text("utf-8", errors="surrogateescape").splitlines()
    return []


def _file(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_STATE_HOME/stripe-shell/runs`, by default `~/.local/state/stripe-shell/runs`."""
    chosen = environ.get("XDG_STATE_HOME", "")
    if not chosen.startswith("/"):  # The XDG rules ignore a relative path.
        chosen = f"{environ.get('HOME') or Path.home()}/.local/state"
    return Path(chosen) / "stripe-shell" / "runs"
