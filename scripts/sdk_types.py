"""Reads the typed classes of the official Python SDK: every object and every operation, in the table's notation.

The SDK's sources are parsed, never imported. A member that is `Optional` is read as `nullable`; whether it is that, or
may be absent, only the types of the Node SDK tell (`sdk_marks.py`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spec_names import REQUEST_METHODS
from spec_shapes import METADATA_VALUE_MAXIMUM, Written, flagged

SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "Decimal": "decimal", "Any": "any"}
RANGE_KEYS = {"gt", "gte", "lt", "lte"}
PAGE_FIELDS: dict[str, Written] = {"next_page_url": "string nullable", "previous_page_url": "string nullable"}
TEXT_MAXIMUM = 5000
ENUM_VARIANTS = 2
#: What the names and the documentation of whole numbers that are epoch seconds have in common.
TIME_NAMES = re.compile(
    r"(^|_)(at|date|created|timestamp|start|end|until|since|before|after|by|time|from)$|^(created|period)_"
)
TIME_TEXTS = re.compile(r"unix|seconds since|timestamp", re.IGNORECASE)
INSTANT_NAMES = re.compile(r"(_at|^created|^updated|timestamp|_date|^date)$")
LIMITS = re.compile(
    r"(?:up to|maximum (?:length )?(?:of|is)|max(?:imum)?) (\d[\d,]*) characters|(\d+) characters or (?:fewer|less)"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a class: its annotation, and whether the class says that it must be there."""

    annotation: ast.expr
    required: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a name is looked up: a module, and the classes around the annotation, outermost first."""

    module: Module
    classes: tuple[ast.ClassDef, ...] = ()


@dataclass(frozen=True, slots=True)
class SdkOperation:
    """One call of the SDK: its path as the SDK writes it, its parameters and its answer in the notation."""

    method: str
    path: str
    host: str
    params: Written
    response: Written

    @property
    def route(self) -> str:
        """The method and the path, as the patch names them: `POST /v1/refunds`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def written(self) -> dict[str, Written]:
        """The operation as the patch writes it; the usual host is left out."""
        return ({} if self.host == "api" else {"host": self.host}) | {"params": self.params, "response": self.response}


