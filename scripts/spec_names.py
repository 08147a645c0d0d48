"""Names for Stripe's operations: the official SDK's method names where it has one, else derived from the path."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

#: An operation's route: its HTTP method in lower case and its path with every placeholder written `{}`.
Route = tuple[str, str]
#: An operation's name: the entity as the SDK's attribute path (`customers.balance_transactions`), and the action.
SdkName = tuple[str, str]

SDK_ROOTS = (("stripe._v1_services", ()), ("stripe._v2_services", ("v2",)))
REQUEST_METHODS = ("_request", "_request_stream", "request")
VERBS = {("get", False): "list", ("post", False): "create", ("get", True): "retrieve"}
VERBS |= {("post", True): "update", ("delete", True): "delete", ("delete", False): "delete"}
UNCOUNTABLE = ("people", "history")


def route(method: str, path: str) -> Route:
    """Returns the route of an operation, whatever its placeholders are called."""
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def singular(word: str) -> str:
    """Returns the singular of an English noun in snake case: `tax_ids` → `tax_id`, `addresses` → `address`."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(ss|x|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def plural(word: str) -> str:
    """Returns the plural of an English noun in snake case; a plural is returned unchanged."""
    if word in UNCOUNTABLE or (word.endswith("s") and not word.endswith("ss")):
        return word
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(ss|x|ch|sh)$", word) else "s")


def sdk_names(sdk: Path) -> dict[Route, list[SdkName]]:
    """Returns the SDK's names of each operation; `sdk` is the folder of its package `stripe`."""
    names: dict[Route, list[SdkName]] = {}
    for module, prefix in SDK_ROOTS:
        for place, name in _walk_services(sdk, module, prefix):
            names.setdefault(place, []).append(name)
    return names


def _walk_services(sdk: Path, module: str, attributes: tuple[str, ...]) -> Iterator[tuple[Route, SdkName]]:
    tree = ast.parse(sdk.parent.joinpath(*module.split(".")).with_suffix(".py").read_text())
    for action, place in _calls(tree):
        yield place, (".".join(attributes), action)
    for attribute, (inner, _) in _subservices(tree).items():
        yield from _walk_services(sdk, inner, (*attributes, attribute))


def _subservices(tree: ast.Module) -> Mapping[str, list[str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_subservices":
            found: Mapping[str, list[str]] = ast.literal_eval(node.value)
            return found
    return {}


def _calls(tree: ast.Module) -> Iterator[tuple[str, Route]]:
    """Yields method name and route of every `self._request("get", "/v1/…".format(…))` in synchronous methods."""
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = (node for cls in classes for node in cls.body if isinstance(node, ast.FunctionDef))
    for method in methods:
        for node in ast.walk(method):
            if place := _request_of(node):
                yield method.name, place


def _request_of(node: ast.AST) -> Route | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    if node.func.attr not in REQUEST_METHODS or len(node.args) < 2:
        return None
    verb, path = node.args[:2]
    if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
        path = path.func.value
    if isinstance(verb, ast.Constant) and isinstance(path, ast.Constant):
        return route(str(verb.value), str(path.value))
    return None


class PathNames:
    """Derives names for operations that the SDK lacks, following its conventions.

    `routes` are all operations of the description, `named` those that have a name.
    """

    def __init__(self, routes: Iterable[Route], named: Mapping[Route, SdkName]) -> None:
        self.routes = frozenset(routes)
        self.named = named
        self.collections = {path: name for (_, path), (name, action) in named.items() if action == "list"}

    def name(self, place: Route) -> SdkName:
        """Returns the name of an operation: from the resource that its path ends in, or as an action of its parent."""
        method, path = place
        if twin := self._twin(place):
            return self._entity(self._collection(path)), twin
        if path.endswith("/{}"):
            return self._entity(path.removesuffix("/{}")), VERBS[method, True]
        above, _, last = path.rpartition("/")
        if self._is_collection(path):
            return self._entity(path), VERBS[method, False]
        if not self._readable(path):
            return self._entity(self._collection(above)), last
        if ("post", path) in self.routes:
            return self._entity(path), VERBS[method, True]
        return self._entity(self._collection(above)), f"{VERBS[method, True]}_{last}"

    def _twin(self, place: Route) -> str | None:
        """Returns the name of the same call without its parent object: `cancel` for a subscription."""
        method, path = place
        parts = path.split("/")
        twin = self.named.get((method, "/".join(parts[:2] + parts[4:])))
        return twin[1] if twin and parts[3:4] == ["{}"] and path.endswith("/{}") else None

    def _is_collection(self, path: str) -> bool:
        children = (("get", f"{path}/{{}}"), ("post", f"{path}/{{}}"))
        last = path.rpartition("/")[2]
        return any(child in self.routes for child in children) or singular(last) != last

    def _readable(self, path: str) -> bool:
        return ("get", path) in self.routes

    @staticmethod
    def _collection(path: str) -> str:
        return path.removesuffix("/{}")

    def _entity(self, path: str) -> str:
        """Returns the attribute path of a collection: the SDK's, else from the literal segments of its path."""
        if path in self.collections:
            return self.collections[path]
        words = [word for word in path.split("/")[2:] if word != "{}"]
        return ".".join(words)
