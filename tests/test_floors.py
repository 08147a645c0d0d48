"""The floors of the house: a file imports only from floors below its own, and heavy packages stay in their rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "stripe_shell"
SANDBOX = PACKAGE / "sandbox"

#: Rooms by floor, as the README draws them. A room is a file or a folder directly below the package.
FLOORS = [
    {
        "__init__",
        "diagnostics",
        "discovery",
        "durations",
        "errors",
        "escaping",
        "files",
        "json_text",
        "late_modules",
        "loopback",
        "patterns",
        "records",
        "secrets",
        "token_bucket",
    },
    {"lang", "pace", "spec", "wire"},
    {"engine", "suggest", "sandbox"},
    {"transports", "render", "connections"},
    {"batch", "convert", "replay"},
    {"repl", "server"},
    {"testing"},
    {"cli", "__main__", "pytest_plugin"},
]

#: Rooms of one floor that may know each other, as one of them builds on the other.
NEIGHBOURS = {
    ("diagnostics", "escaping"),
    ("diagnostics", "records"),
    ("durations", "patterns"),
    ("escaping", "patterns"),
    ("files", "patterns"),
    ("pace", "wire"),
    ("secrets", "patterns"),
    ("secrets", "records"),
    ("spec", "wire"),
    ("suggest", "sandbox"),
    ("connections", "transports"),
    ("__main__", "cli"),
}

#: Rooms of the sandbox by floor. A room is a file or a folder directly below `sandbox/`.
SANDBOX_FLOORS = [
    {"__init__", "clock", "errors", "ids"},
    {"currencies", "storage"},
    {"request", "webhooks"},
    {"objects"},
    {"dispatch", "expand", "payments"},
    {"billing", "coverage", "versions"},
    {"receive", "rendering", "resources", "seeding", "travel"},
    {"app", "control"},
]

#: Packages that cost time to import, and where they may be imported.
HEAVY = {
    "prompt_toolkit": ("repl/",),
    "requests": ("transports/stripe.py", "transports/proxy.py", "transports/adapter.py"),
    "pydantic": ("connections/settings/read.py", "batch/journal.py"),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path, building: Path = PACKAGE) -> str:
    first = path.relative_to(building).parts[0]
    return first.removesuffix(".py")


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(room: str, floors: list[set[str]] = FLOORS) -> int:
    return next(number for number, rooms in enumerate(floors) if room in rooms)


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, relative ones made absolute."""
    for statement in imports_by_statement(path):
        yield from statement


def imports_by_statement(path: Path) -> Iterator[list[str]]:
    """The same by statement; of `from a import b, c` these: `a`, `a.b` and `a.c`."""
    package = ["stripe_shell", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ([alias.name] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield [name, *(f"{name}.{alias.name}" for alias in node.names)]


def rooms_imported(path: Path) -> set[str]:
    own = [name.split(".") for name in imports_of(path) if name.startswith("stripe_shell.")]
    return {parts[1] for parts in own if len(parts) > 1 and any(parts[1] in rooms for rooms in FLOORS)}


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in modules()}
    assert rooms <= set().union(*FLOORS), "a new room needs its floor in FLOORS and in the README"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    for other in rooms_imported(path) - {room, "__init__"}:
        below = floor_of(other) < floor_of(room)
        assert below or (room, other) in NEIGHBOURS, f"{room} imports {other}"


def test_rooms_do_not_import_each_other_in_a_circle() -> None:
    arrows: dict[str, set[str]] = {}
    for path in modules():
        arrows.setdefault(room_of(path), set()).update(rooms_imported(path) - {room_of(path)})
    tuple(TopologicalSorter(arrows).static_order())


def modules_imported() -> dict[str, set[str]]:
    """The modules that each module imports: at its top, inside functions and under TYPE_CHECKING."""
    known = {name_of(path): path for path in modules()}
    return {name: set(modules_of(path, set(known))) - {name} for name, path in known.items()}


def modules_of(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of the package that a file imports; `from . import events` means the module, not its package."""
    for statement in imports_by_statement(path):
        inner = [name for name in statement if name in known]
        is_package = len(statement) > 1 and len(inner) == len(statement)
        yield from inner[1:] if is_package else inner


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    tuple(TopologicalSorter(modules_imported()).static_order())


def test_every_room_of_the_sandbox_has_a_floor() -> None:
    rooms = {room_of(path, SANDBOX) for path in SANDBOX.rglob("*.py")}
    assert rooms == set().union(*SANDBOX_FLOORS), "a new room of the sandbox needs its floor in SANDBOX_FLOORS"


def test_few_files_lie_directly_in_the_sandbox() -> None:
    assert len(SANDBOX_FLOORS) <= 8
    assert len(list(SANDBOX.glob("*.py"))) <= 14


def test_imports_inside_the_sandbox_go_down() -> None:
    inside = "stripe_shell.sandbox."
    upward = []
    for name, others in modules_imported().items():
        if not name.startswith(inside):
            continue
        room = name.removeprefix(inside).partition(".")[0]
        for other in others:
            floor = other.removeprefix(inside).partition(".")[0] if other.startswith(inside) else room
            if floor != room and floor_of(floor, SANDBOX_FLOORS) >= floor_of(room, SANDBOX_FLOORS):
                upward.append(f"{name} imports {other}")
    assert upward == []


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_stay_in_their_rooms(package: str) -> None:
    allowed = HEAVY[package]
    users = [
        str(path.relative_to(PACKAGE))
        for path in modules()
        if any(name == package or name.startswith(f"{package}.") for name in imports_of(path))
    ]
    assert users == [user for user in users if user.startswith(allowed)]


def test_every_file_says_what_it_is_for() -> None:
    silent = [path for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []
