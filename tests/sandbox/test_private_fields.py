"""The private fields of objects: code and files use only the names that the TypedDict of the kind declares."""

from __future__ import annotations

import ast
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_shell.sandbox.objects import private_fields
from stripe_shell.sandbox.objects.private_fields import PrivateFields

PACKAGE = Path(__file__).parents[2] / "stripe_shell"
FILES = sorted((Path(__file__).parent / "files").glob("*.db"))

#: The TypedDict of each kind.
VIEWS = {
    "account": "AccountPrivate",
    "bank_account": "MethodPrivate",
    "card": "MethodPrivate",
    "checkout.session": "CheckoutSessionPrivate",
    "confirmation_token": "ConfirmationTokenPrivate",
    "coupon": "CouponPrivate",
    "credit_note": "CreditNotePrivate",
    "customer": "CustomerPrivate",
    "discount": "DiscountPrivate",
    "invoice": "InvoicePrivate",
    "invoiceitem": "InvoiceItemPrivate",
    "issuing.card": "IssuingCardPrivate",
    "payment_intent": "PaymentIntentPrivate",
    "payment_link": "PaymentLinkPrivate",
    "payment_method": "MethodPrivate",
    "person": "PersonPrivate",
    "price": "PricePrivate",
    "promotion_code": "PromotionCodePrivate",
    "quote": "QuotePrivate",
    "source": "MethodPrivate",
    "subscription": "SubscriptionPrivate",
    "subscription_item": "SubscriptionItemPrivate",
    "subscription_schedule": "SubscriptionSchedulePrivate",
    "token": "TokenPrivate",
    "v2.core.event_destination": "EventDestinationPrivate",
    "usage_record": "UsageRecordPrivate",
    "webhook_endpoint": "WebhookEndpointPrivate",
}

#: A TypedDict and a name that is used with it; an empty name for one that is known at run time only.
Use = tuple[str, str]


def declared() -> dict[str, set[str]]:
    """The names that each TypedDict declares."""
    found = {}
    for name, view in vars(private_fields).items():
        if name.endswith("Private") or view is PrivateFields:
            found[name] = set(view.__annotations__) | set(PrivateFields.__annotations__)
    return found


def uses(tree: ast.AST) -> Iterator[Use]:
    """The names that `ctx.private(obj, View)` is used with, at once or by a variable of the same function."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        view = _view(node)
        if view is None:
            continue
        variable = _variable(node, parents)
        if variable is None:
            yield view, _name(node, parents)
            continue
        for other in ast.walk(_function(node, parents)):
            if isinstance(other, ast.Name) and other.id == variable and not _is_assigned_view(other, parents):
                yield from ((view, name) for name in _names(other, parents))


def _view(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "private":
        return ast.unparse(node.args[1]) if len(node.args) == 2 else None
    return None


def _function(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    while not isinstance(node, ast.FunctionDef):
        node = parents[node]
    return node


def _variable(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str | None:
    """The variable that the call is assigned to, alone or in a tuple."""
    parent = parents[node]
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    if isinstance(parent, ast.Tuple):
        outer = parents[parent]
        if isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Tuple):
            pairs = zip(parent.elts, outer.targets[0].elts, strict=True)
            return next(ast.unparse(target) for value, target in pairs if value is node)
    return None


def _is_assigned_view(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    return isinstance(name.ctx, ast.Store) and not isinstance(parents[name], ast.AugAssign)


def _names(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> list[str]:
    """The names of `node |= {…}`, or the one of `node[…]` and `node.get(…)`."""
    parent = parents[node]
    if isinstance(parent, ast.AugAssign) and isinstance(parent.value, ast.Dict):
        return [_text(key) for key in parent.value.keys]
    return [_name(node, parents)]


def _name(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    parent = parents[node]
    if isinstance(parent, ast.Subscript):
        return _text(parent.slice)
    if isinstance(parent, ast.Attribute) and parent.attr in ("get", "pop", "setdefault"):
        call = parents[parent]
        return _text(call.args[0]) if isinstance(call, ast.Call) else ""
    return ""


def _text(node: ast.AST | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def all_uses() -> dict[str, set[str]]:
    found = defaultdict(set)
    for path in set((PACKAGE / "sandbox").rglob("*.py")) - {PACKAGE / "sandbox/objects/stored_objects.py"}:
        for view, name in uses(ast.parse(path.read_text())):
            found[view].add(name)
    return found


def test_every_name_is_declared() -> None:
    known = declared()
    assert {view: names - known[view] for view, names in all_uses().items() if names - known[view]} == {}


def test_every_typed_dict_has_its_kinds() -> None:
    assert {*VIEWS.values(), "PrivateFields"} == set(declared())


def test_every_declared_name_is_used() -> None:
    own = {view: names - {"parent"} for view, names in declared().items()}
    used = all_uses()
    assert used["PrivateFields"] == {"parent"}
    assert {view: names - used[view] for view, names in own.items() if names - used[view]} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f():\n ctx.private(a, A)['x'] = 1", [("A", "x")]),
        ("def f():\n return ctx.private(a, A).get('x')", [("A", "x")]),
        ("def f():\n h = ctx.private(a, A)\n h['x'] = h.pop('y')", [("A", "x"), ("A", "y")]),
        ("def f():\n h, o = ctx.private(a, A), ctx.private(b, B)\n h |= {'x': o['y']}", [("A", "x"), ("B", "y")]),
        ("def f():\n return ctx.private(a, A).get(name)", [("A", "")]),
        ("def f():\n h = ctx.private(a, A)\n g(h)", [("A", "")]),
    ],
)
def test_such_uses_are_found(text: str, found: list[Use]) -> None:
    assert sorted(uses(ast.parse(text))) == found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_names_in_files_are_declared(path: Path) -> None:
    """Also in those of earlier versions: the names are stored."""
    known = declared()
    file = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    rows = file.execute("SELECT object, hidden FROM objects WHERE hidden IS NOT NULL").fetchall()
    assert rows
    for kind, text in rows:
        assert set(json.loads(text)) <= known[VIEWS.get(kind, "PrivateFields")], kind
