"""Resources: each file is found by its name, and what is made afresh has the shape that the description promises."""

from __future__ import annotations

from pathlib import Path

import pytest

import stripe_shell.sandbox
from stripe_shell.sandbox.objects.registry import ResourceRegistry
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.spec.table import load_table

from .conformity import departures
from .conftest import Client

FILES = sorted((Path(stripe_shell.sandbox.__file__).parent / "resources").glob("[a-z]*.py"))


def kinds() -> list[str]:
    table = load_table()
    found = {entity.object for name in table.entities() if (entity := table.entity(name)) and entity.object}
    return sorted(kind for kind in found if table.schema_of_object(kind))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_is_found_by_its_name(file: Path) -> None:
    catalogue = ResourceRegistry(load_table())
    kind = next(
        kind
        for kind in (*kinds(), "discount", "balance", "v2.billing.meter_event_stream")
        if kind.replace(".", "_") == file.stem
    )
    resource = catalogue.resource(kind)
    assert (resource.object, resource.modelled) == (kind, True)
    assert catalogue.resource(kind) is resource


def test_an_object_without_a_file_is_generic() -> None:
    resource = ResourceRegistry(load_table()).resource("shipping_rate")
    assert type(resource) is Resource
    assert not resource.modelled


@pytest.mark.parametrize("kind", kinds())
def test_what_is_fresh_has_the_promised_shape(stripe: Client, kind: str) -> None:
    with stripe.sandbox.context() as ctx:
        resource = ctx.resource(kind)
        made = resource.new(ctx)
        assert made["object"] == kind
        assert list(departures(ctx.table, resource.shape, made)) == []
        for name in made:
            assert not resource.is_expand_only(name), f"{name} is shown only when it is expanded"


def test_an_object_is_one_dict_within_a_request(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"name": "Jane"})
    with stripe.sandbox.context() as ctx:
        first = ctx.get("customer", made["id"])
        first["name"] = "Joan"
        assert ctx.get("customer", made["id"]) is first
        assert next(ctx.iterate("customer")) is first
        stored = ctx.stored(first)
        assert stored is not None and stored["name"] == "Jane"
        assert ctx.save(first) == {"name": "Jane"}
        assert ctx.save(first) == {}
    assert stripe.get(f"/v1/customers/{made['id']}")["name"] == "Joan"


def test_hidden_state_is_kept_and_never_shown(stripe: Client) -> None:
    made = stripe.post("/v1/customers")
    with stripe.sandbox.context() as ctx:
        customer = ctx.get("customer", made["id"])
        ctx.private_json(customer)["secret"] = "s"
        ctx.save(customer)
    with stripe.sandbox.context() as ctx:
        assert ctx.private_json(ctx.get("customer", made["id"])) == {"secret": "s"}
    assert stripe.get(f"/v1/customers/{made['id']}") == made


def test_a_context_that_fails_changes_nothing(stripe: Client) -> None:
    with pytest.raises(ZeroDivisionError), stripe.sandbox.context() as ctx:
        ctx.insert(ctx.new("customer"))
        raise ZeroDivisionError
    assert stripe.get("/v1/customers")["data"] == []


def test_another_time_is_stripes_own_doing(stripe: Client) -> None:
    with stripe.sandbox.context() as ctx, ctx.at(1_600_000_000):
        made = ctx.new("customer")
        ctx.insert(made)
        ctx.emit("customer.created", made)
    assert stripe.get(f"/v1/customers/{made['id']}")["created"] == 1_600_000_000
    stripe.clock.seconds = 1_600_000_001
    (event,) = stripe.events()
    assert (event["created"], event["request"]) == (1_600_000_000, {"id": None, "idempotency_key": None})
