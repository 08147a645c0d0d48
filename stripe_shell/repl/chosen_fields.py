"""Keeps what `@fields` chose from one session to the next: `fields.json` beside the history, by kind of object."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.repl.history import history_path


def fields_path(environ: Mapping[str, str]) -> str:
    """Returns `$XDG_STATE_HOME/stripe-shell/fields.json`, by default in `~/.local/state`."""
    return f"{history_path(environ).removesuffix('history')}fields.json"


def read_fields(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Returns the members that were chosen, by kind; a file that cannot be read or is none chooses nothing."""
    path = fields_path(environ)
    if not os.path.exists(path):  # noqa: PTH110 (pathlib would be imported for it)
        return {}
    import json

    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {kind: tuple(names) for kind, names in pairs if _is_choice(names)}


def keep_fields(environ: Mapping[str, str], kind: str, names: Sequence[str]) -> None:
    """Keeps the choice for a kind, or with no names forgets it. Raises OSError if the file cannot be written."""
    import json
    from pathlib import Path

    from stripe_shell.files import write_text

    kept: dict[str, Sequence[str]] = {**read_fields(environ)}  # another session may have chosen meanwhile
    kept.pop(kind, None)
    if names:
        kept[kind] = names
    path = Path(fields_path(environ))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(path, f"{json.dumps(kept, indent=1)}\n", private=True)


def _is_choice(names: Any) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) for name in names)
