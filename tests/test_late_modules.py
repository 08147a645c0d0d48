"""Modules that are executed on first use."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from stripe_shell.late_modules import LateModule, defer

EXECUTED: list[str] = []


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package `late_house` with a room, which both note that they are executed."""
    noting = "from tests.test_late_modules import EXECUTED\nEXECUTED.append(__name__)\n"
    folder = tmp_path / "late_house"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"{noting}from .room import door\nroof = 'red'\n")
    (folder / "room.py").write_text(f"{noting}door = 'open'\n")
    (tmp_path / "late_ruin.py").write_text(f"{noting}import late_nothing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    EXECUTED.clear()
    yield
    for name in ("late_house", "late_house.room", "late_ruin"):
        sys.modules.pop(name, None)


def test_a_name_that_is_looked_up_executes_the_module() -> None:
    defer(["late_house"])
    import late_house

    assert EXECUTED == []
    assert late_house.roof == "red"
    assert EXECUTED == ["late_house", "late_house.room"]
    assert type(late_house) is ModuleType
    assert late_house.room.door == "open"


def test_names_can_be_imported_from_it() -> None:
    defer(["late_house"])
    from late_house import door, roof

    assert (door, roof) == ("open", "red")
    with pytest.raises(ImportError):
        from late_house import cellar  # noqa: F401


def test_a_module_is_imported_without_its_package() -> None:
    defer(["late_house"])
    import late_house.room

    assert late_house.room.door == "open"
    assert EXECUTED == ["late_house.room"]


def test_a_late_module_of_a_late_package() -> None:
    defer(["late_house", "late_house.room"])
    from late_house import room

    assert EXECUTED == []
    assert room.door == "open"
    assert EXECUTED == ["late_house.room"]


def test_what_is_imported_or_missing_is_left_alone() -> None:
    import late_house

    defer(["late_house", "late_nothing", "late_nothing.at_all", "sys"])
    assert type(late_house) is ModuleType
    assert "late_nothing" not in sys.modules


def test_threads_wait_for_the_one_that_executes_it() -> None:
    defer(["late_house"])
    import late_house

    together = threading.Barrier(8)

    def look(_: int) -> str:
        together.wait()
        return str(late_house.roof)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(look, range(8))) == ["red"] * 8
    assert EXECUTED == ["late_house", "late_house.room"]


def test_a_failure_is_raised_each_time() -> None:
    defer(["late_ruin"])
    import late_ruin

    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="late_nothing"):
            late_ruin.wall  # noqa: B018
    assert isinstance(late_ruin, LateModule)


def test_everything_deferred_for_the_prompt_works_afterwards() -> None:
    program = (
        "from stripe_shell.repl.app import _import_prompt_toolkit\n"
        "_import_prompt_toolkit()\n"
        "import asyncio, datetime, shutil, sys, xml.dom.minidom\n"
        "from stripe_shell.repl.app import _LATE\n"
        "assert asyncio.run(asyncio.sleep(0, 'slept')) == 'slept'\n"
        "assert asyncio.sslproto.SSLProtocol and asyncio.get_running_loop\n"
        "assert xml.dom.minidom.parseString('<a/>').documentElement.tagName == 'a'\n"
        "import prompt_toolkit\n"
        "assert prompt_toolkit.PromptSession and callable(prompt_toolkit.shortcuts.prompt)\n"
        "from prompt_toolkit.key_binding.bindings.vi import load_vi_bindings\n"
        "assert load_vi_bindings().bindings\n"
        "for name in _LATE:\n"
        "    dir(sys.modules[name]), hasattr(sys.modules[name], 'nothing')\n"
        "    assert type(sys.modules[name]).__name__ == 'module', name\n"
        "import ssl\n"
        "assert ssl.create_default_context()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
