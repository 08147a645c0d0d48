"""Texts made of objects: kept until something they depend on changes, whoever changes it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from threading import Thread

from stripe_shell.sandbox.storage.kept_texts import ANYTHING, Dependency, KeptTexts, Reads
from stripe_shell.sandbox.storage.store import Store

from .conftest import Client

PRICE: Dependency = (1, "price", "price_1")


def reads(*dependencies: Dependency) -> Reads:
    found = Reads()
    found.dependencies |= set(dependencies)
    return found


def test_a_text_is_kept_by_its_form_and_all_of_what_it_was_made_of() -> None:
    kept = KeptTexts()
    head = "x" * 100
    kept.keep("old", head + "a", "made of a", reads(), 0)
    assert kept.get("old", head + "a", 0) == "made of a"
    assert kept.get("older", head + "a", 0) is None
    assert kept.get("old", head + "b", 0) is None
    kept.keep("old", head + "b", "made of b", reads(), 0)
    assert kept.get("old", head + "b", 0) == "made of b"


def test_a_change_drops_the_texts_that_depend_on_it_and_no_others() -> None:
    kept = KeptTexts()
    kept.keep("old", "a", "A", reads(PRICE), 0)
    kept.keep("old", "b", "B", reads((1, "price", "price_2")), 0)
    kept.keep("old", "c", "C", reads(), 0)
    kept.forget([PRICE])
    assert [kept.get("old", text, 0) for text in "abc"] == [None, "B", "C"]
    kept.forget([ANYTHING])
    assert [kept.get("old", text, 0) for text in "abc"] == [None, None, "C"]
    assert not kept.has_dependents


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    kept = KeptTexts()
    kept.forget([(2, "price", "price_9")])
    kept.keep("old", "a", "A", reads(PRICE), since=0)
    kept.keep("old", "b", "B", reads(), since=0)
    assert [kept.get("old", text, 0) for text in "ab"] == [None, "B"]
    kept.keep("old", "a", "A", reads(PRICE), since=1)
    assert kept.get("old", "a", 0) == "A"


def test_what_depends_on_anything_is_not_kept() -> None:
    kept = KeptTexts()
    kept.keep("old", "a", "A", reads(ANYTHING), 0)
    assert kept.get("old", "a", 0) is None


def test_a_text_holds_between_the_times_that_it_asked_for() -> None:
    kept, found = KeptTexts(), Reads()
    found.time(100, 90)
    found.time(100, 80)
    found.time(100, 200)
    found.time(100, 150)
    kept.keep("old", "a", "A", found, 0)
    shown = {now: kept.get("old", "a", now) for now in (89, 90, 149, 150)}
    assert shown == {89: None, 90: "A", 149: "A", 150: None}


def test_the_oldest_make_room() -> None:
    kept = KeptTexts()
    for number in range(20):
        kept.keep("old", str(number) + "x" * 1_000_000, "", reads(PRICE), 0)
    assert kept.get("old", "0" + "x" * 1_000_000, 0) is None
    assert kept.get("old", "19" + "x" * 1_000_000, 0) == ""
    kept.forget([PRICE])
    assert not kept.has_dependents


def test_what_is_kept_takes_no_more_memory_than_it_says() -> None:
    """However small the texts are, and however many objects they depend on."""
    for length, dependencies in ((10, 5), (2_000, 2)):
        tracemalloc.start()
        kept = KeptTexts()
        for number in range(9_000):
            found = reads(*((1, "price", f"price_{number}_{each}") for each in range(dependencies)))
            kept.keep("old", f"{number}" + "x" * length, f"{number}" + "y" * length, found, 0)
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken < 20_000_000, (length, dependencies)


def put(store: Store, text: str) -> None:
    """Stores a price, or another text of it."""
    with store.write() as session:
        row = session.get(1, "price", "price_1")
        if row is None:
            session.insert(1, "price", "price_1", created=1, json=text, links=[("product", "prod_1")])
        else:
            session.update(1, row, json=text, old=[("product", "prod_1")], new=[("product", "prod_1")], hidden=None)


def keep(store: Store, dependency: Dependency) -> None:
    """Keeps a text that depends on something."""
    kept = store.kept()
    assert kept is not None
    kept.keep("old", "a", "A", reads(dependency))


def shown(store: Store) -> str | None:
    kept = store.kept()
    assert kept is not None
    return kept.get("old", "a", 0)


def test_a_commit_drops_what_depends_on_the_object_its_kind_or_a_list_it_is_in() -> None:
    store = Store.open()
    put(store, "{}")
    for dependency in (PRICE, (1, "price"), (1, "price.product", "prod_1")):
        keep(store, dependency)
        assert shown(store) == "A"
        put(store, '{"changed": true}')
        assert shown(store) is None, dependency
    for dependency in ((1, "price", "price_2"), (2, "price"), (1, "price.product", "prod_2"), (1, "product")):
        keep(store, dependency)
        put(store, '{"changed": false}')
        assert shown(store) == "A", dependency
    store.close()


def test_a_new_object_drops_what_missed_it_and_the_lists_it_is_in() -> None:
    store = Store.open()
    for number, dependency in enumerate(((1, "price", "price_0"), (1, "price"), (1, "price.product", "prod_1"))):
        keep(store, dependency)
        with store.write() as session:
            session.insert(1, "price", f"price_{number}", created=1, json="{}", links=[("product", "prod_1")])
        assert shown(store) is None, dependency
    store.close()


def test_what_is_read_is_recorded_also_without_a_query(stripe: Client) -> None:
    """An object that the request has read before, and its private fields."""
    key = stripe.post("/v1/customers")["id"]
    with stripe.sandbox.context() as ctx:
        for read in (
            lambda: ctx.find("customer", key),
            lambda: ctx.private_json({"object": "customer", "id": key}),
            lambda: ctx.presented(["customer"], key),
        ):
            for _ in range(2):
                with ctx.session.recording() as found:
                    read()
                assert (ctx.account_number, "customer", key) in found.dependencies
        with ctx.session.recording() as found:
            ctx.all("invoice", customer=key)
            ctx.count("charge")
        assert found.dependencies == {(ctx.account_number, "invoice.customer", key), (ctx.account_number, "charge")}
        with ctx.session.recording() as found:
            ctx.now()
        assert ANYTHING in found.dependencies


def test_a_deleted_object_and_a_statement_of_its_own_drop_it_too() -> None:
    store = Store.open()
    put(store, "{}")
    keep(store, (1, "price.product", "prod_1"))
    with store.write() as session:
        row = session.get(1, "price", "price_1")
        assert row is not None
        session.delete(1, row, "{}", [("product", "prod_1")])
    assert shown(store) is None
    keep(store, PRICE)
    with store.write() as session:
        session.change("UPDATE objects SET json = '[]'")
    assert shown(store) is None
    keep(store, PRICE)
    with store.write() as session:
        session.change("DELETE FROM jobs")
    assert shown(store) == "A"
    with store.write() as session:
        session.clear(1)
    assert shown(store) is None
    keep(store, PRICE)
    with store.connection() as connection:
        connection.execute("UPDATE objects SET json = '[]'")
    assert shown(store) is None
    store.close()


def test_another_store_is_loaded() -> None:
    store, other = Store.open(), Store.open()
    keep(store, PRICE)
    store.load(other)
    assert shown(store) is None
    store.close()
    other.close()


def test_what_is_rolled_back_drops_nothing() -> None:
    store = Store.open()
    put(store, "{}")
    keep(store, PRICE)
    try:
        with store.write() as session:
            session.change("UPDATE objects SET json = '[]'")
            raise KeyError
    except KeyError:
        pass
    assert shown(store) == "A"
    store.close()


def test_a_commit_of_another_process_drops_what_depends_on_anything(tmp_path: Path) -> None:
    """Another connection stands for another process: SQLite tells of both alike."""
    ours, theirs = Store.open(tmp_path / "shared.db"), Store.open(tmp_path / "shared.db")
    put(ours, "{}")
    keep(ours, PRICE)
    assert shown(ours) == "A"
    put(theirs, '{"changed": true}')
    assert shown(ours) is None
    keep(ours, PRICE)
    put(theirs, '{"changed": false}')
    with ours.write():
        assert shown(ours) is None
    ours.close()
    theirs.close()


def test_nothing_is_kept_while_a_thread_is_about_to_write(tmp_path: Path) -> None:
    """What others committed cannot be told then; once the transaction is open, they cannot commit."""
    store = Store.open(tmp_path / "one.db")
    found: list[object] = []
    with store._locked():
        thread = Thread(target=lambda: found.append(store.kept()))
        thread.start()
        thread.join()
    put(store, "{}")
    keep(store, PRICE)
    with store.write():
        thread = Thread(target=lambda: found.append(shown(store)))
        thread.start()
        thread.join()
    assert found == [None, "A"]
    store.close()
