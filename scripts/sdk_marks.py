"""Reads from the types of the official Node SDK which members of an answer may be absent, and which may be null.

`name?: string` may be absent, `name: string | null` may be null; the Python SDK writes `Optional` for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spec_shapes import Written, flagged

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
OPENING = re.compile(r"^\s*(?:export )?(?:declare )?(interface|namespace|class) (\w+).*\{$")
MEMBER = re.compile(r"^\s*(?:\"|')?(\w+)(?:\"|')?(\?)?: (.+);$")
ALIAS = re.compile(r"^\s*(?:export )?type (\w+) = (.+);$")
IMPORT = re.compile(r"^import \{ (.+) \} from '(.+)\.js';$")
WORD = re.compile(r"[A-Z]\w*(?:\.[A-Z]\w*)*")
WRAPPERS = ("Array", "ApiList", "Decimal", "OtherString", "Record")


@dataclass(frozen=True, slots=True)
class Declared:
    """A member as it is declared: its type as text, and whether it may be absent."""

    text: str
    optional: bool

    @property
    def nullable(self) -> bool:
        """Whether null is one of the type's alternatives."""
        return bool(re.search(r"(^|\| )null$", self.text))


@dataclass(slots=True)
class Declarations:
    """A `.d.ts` file: the members of its interfaces and its type aliases by dotted name, and its imports."""

    path: Path
    interfaces: dict[str, dict[str, Declared]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    imports: dict[str, tuple[Path, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Declarations:
        """The declarations of the file `path`."""
        found = cls(path)
        stack: list[tuple[str, str]] = []
        for line in COMMENT.sub("", path.read_text()).splitlines():
            if opening := OPENING.match(line):
                stack.append((opening[1], opening[2]))
                if opening[1] == "interface":
                    found.interfaces.setdefault(_dotted(stack), {})
            elif line.strip() == "}":
                stack.pop()
            elif stack and stack[-1][0] == "interface" and (member := MEMBER.match(line)):
                found.interfaces[_dotted(stack)][member[1]] = Declared(member[3], member[2] is not None)
            elif alias := ALIAS.match(line):
                found.aliases[_dotted([*stack, ("type", alias[1])])] = alias[2]
            elif imported := IMPORT.match(line):
                found._import(imported[1], (path.parent / imported[2]).resolve().with_suffix(".d.ts"))
        return found

    def _import(self, names: str, path: Path) -> None:
        for name in names.split(", "):
            original, _, alias = name.partition(" as ")
            self.imports[alias or original] = (path, original)


def _dotted(stack: list[tuple[str, str]]) -> str:
    return ".".join(name for _, name in stack)


#: An interface and the file that declares it.
Place = tuple[Declarations, str]


class NodeSdk:
    """The types of one release; `folder` is the unpacked package."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[Path, Declarations] = {}
        self._objects: dict[str, Place] = {}
        for path in sorted((folder / "esm" / "resources").rglob("*.d.ts")):
            declarations = self._file(path.resolve())
            for name, members in declarations.interfaces.items():
                kind = re.fullmatch(r"'([\w.]+)'", members["object"].text) if "object" in members else None
                if kind and "." not in name and not name.startswith("Deleted"):
                    self._objects.setdefault(kind[1], (declarations, name))

    def marked(self, kind: str, written: Written) -> Written:
        """The shape of an object with `required` and `nullable` as the declarations have them.

        Stripe's description requires no member that may be null, and neither does the result.
        An object that the package does not declare stays as it is.
        """
        place = self._objects.get(kind)
        return self._marked(written, place) if place else written

    def _marked(self, written: Written, place: Place | None) -> Written:
        if not isinstance(written, dict) or place is None:
            return written
        if "fields" not in written:
            return self._contained(written, place)
        members = self._members(place)
        fields: dict[str, Written] = {}
        required: list[str] = []
        for name, shape in written["fields"].items():
            member = members.get(name)
            fields[name] = self._marked_member(shape, member, place) if member else shape
            if name in written.get("required", ()) if member is None else not (member.optional or member.nullable):
                required.append(name)
        rest = {key: value for key, value in written.items() if key not in ("fields", "required")}
        return {"fields": fields} | ({"required": required} if required else {}) | rest

    def _marked_member(self, written: Written, member: Declared, place: Place) -> Written:
        shape = self._marked(unflagged(written, "nullable"), self._target(member.text, place))
        if isinstance(shape, dict) and "expandable" in shape:
            shape = {**shape, "expandable": self._with_deleted(shape["expandable"], member.text)}
        return flagged(shape, "nullable") if member.nullable else shape

    def _contained(self, written: dict[str, Any], place: Place) -> Written:
        marked = dict(written)
        for word in ("array", "map", "list"):
            if word in marked:
                marked[word] = self._marked(marked[word], place)
        return marked

    def _with_deleted(self, kinds: list[str], text: str) -> list[str]:
        """The kinds that an id can be expanded to, deleted ones included."""
        deleted = {name.removeprefix("Deleted").lower() for name in WORD.findall(text) if name.startswith("Deleted")}
        more = [f"deleted_{kind}" for kind in kinds if kind.replace("_", "").rpartition(".")[2] in deleted]
        return sorted([*kinds, *more])

    # --- names ---

    def _members(self, place: Place) -> Mapping[str, Declared]:
        declarations, name = place
        return declarations.interfaces.get(name, {})

    def _target(self, text: str, place: Place) -> Place | None:
        """The interface that a member's type names, None where it names none."""
        names = (word for word in WORD.findall(re.sub(r"'[^']*'", "", text)) if word not in WRAPPERS)
        found = (self._resolve(name, place) for name in names)
        return next((target for target in found if target), None)

    def _resolve(self, name: str, place: Place) -> Place | None:
        declarations, inside = place
        for outer in _scopes(inside):
            full = f"{outer}.{name}" if outer else name
            if full in declarations.interfaces:
                return declarations, full
            if full in declarations.aliases:
                return self._target(declarations.aliases[full], (declarations, outer))
        head, dot, rest = name.partition(".")
        if head not in declarations.imports:
            return None
        path, original = declarations.imports[head]
        target = original + dot + rest
        file = self._file(path) if path.exists() else None
        return (file, target) if file and target in file.interfaces else None

    def _file(self, path: Path) -> Declarations:
        if path not in self._files:
            self._files[path] = Declarations.read(path)
        return self._files[path]


def _scopes(name: str) -> Iterator[str]:
    """A dotted name and what is around it, innermost first; the empty one last."""
    while name:
        yield name
        name = name.rpartition(".")[0]
    yield ""


def unflagged(written: Written, flag: str) -> Written:
    """The same shape without a flag."""
    if isinstance(written, dict):
        return {key: value for key, value in written.items() if key != flag}
    return " ".join(word for word in written.split() if word != flag)
