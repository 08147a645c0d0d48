"""Scripts run in this process in a fixed world: what they send to the sandbox, print, and exit with."""

from __future__ import annotations

import io
import os
import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from stripe_shell.cli import main

from .corpus import answer_of, difference, replay, text_of
from .sandboxes import NOW, SEED, Request, Response, Sandbox

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
FOLDERS = ("tests", "scripts/examples")

#: What is done with each script. Rows of loops run one after the other, so that their requests have one order.
COMMANDS = (("check",), ("run", "--dry-run"), ("run", "--memory", "--format", "jsonl", "--jobs", "1"))


def commands() -> Iterator[list[str]]:
    """Yield the command lines that are recorded, with names of scripts relative to the root of the checkout."""
    for folder in FOLDERS:
        for script in sorted((ROOT / folder).rglob("*.stripe")):
            for command in COMMANDS:
                yield [*command, script.relative_to(ROOT).as_posix()]


def recorded() -> Iterator[Json]:
    """Yield a line of the corpus for each command line."""
    with copied_scripts():
        for command in commands():
            yield {"run": command, **run(command)}


def compared(lines: Iterable[Json]) -> Iterator[tuple[int, list[str]]]:
    """Compare recorded lines with today's code: yield how many answers each holds, and the first that differs."""
    with copied_scripts():
        for line in lines:
            if "run" in line:
                name = " ".join(line["run"])
                told = difference(name, {k: v for k, v in line.items() if k != "run"}, run(line["run"]))
                yield 1, [told] if told else []
            else:
                yield _compare_story(line)


def _compare_story(story: Json) -> tuple[int, list[str]]:
    count, found = 0, list[str]()
    for step, answer in replay(story):
        count += 1
        name = f"{story['name']}: step {count}, {told_briefly(step)}"
        told = difference(name, step["answer"], answer)
        if told and not found:  # what follows in the story is the consequence
            found.append(told)
    return count, found


def told_briefly(step: Json) -> str:
    """A step in a few words."""
    return step.get("call") or f"{step['request']['method']} {step['request']['path']}"


def run(words: list[str]) -> Json:
    """Run the command line; return its exit code, its output, and what it sent with the answers."""
    exchanges: list[Json] = []
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with _fixed(), _listening(exchanges), redirect_stdout(out), redirect_stderr(err):
        try:
            code: Any = main(words)
        except SystemExit as stop:
            code = stop.code
    said = [text_of(stream.buffer.getvalue()) for stream in (out, err)]
    return {"code": code, "out": said[0], "err": said[1], "exchanges": exchanges}


@contextmanager
def copied_scripts() -> Iterator[None]:
    """While this lasts, the current folder is a copy of the scripts, and the home is empty."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for folder in FOLDERS:
            ignore = shutil.ignore_patterns("*.py", "__pycache__", "*.xz", "*.db")
            shutil.copytree(ROOT / folder, Path(name, "work", folder), ignore=ignore)
        os.chdir(Path(name, "work"))
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "TMPDIR")}
        home = {"HOME": f"{name}/home", "XDG_CONFIG_HOME": f"{name}/config", "XDG_DATA_HOME": f"{name}/data"}
        try:
            with patch.dict(os.environ, {**kept, **home, "NO_COLOR": "1", "COLUMNS": "120"}, clear=True):
                yield
        finally:
            os.chdir(before)


@contextmanager
def _fixed() -> Iterator[None]:
    """While this lasts, the time stands still and what is random is seeded."""
    draw = random.Random(SEED)
    with (
        patch("time.time", lambda: float(NOW)),
        patch("time.perf_counter", lambda: 0.0),
        patch("os.urandom", draw.randbytes),
        patch("sys.stdin", io.TextIOWrapper(io.BytesIO(), "utf-8")),
    ):
        yield


@contextmanager
def _listening(exchanges: list[Json]) -> Iterator[None]:
    """While this lasts, `exchanges` gets what any sandbox is sent and answers, its ids seeded."""
    begin, send = Sandbox.__init__, Sandbox.send

    def begun(sandbox: Sandbox, *args: Any, **kwargs: Any) -> None:
        with patch("random.Random", lambda seed=None: random_of(SEED if seed is None else seed)):
            begin(sandbox, *args, **kwargs)

    def sent(sandbox: Sandbox, request: Request, **kwargs: Any) -> Response:
        response = send(sandbox, request, **kwargs)
        told = f"{request.method} {request.target} {sorted(request.headers.items())} {request.idempotency_key}"
        exchanges.append({"request": told, "sent": text_of(request.body), **answer_of(response)})
        return response

    random_of = random.Random
    with patch.object(Sandbox, "__init__", begun), patch.object(Sandbox, "send", sent):
        yield