@dataclass(slots=True)
class Module:
    """A source file: its classes and its imports by name."""

    path: Path
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    bases: dict[str, ast.Call] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Module:
        """The module in the file `path`."""
        module = cls(path)
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe."):
                module.imports |= {item.asname or item.name: (str(node.module), item.name) for item in node.names}
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                module.classes[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                module.bases[ast.unparse(node.targets[0])] = node.value
        return module


class PythonSdk:
    """The types of one release; `folder` is its package `stripe`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._modules: dict[Path, Module] = {}

    def objects(self) -> dict[str, Written]:
        """Every object by the value of its field `object`."""
        found: dict[str, Written] = {}
        for path in sorted(self._folder.rglob("_*.py")):
            if "params" in path.parts or path.name.endswith("_service.py"):
                continue
            module = self._module(path)
            for node in module.classes.values():
                if (name := object_name(node)) and _is_generated(node):
                    found[name] = self._class(node, Scope(module), request=False)
        return found

    def operations(self) -> dict[str, SdkOperation]:
        """Every operation of API v1 and v2 by its route."""
        found: dict[str, SdkOperation] = {}
        for path in sorted(self._folder.rglob("*_service.py")):
            module = self._module(path)
            methods = (node for cls in module.classes.values() for node in cls.body)
            for method in methods:
                if isinstance(method, ast.FunctionDef) and (operation := self._operation(method, module)):
                    found[operation.route] = operation
        return dict(sorted(found.items()))

    def _operation(self, method: ast.FunctionDef, module: Module) -> SdkOperation | None:
        call = next((node for node in ast.walk(method) if _is_request(node)), None)
        if not isinstance(call, ast.Call):
            return None
        verb, path = (ast.unparse(_template(node)).strip("'") for node in call.args[:2])
        if not re.match(r"/v\d/", path):
            return None
        keywords = {item.arg: item.value for item in call.keywords}
        host = ast.literal_eval(keywords["base_address"]) if "base_address" in keywords else "api"
        annotations = {arg.arg: arg.annotation for arg in method.args.args}
        params = annotations.get("params")
        scope = Scope(module)
        shape = self._request(params, scope) if params else {"fields": {}}
        if path.startswith("/v2/") and "ListObject" in ast.unparse(method.returns or ast.Constant(None)):
            shape = {**shape, "fields": dict(sorted({**shape["fields"], "page": "string"}.items()))}
        return SdkOperation(verb, path, host, shape, self._answer(method.returns, scope, path))

    def _request(self, params: ast.expr, scope: Scope) -> dict[str, Any]:
        (node, inner), *_ = self._classes_in(params, scope)
        return self._class(node, inner, request=True)

    def _classes_in(self, annotation: ast.expr, scope: Scope) -> Iterator[tuple[ast.ClassDef, Scope]]:
        for node in ast.walk(_parsed(annotation)):
            dotted = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
            text = node.value if isinstance(node, ast.Constant) else dotted
            if isinstance(text, str) and (found := self._find(text, scope)):
                yield found

    def _answer(self, annotation: ast.expr | None, scope: Scope, path: str) -> Written:
        annotation = _parsed(annotation or ast.Constant(None))
        if ast.unparse(annotation) == "None":
            return {"fields": {}}
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith(
            ("ListObject", "ResultObject")
        ):
            row = self._shape(annotation.slice, scope, request=False)
            if path.startswith("/v2/"):
                fields = {"data": {"array": row}} | PAGE_FIELDS
                return {"fields": fields, "form": "v2_list", "required": sorted(fields)}
            return {"list": row, "url": re.sub(r"\{\w+\}", "[^/]+", path)}
        return self._shape(annotation, scope, request=False)

    # --- classes ---

    def _class(self, node: ast.ClassDef, scope: Scope, *, request: bool) -> dict[str, Any]:
        """The shape of a class whose own name is looked up in `scope`."""
        inner = Scope(scope.module, (*scope.classes, node))
        version = "v2" if "v2" in scope.module.path.parts else "v1"
        fields: dict[str, Written] = {}
        required: list[str] = []
        for name, member in sorted(self._members(node, scope.module).items()):
            fields[name] = self._member(name, member, inner, request=request, version=version)
            if member.required:
                required.append(name)
        return {"fields": fields} | ({"required": required} if required else {})

    def _members(self, node: ast.ClassDef, module: Module) -> dict[str, Member]:
        """The members of a class, those of its functional base included."""
        members: dict[str, Member] = {}
        for base in node.bases:
            if (call := module.bases.get(ast.unparse(base))) and isinstance(names := call.args[1], ast.Dict):
                for key, value in zip(names.keys, names.values, strict=True):
                    members[ast.literal_eval(key or ast.Constant(None))] = _member(value)
        renamed = _class_table(node, "_field_remappings")
        texts = [*node.body[1:], node]
        for statement, after in zip(node.body, texts, strict=True):
            if isinstance(statement, ast.AnnAssign) and statement.value is None:
                name = ast.unparse(statement.target)
                members[renamed.get(name, name)] = _member(statement.annotation, _docstring(after))
        encodings = _class_table(node, "_field_encodings")
        for name in encodings:
            if encodings[name] == "int64_string":
                members[name] = Member(ast.Name("int64"), members[name].required)
        return members

    def _member(self, name: str, member: Member, scope: Scope, *, request: bool, version: str) -> Written:
        if name == "metadata" and request and version == "v1":
            return {"map": f"string <={METADATA_VALUE_MAXIMUM} clearable", "clearable": True}
        if name == "object" and (value := object_name(scope.classes[-1])) and not request:
            return {"enum": [value]}
        written = self._shape(member.annotation, scope, request=request)
        return _refined(written, name, member.text, version)

    # --- annotations ---

    def _shape(self, annotation: ast.expr, scope: Scope, *, request: bool) -> Written:
        """The shape that an annotation stands for."""
        node = _parsed(annotation)
        if isinstance(node, ast.Subscript):
            return self._generic(node, scope, request=request)
        if isinstance(node, ast.BinOp):
            return self._union(list(_alternatives(node)), scope, request=request)
        name = ast.unparse(node)
        if name == "int64":
            return "string :int64"
        if name in SCALARS:
            return SCALARS[name]
        if name in ("UntypedStripeObject", "StripeObject"):
            return "map"
        found = self._find(name, scope)
        if found is None:
            raise SystemExit(f"{scope.module.path}: no class `{name}`")
        target, inner = found
        if not request and (kind := object_name(target)):
            return f"@{kind}"
        shape = self._class(target, inner, request=request)
        return shape if shape["fields"] else "map"

    def _generic(self, node: ast.Subscript, scope: Scope, *, request: bool) -> Written:
        head = ast.unparse(node.value)
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if head == "Literal":
            return _enum([ast.literal_eval(value) for value in inner])
        if head == "Union":
            parts = [part for item in inner for part in _alternatives(_parsed(item))]
            return self._union(parts, scope, request=request)
        if head == "ExpandableField":
            shape = self._shape(inner[0], scope, request=False)
            variants = shape.get("union", [shape]) if isinstance(shape, dict) else [shape]
            if all(isinstance(variant, str) for variant in variants):
                return {"expandable": [variant[1:] for variant in variants]}
            return {"union": ["string", *variants]}
        shape = self._shape(inner[-1], scope, request=request)
        if head == "Optional":
            return flagged(shape, "nullable")
        if head in ("List", "ListObject"):
            return {"array" if head == "List" else "list": shape}
        if head in ("Dict", "UntypedStripeObject"):
            return {"map": shape}
        if head in ("NotRequired", "Required"):
            return shape
        raise SystemExit(f"{scope.module.path}: cannot read `{ast.unparse(node)}`")

    def _union(self, parts: list[ast.expr], scope: Scope, *, request: bool) -> Written:
        """A union without what only the SDK's types need: an open enum's `str`, a second form of a mapping."""
        shapes = [self._shape(part, scope, request=request) for part in parts]
        clearable = {"enum": [], "clearable": True} in shapes
        kept = [shape for shape in shapes if shape != {"enum": [], "clearable": True}]
        unique = [shape for index, shape in enumerate(kept) if shape not in kept[:index]]
        if any(isinstance(shape, dict) and "enum" in shape for shape in unique):
            unique = [shape for shape in unique if shape != "string"]
        written: Written = unique[0] if len(unique) == 1 else {"union": unique}
        return flagged(written, "clearable") if clearable else written

    # --- names ---

    def _find(self, name: str, scope: Scope) -> tuple[ast.ClassDef, Scope] | None:
        """The class that `name` means, and the scope that it is written in."""
        head, _, rest = name.partition(".")
        for depth in range(len(scope.classes), 0, -1):
            outer = scope.classes[:depth]
            if found := _nested(outer[-1], head):
                return self._inside(found, Scope(scope.module, outer), rest)
        if found := scope.module.classes.get(head):
            return self._inside(found, Scope(scope.module), rest)
        if head in scope.module.imports:
            module, original = scope.module.imports[head]
            path = self._folder.parent.joinpath(*module.split("."))
            source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
            return self._find(".".join(filter(None, (original, rest))), Scope(self._module(source)))
        return None

    def _inside(self, node: ast.ClassDef, scope: Scope, rest: str) -> tuple[ast.ClassDef, Scope] | None:
        if not rest:
            return node, scope
        inner = Scope(scope.module, (*scope.classes, node))
        return self._find(rest, inner)

    def _module(self, path: Path) -> Module:
        if path not in self._modules:
            self._modules[path] = Module.read(path)
        return self._modules[path]


def object_name(node: ast.ClassDef) -> str | None:
    """The value of a class's OBJECT_NAME, None where it has none."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "OBJECT_NAME" and statement.value:
            return str(ast.literal_eval(statement.value))
    return None


def _is_generated(node: ast.ClassDef) -> bool:
    """Whether a class has members of its own beside `object`: pages of results have none that are typed."""
    return any(isinstance(item, ast.AnnAssign) and ast.unparse(item.target) == "object" for item in node.body)


def _is_request(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in REQUEST_METHODS
        and len(node.args) > 1
    )


def _template(node: ast.expr) -> ast.expr:
    """The text that `"…".format(…)` fills in."""
    return node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else node


def _parsed(node: ast.expr) -> ast.expr:
    """The annotation itself where it is written as text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ast.parse(node.value, mode="eval").body
    return node


def _alternatives(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of `A|B|C`."""
    if isinstance(node, ast.BinOp):
        yield from _alternatives(node.left)
        yield from _alternatives(node.right)
    else:
        yield node


def _nested(node: ast.ClassDef, name: str) -> ast.ClassDef | None:
    return next((item for item in node.body if isinstance(item, ast.ClassDef) and item.name == name), None)


def _member(annotation: ast.expr, text: str = "") -> Member:
    head = ast.unparse(annotation).partition("[")[0]
    return Member(annotation, head not in ("NotRequired", "Optional"), text)


def _docstring(node: ast.AST) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def _class_table(node: ast.ClassDef, name: str) -> Mapping[str, str]:
    """A table that a class keeps about its members: other names, encodings of numbers."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            table = ast.literal_eval(statement.value)
            return {key: value for key, value in table.items() if isinstance(value, str)}
    return {}


def _enum(values: list[Any]) -> Written:
    kept = [json_text(value) for value in values if value != ""]
    written: dict[str, Any] = {"enum": kept}
    if values and all(isinstance(value, bool) for value in values):
        written["kind"] = "boolean"
    return written | ({"clearable": True} if "" in values else {})


def json_text(value: Any) -> Any:
    """A value as the notation's enums have it: true and false are text."""
    return str(value).lower() if isinstance(value, bool) else value


# --- what only names and documentation tell ----------------------------------------------------------------------


def _refined(written: Written, name: str, text: str, version: str) -> Written:
    """The shape with the format and the limit that the member's name and documentation tell."""
    if isinstance(written, str):
        return _refined_text(written, name, text, version)
    if "union" in written:
        if any(isinstance(part, dict) and set(part.get("fields", ())) == RANGE_KEYS for part in written["union"]):
            return {"union": [{"fields": dict.fromkeys(sorted(RANGE_KEYS), "time")}, "time"]}
        return {**written, "union": [_refined(part, name, text, version) for part in written["union"]]}
    if "array" in written:
        return {**written, "array": _refined(written["array"], name, "", version)}
    if "map" in written and name == "metadata":
        return {**written, "map": f"string <={METADATA_VALUE_MAXIMUM}" if version == "v1" else "string"}
    if version == "v2" and set(written.get("fields", ())) == RANGE_KEYS:
        return {**written, "fields": dict.fromkeys(sorted(RANGE_KEYS), "string :date-time")}
    return written


def _refined_text(written: str, name: str, text: str, version: str) -> str:
    kind, *flags = written.split()
    if kind == "integer" and TIME_NAMES.search(name) and (not text or TIME_TEXTS.search(text) or name.endswith("_at")):
        kind = "time"
    elif kind == "string" and not any(flag.startswith(":") for flag in flags):
        kind = f"string {_text_form(name, text, version)}".rstrip()
    return " ".join([kind, *flags])


def _text_form(name: str, text: str, version: str) -> str:
    if version == "v2":
        return ":date-time" if INSTANT_NAMES.search(name) else ""
    if "ISO currency code" in text or re.search(r"(^|_)currency$", name):
        return ":currency"
    if found := LIMITS.search(text):
        return f"<={(found[1] or found[2]).replace(',', '')}"
    return f"<={TEXT_MAXIMUM}"
