"""Every public class and type alias has a name of its own: one word, one meaning."""

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
