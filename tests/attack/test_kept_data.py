"""Also: plans and journals that somebody else wrote. One line says what is wrong; other runs are not stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch.kept_data import Each, misfit
from stripe_shell.cli import main
from stripe_shell.diagnostics import SourceText, excerpt
from stripe_shell.repl.settings import parse_prompt_settings
from tests.attack.conftest import Tally
from tests.attack.corpus import SHORT
from tests.attack.test_outside_text import RAW

SCRIPT = "/sandbox\naction: create\nentity: customer\nname: Ann\nemail: a@x.co\n"
BATCH = f'@foreach row in "rows.csv" key=id\n{SCRIPT}@end\n'
DEEP = "[" * 100_000
HUGE = "9" * 5000

#: Values of the wrong kind, which nothing may take for what it expects.
WRONG: tuple[Any, ...] = (5, -1.5, True, [], [1], {}, {"a": [1]}, "", "a\x00b", "x\x1b[31m\u202e\x9b")

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs the command line in a home of its own; returns the exit code and all that was written."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("STRIPE_API_KEY", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> tuple[int, str]:
        code = main(list(words))
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    yield run_it


def variants(whole: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The text of a document in which one member, or one member of a member, is wrong; and of what is no document."""
    for name, inner in whole.items():
        for value in WRONG:
            yield f"{name} {value!r}", json.dumps({**whole, name: value})
        yield f"without {name}", json.dumps({key: value for key, value in whole.items() if key != name})
        for key in inner if isinstance(inner, dict) else ():
            for value in WRONG:
                yield f"{name}.{key} {value!r}", json.dumps({**whole, name: {**inner, key: value}})
    yield from {
        "nothing": "", "deep": DEEP, "deep member": f'{{"plan": 1, "t": "S", "x": {DEEP}', "null": "null", "list": "[]",
        "huge": f'{{"plan": {HUGE}, "time": {HUGE}}}', "endless": '{"plan": 1e999, "time": 1e999}',
    }.items()  # fmt: skip


def is_one_line(code: int, said: str) -> bool:
    """Whether a refusal is clear: no fault of ours, nothing that a terminal obeys, few lines."""
    return code in (1, 2, 3, 6) and "Traceback" not in said and not RAW.search(said) and said.count("\n") <= 6


def test_plans_of_others(tally: Tally, tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.stripe").write_text(SCRIPT)
    assert run("run", "a.stripe", "--plan", "PLAN.json")[0] == 0
    whole = json.loads((tmp_path / "PLAN.json").read_text())
    whole["options"] |= {"connection": "sandbox", "tags": "", "variables": {"a": "b"}, "db": "x.db", "runs_dir": "r"}
    for words, text in variants(whole):
        if words.startswith("options {"):
            continue  # a plan without the options that are known is one
        (tmp_path / "OTHER.json").write_text(text)
        code, said = run("run", "OTHER.json")
        tally.count(is_one_line(code, said), (words, code, said))
    for words, hostile in SHORT.items():
        for member in ("script", "run"):
            (tmp_path / "OTHER.json").write_text(json.dumps({**whole, member: hostile}))
            code, said = run("run", "OTHER.json")
            tally.count(is_one_line(code, said), (words, member, code, said))


def test_journals_of_others(tally: Tally, tmp_path: Path, run: Run) -> None:
    """A journal that is none stops neither the list of runs nor another run in its folder."""
    (tmp_path / "b.stripe").write_text(BATCH)
    (tmp_path / "rows.csv").write_text("id\na\n")
    assert run("run", "b.stripe")[0] == 0
    journal = next((tmp_path / ".stripe-runs").glob("b-*/journal.jsonl"))
    first, *others = journal.read_text().splitlines()
    foreign = tmp_path / ".stripe-runs" / "foreign-0123456789ab" / "journal.jsonl"
    foreign.parent.mkdir()
    texts = list(variants(json.loads(first)))
    texts += [(words, f"{first}\n{text}\n") for words, text in variants(json.loads(others[-1]))]
    for number, (words, text) in enumerate(texts):
        foreign.write_text("\n".join([text, *others]) if number % 2 else f"{text}\n")
        for command in (["runs", "list"], ["runs", "list", "--format", "json"]):
            code, said = run(*command)
            held = code == 0 and "b-" in said and "Traceback" not in said and not RAW.search(said)
            tally.count(held, (words, command, code, said))
        code, said = run("runs", "show", "foreign-0123456789ab")
        tally.count("Traceback" not in said and not RAW.search(said), (words, "show", code, said))
    (tmp_path / "c.stripe").write_text(BATCH)
    code, said = run("run", "c.stripe")
    tally.count(code == 0, said)


@pytest.mark.parametrize(
    ("data", "form", "wrong"),
    [
        (1, int, None), (True, int, ""), (True, bool, None), ("a", [str], ""), (["a", 1], [str], ""), ([], [str], None),
        ({"a": 1}, {"a": int}, None), ({"a": "1"}, {"a": int}, "a"), ({}, {"a": int}, "a"), ({}, {"a?": int}, None),
        ({"a": None}, {"a?": int}, None), ({"a": None}, {"a": int}, "a"), ([], {"a?": int}, ""),
        ({"b": {"c": 1}}, {"b": Each(int)}, None), ({"b": {"c": "1"}}, {"b": Each(int)}, "b.c"), ([], Each(int), ""),
        ({"a?": None}, Each(lambda value: value is None), None),
    ],
)  # fmt: skip
def test_forms(data: Any, form: Any, wrong: str | None) -> None:
    assert misfit(data, form) == wrong


def test_settings_of_others(tally: Tally, tmp_path: Path, run: Run) -> None:
    for name in ("connections.toml", "config.toml"):
        path = tmp_path / "home" / "stripe-shell" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for words, text in (
            ("deep", f"a = {DEEP}"), ("digits", f"a = {HUGE}"), ("NUL", "\0"), ("endless", "default = inf"),
            ("control characters", '[connections."a\\u001b[31m\\u202e"]\nkind = "sandbox\\u009b"\n'),
            ("address", '[connections.a]\nkind = "stripe"\nkey = "env:A"\nurl = "https://a\\u001b[31m\\u202e"\n'),
        ):  # fmt: skip
            path.write_text(text)
            path.chmod(0o600)
            code, said = run("connections", "list")
            held = (code == 0 or is_one_line(code, said)) and "Traceback" not in said and not RAW.search(said)
            tally.count(held, (name, words, code, said))
        path.unlink()


@pytest.mark.parametrize("text", [f"a = {DEEP}", f"a = {HUGE}", "\0", "menu = inf", '"\\u001b[31m" = 1'])
def test_settings_of_the_prompt(text: str) -> None:
    _, problems = parse_prompt_settings(SourceText("config.toml", text))
    assert len(problems) == 1
    assert not RAW.search(excerpt(problems[0]))
