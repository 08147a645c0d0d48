"""A block is judged by the table of its API version: its own, the script's, or the connection's."""

from __future__ import annotations

import pytest

from stripe_shell.batch.runner import prepare
from stripe_shell.connections import load_connections
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope, ScopeSettings
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table

COUPON = "/sandbox\naction: create\nentity: subscription\ncustomer: cus_1\nitems[0].price: price_1\ncoupon: x\n"
PLAIN = COUPON.replace("coupon: x\n", "")
FEATURES = "/sandbox\naction: create\nentity: product\nname: x\nfeatures[0].name: fast\n"
PERIOD = "\n/sandbox\naction: get\nentity: customer\nid: ${s.latest_invoice.payment_intent.id}\n"


def codes(text: str, *, version: str | None = None) -> list[str]:
    """The codes of what the check says of a script; `version` judges it in another version."""
    engine = Engine(load_table(), load_connections({"HOME": "/nowhere"}, database=":memory:"), open_rows)
    scope = Scope(now=0, seed="seed", settings=ScopeSettings(spec="stripe"))
    return [d.code for d in prepare(engine, SourceText("x.stripe", text), scope, version=version).diagnostics]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (COUPON, ["E201"]),
        (f"@version 2025-02-24.acacia\n{COUPON}", []),
        (f"@version 2025-03-31.basil\n{COUPON}", ["E201"]),
        (f"{COUPON}@version 2024-06-20\n", []),
        (f"@version 2024-06-20\n{COUPON}@version 2026-10-28.endive\n", ["E201"]),
        (f"@version 2024-06-20\n@version none\n{COUPON}", ["E201"]),
        (f"@let v = 2024-06-20\n@version ${{v}}\n{COUPON}", []),
        (f"{FEATURES}@version 2023-10-16\n", []),
        (f"{FEATURES}@version 2024-04-10\n", ["E201"]),
        (f"@version 2024-06-20\n{COUPON}@as s\n{PERIOD}", []),
        (f"{PLAIN}@as s\n{PERIOD}", ["E302"]),
        (f"{COUPON}@as s\n@version 2024-06-20\n{PERIOD}", []),
        ("/sandbox\naction: upcoming\nentity: invoice\ncustomer: cus_1\n@version 2024-06-20\n", []),
        ("/sandbox\naction: upcoming\nentity: invoice\ncustomer: cus_1\n", ["E205"]),
        ("@version 2030-01-01.iris\n" + FEATURES.replace("features[0].name: fast\n", ""), []),
    ],
)
def test_a_script_is_judged_by_its_versions(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize("version", ["2024-06-21", "2025-03-31", "basil"])
def test_a_version_that_does_not_exist_is_an_error(version: str) -> None:
    assert codes(f"@version {version}\n{FEATURES.replace('features[0].name: fast', '')}") == ["E204"]


def test_another_version_replaces_all_but_a_block_of_its_own() -> None:
    text = f"@version 2024-06-20\n{COUPON}\n{FEATURES}@version 2023-10-16\n"
    assert codes(text) == []
    assert codes(text, version="2026-10-28.endive") == ["E201"]
