"""Idempotency keys: the same step of the same run always has the same key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from stripe_shell.engine.scope import plain_text
from stripe_shell.lang.ast import Block, ForEach, Loop, Name

SEPARATOR = "\0"


def idempotency_key(run_id: str, step_id: str, row_key: str = "", generation: int = 0) -> str:
    """Returns the idempotency key of a step: `ss1-` and 40 hexadecimal digits."""
    return f"ss1-{_digest((run_id, step_id, row_key, str(generation)))[:40]}"


def step_id(block: Block, seen: Counter[str], root: str = "") -> str:
    """Returns an id of the step that survives edits of the file: its `@as` name, else a hash, with an ordinal.

    The ordinal tells duplicates apart. A file counts by its path from the folder `root`, wherever the run was started.
    Mutates `seen`, which counts the steps of the run so far.
    """
    return numbered(step_base(block, root), seen)


def step_base(block: Block, root: str = "") -> str:
    """Returns the id of a step without its ordinal."""
    saved = block.argument(Name)
    return f"{_file_name(block, root)}{SEPARATOR}{saved.text}" if saved else _template(block)


def loop_id(loop: Loop, seen: Counter[str]) -> str:
    """Returns an id of the loop: the data file as written, with an ordinal. Mutates `seen`."""
    argument = loop.directive.argument
    source = plain_text(argument.file) if isinstance(argument, ForEach) else ""
    return numbered(f"@foreach{SEPARATOR}{source}", seen)


def row_id(loop: str, row_key: str) -> str:
    """Returns a digest that identifies a row of a loop: 16 hexadecimal digits."""
    return _digest((loop, row_key))[:16]


def count_steps(loop: Loop, seen: Counter[str], root: str = "") -> None:
    """Mutates `seen`: counts the steps of a loop, so that equal steps of a later loop have other ids."""
    for item in loop.items:
        if isinstance(item, Block):
            step_id(item, seen, root)
        elif isinstance(item, Loop):
            loop_id(item, seen)
            count_steps(item, seen, root)


def numbered(base: str, seen: Counter[str]) -> str:
    """Returns the id of a step or a loop. Mutates `seen`."""
    ordinal = seen[base]
    seen[base] += 1
    return f"{base}{SEPARATOR}{ordinal}"


def _file_name(block: Block, root: str) -> str:
    name = block.span.source.name
    if not root or name.startswith("<"):
        return name
    from os.path import realpath, relpath

    return relpath(realpath(name), root)


def _template(block: Block) -> str:
    """Returns a hash of the block's parameters as written, independent of their order and layout."""
    pairs = sorted((".".join(param.key.path), plain_text(param.value)) for param in block.params)
    return _digest(f"{key}={value}" for key, value in pairs)


def _digest(texts: Iterable[str]) -> str:
    digest: str = _sha256()(SEPARATOR.join(texts).encode(errors="surrogatepass")).hexdigest()
    return digest


@cache
def _sha256() -> Callable[[bytes], Any]:
    """Returns `hashlib.sha256`, imported with the first digest; an import statement takes as long as a digest."""
    from hashlib import sha256

    return sha256
