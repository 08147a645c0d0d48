"""The completion scripts in the shells that they are for: real ones, on a pseudo-terminal where that matters."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parents[2]

#: The command as the shells see it: completes as the real one does, else prints its arguments.
COMMAND = f"""\
#!/bin/sh
export PYTHONPATH={shlex.quote(str(ROOT))}
if [ "$1 $2" = "completion words" ]; then exec {shlex.quote(sys.executable)} -m stripe_shell "$@"; fi
printf 'BEGIN'; for each; do printf '<%s>' "$each"; done; echo 'END'
"""

#: Makes Tab complete, and Ctrl-X insert all that could stand there.
BASH = r"""
PS1='ready> '; bind 'set enable-bracketed-paste off'
bind '"\C-x": insert-completions'
source {root}/completions/stripe-shell.bash
"""
ZSH = r"""
PS1='ready> '; unsetopt zle_bracketed_paste; zstyle ':completion:all:*' completer _all_matches _complete
unset zle_bracketed_paste; fpath=({root}/completions $fpath); autoload -Uz compinit; compinit -u -D; KEYTIMEOUT=1
zstyle ':completion:all:*' insert true; zstyle ':completion:all:*' old-matches false
zle -C all complete-word _generic; bindkey -e; bindkey '^X' all; bindkey '^I' expand-or-complete
"""

Complete = Callable[..., list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files to complete, and the command in a folder `bin` beside it."""
    base = tmp_path_factory.mktemp("completion")
    for name in ("bin", "home/.config/stripe-shell", "work/sub"):
        (base / name).mkdir(parents=True)
    (base / "bin" / "stripe-shell").write_text(COMMAND)
    (base / "bin" / "stripe-shell").chmod(0o755)
    (base / "home/.config/stripe-shell/connections.toml").write_text('[connections.eu]\nkind = "stripe"\n')
    for name in ("a.stripe", "two words.stripe", "page.md", "rows.csv"):
        (base / "work" / name).touch()
    return base / "work"


def environment(folder: Path) -> dict[str, str]:
    base = folder.parent
    return {"PATH": f"{base / 'bin'}:/usr/bin:/bin", "HOME": str(base / "home"), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def session(folder: Path, start: str, *command: str) -> Iterator[Complete]:
    """Types into a shell on a pseudo-terminal; the function answers the arguments that a line has after the keys."""
    shell = pexpect.spawn(
        command[0], list(command[1:]), cwd=str(folder), env=environment(folder), encoding="utf-8", timeout=8,
        dimensions=(50, 4000)
    )  # fmt: skip
    setup = folder.parent / f"setup.{command[0]}"
    setup.write_text(start.replace("{root}", str(ROOT)))
    shell.sendline(f". {setup}; echo lo''aded")
    shell.expect("loaded\r\n")

    def complete(line: str, keys: str = "\t") -> list[str]:
        shell.send(f"stripe-shell {line}{keys}\r")
        shell.expect(r"BEGIN(.*?)END\r\n")
        assert shell.match is not None
        return [each for each in shell.match[1].removeprefix("<").removesuffix(">").split("><") if each]

    yield complete
    shell.close(force=True)


@pytest.fixture(scope="module")
def bash(folder: Path) -> Iterator[Complete]:
    yield from session(folder, BASH, "bash", "--norc", "--noprofile", "-i")


@pytest.fixture(scope="module")
def zsh(folder: Path) -> Iterator[Complete]:
    yield from session(folder, ZSH, "zsh", "-f", "-i")


@pytest.fixture(params=["bash", "zsh"])
def terminal(request: pytest.FixtureRequest) -> Complete:
    """A shell that completes what is typed."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    complete: Complete = request.getfixturevalue(request.param)
    return complete


@pytest.fixture
def fish(folder: Path) -> Complete:
    """What fish offers for a line."""
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")

    def complete(line: str) -> list[str]:
        script = f"source {ROOT}/completions/stripe-shell.fish; complete -C {shlex.quote(f'stripe-shell {line}')}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script],
            cwd=folder, env=environment(folder), capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
        assert done.stderr == ""
        return [each.partition("\t")[0] for each in done.stdout.splitlines()]

    return complete


#: What is typed, and the last word after Tab.
TAB = [
    ("repl", "replay"),
    ("create customer_s", "customer_session"),
    ("finalize_invoice ", "invoice"),
    ("create customer em", "email="),
    ("/sandbox create customer em", "email="),
    ("create customer address.ci", "address.city="),
    ("create customer name='Ann Lee' --format json address.ci", "address.city="),
    ("create customer metad", "metadata."),
    ("action=create entity=customer_s", "entity=customer_session"),
    ("run --rep", "--report"),
    ("run a.stripe --report ju", "junit="),
    ("run a.stripe --report junit=pag", "junit=page.md"),
    ("run --format jsonl", "jsonl"),
    ("check --format=j", "--format=json"),
    ("--connection e", "eu"),
    ("--connection=e", "--connection=eu"),
    ("/e", "/eu"),
    ("run tw", "two words.stripe"),
    ("run pa", "page.md"),
    ("replay p", "page.md"),
    ("connections test e", "eu"),
    ("connections add x ki", "kind="),
    ("completion z", "zsh"),
    ("spec create customer_s", "customer_session"),
]


#: What is typed inside of quotes, which bash closes itself.
QUOTED = [
    ('create price "recurring.interval=m', "recurring.interval=month"),
    ("create price recurring.interval='m", "recurring.interval=month"),
    ("list customers 'created[gte", "created[gte]="),
]


@pytest.mark.parametrize(("line", "word"), TAB, ids=[line for line, _ in TAB])
def test_tab_completes_the_word(terminal: Complete, line: str, word: str) -> None:
    assert terminal(line)[-1] == word


@pytest.mark.parametrize(("line", "word"), QUOTED, ids=[line for line, _ in QUOTED])
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_tab_completes_inside_quotes_in_bash(bash: Complete, line: str, word: str) -> None:
    assert bash(line)[-1] == word


@pytest.mark.parametrize(("line", "word"), TAB, ids=[line for line, _ in TAB])
def test_fish_offers_the_word(fish: Complete, line: str, word: str) -> None:
    assert word in fish(line)


def test_required_parameters_come_first_and_written_ones_are_left_out(fish: Complete) -> None:
    assert fish("create customer ")[:2] == ["email=", "name="]
    assert fish("create customer email=a@b.co ")[0] == "name="
    assert fish("update customer id=") == []
