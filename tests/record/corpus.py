"""The recorded corpus: stories of requests with their answers, replayed against the sandbox of today.

A story is what one fresh sandbox (its clock at `NOW`, its ids seeded) was sent. Each line of the file is a story or the
run of a script, as JSON. A step is `{"at", "request", "account", "answer"}`, or `{"at", "call", "args", "kwargs"}` for
what is called beside requests: `seed`, `reset`, `authenticate`, `account_of_key`, `catch_up`; its answer is what it
returned or raised.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any

from .sandboxes import Opened, Response, open_sandbox, send

Json = dict[str, Any]

CORPUS = Path(__file__).with_name("corpus.jsonl.xz")


def read_corpus(path: Path = CORPUS) -> Iterator[Json]:
    """Yield the lines of a corpus."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def write_corpus(path: Path, lines: Iterable[Json]) -> None:
    """Write a corpus; the same lines give the same bytes."""
    text = "".join(json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n" for line in lines)
    path.write_bytes(lzma.compress(text.encode(), preset=9))


def answer_of(response: Response) -> Json:
    """What is compared of an answer: status, headers in their order, body byte for byte."""
    return {
        "status": response.status,
        "headers": list(map(list, response.headers.items())),
        "body": text_of(response.body),
    }


def text_of(data: bytes) -> str:
    """Bytes as text that JSON can hold; `bytes_of` gives them back."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The inverse of `text_of`."""
    return text.encode("utf-8", "surrogateescape")


def replay(story: Json) -> Iterator[tuple[Json, Json]]:
    """Yield each recorded step with the answer that it gets today."""
    opened = open_sandbox()
    try:
        for step in story["steps"]:
            yield step, take(opened, step)
    finally:
        opened.close()


def take(opened: Opened, step: Json, account: str | None = None) -> Json:
    """Carry out a step at its time, and return its answer; `account` stands for the first account."""
    opened.clock.seconds = step["at"]
    if "call" in step:
        try:
            return {"returned": getattr(opened.sandbox, step["call"])(*step["args"], **step["kwargs"])}
        except ValueError as error:
            return {"raised": str(error)}
    request = {**step["request"], "body": bytes_of(step["request"]["body"])}
    return answer_of(send(opened, request, step["account"] or account))


def difference(name: str, recorded: Json, today: Json) -> str:
    """A readable diff of two answers, empty when they are the same."""
    if recorded == today:
        return ""
    return "\n".join(unified_diff(_lines(recorded), _lines(today), f"{name} recorded", "today", lineterm="", n=2))


def _lines(answer: Json) -> list[str]:
    lines = []
    for key, value in answer.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if key == "body":
            text = _indented(text)
        lines += [f"{key}:", *(f"  {line}" for line in text.split("\n"))]
    return lines


def _indented(text: str) -> str:
    """JSON with a member a line, and its bytes below, as spaces may differ; other text as it is."""
    try:
        indented = json.dumps(json.loads(text), indent=1)
    except ValueError:
        return text
    return f"{indented}\n{text[:2000]}"
