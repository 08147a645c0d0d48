"""Names and docstrings: every public class and type alias has a name of its own, and a docstring names its object."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "stripe_shell"

#: Names that stand twice on purpose, and why.
SHARED = {
    "Json": "the same alias, `dict[str, Any]`, in layers that do not import one another",
    "ParamPath": "the same alias, `tuple[str, ...]`, in layers that do not import one another",
    "ParamTree": "the same alias, `Any`: what JSON or a form may hold, in layers that do not import one another",
}

#: Beginnings that describe a thing by a riddle or a negative, where a verb or a noun of the field says what it is.
RIDDLES = (
    "What ",
    "How ",
    "That ",
    "There is ",
    "There are ",
    "From now on",
    "No ",
    "Nothing ",
    "Nobody ",
    "Somebody ",
)


def riddles(source: str) -> list[str]:
    """Returns the names and docstrings of a module, its classes and public functions that begin with one of RIDDLES."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, documented)]
    named = [(getattr(node, "name", "module"), (ast.get_docstring(node) or "").partition("\n")[0]) for node in nodes]
    public = [(name, line) for name, line in named if not name.startswith("_") or name.startswith("__")]
    return [f"{name}: {line}" for name, line in public if line.startswith(RIDDLES)]


def public_types() -> dict[str, list[tuple[str, str]]]:
    """By name where each public class and type alias is defined: the file, and the text of an alias."""
    found = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        file = str(path.relative_to(PACKAGE))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append((file, ""))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name[0].isupper() and not name.isupper():
                    found[name].append((file, ast.unparse(node.value)))
    return {name: places for name, places in found.items() if not name.startswith("_")}


def test_no_two_public_types_share_a_name() -> None:
    twice = {name: [file for file, _ in places] for name, places in public_types().items() if len(places) > 1}
    assert {name: files for name, files in twice.items() if name not in SHARED} == {}


def test_what_is_shared_is_the_same_everywhere() -> None:
    types = public_types()
    for name in SHARED:
        meanings = {meaning for _, meaning in types[name]}
        assert len(types[name]) > 1
        assert len(meanings) == 1
        assert "" not in meanings


def test_docstrings_begin_with_a_verb_or_a_noun_of_the_field() -> None:
    found = {
        str(path.relative_to(PACKAGE)): riddles(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")
    }
    begin = "begin with a verb (`Returns …`, `Whether …`) or a noun of the field (`The error for …`)"
    assert {file: lines for file, lines in found.items() if lines} == {}, begin


def test_a_riddle_is_found_in_a_module_a_class_and_a_public_function() -> None:
    source = '''
"""What it is."""
class A:
    """How it is."""
    def b(self):
        """No rows."""
    def c(self):
        """Returns what is there."""
    def _d(self):
        """Nothing."""
'''
    assert [line.partition(":")[0] for line in riddles(source)] == ["module", "A", "b"]
