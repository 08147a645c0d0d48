"""The table: all of Stripe's operations, each under one name and one route, loaded only as far as asked for."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.spec import table as table_module
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import documented_name, known_names
from stripe_shell.spec.table import Table, load_table, resolve_name

SPEC = Path(table_module.__file__).parent
DATA = SPEC / "data"
TABLE = load_table()
OPERATIONS = tuple(TABLE.operations())

WELL_KNOWN = """
create customer                            POST /v1/customers
update customer                            POST /v1/customers/{customer}
retrieve customer                          GET /v1/customers/{customer}
search customer                            GET /v1/customers/search
delete_discount customer                   DELETE /v1/customers/{customer}/discount
retrieve_discount customer                 GET /v1/customers/{customer}/discount
create customer.balance_transaction        POST /v1/customers/{customer}/balance_transactions
list customer.payment_method               GET /v1/customers/{customer}/payment_methods
create customer.payment_source             POST /v1/customers/{customer}/sources
create customer.funding_instructions       POST /v1/customers/{customer}/funding_instructions
cancel subscription                        DELETE /v1/subscriptions/{subscription_exposed_id}
cancel customer.subscription               DELETE /v1/customers/{customer}/subscriptions/{subscription_exposed_id}
capture payment_intent                     POST /v1/payment_intents/{intent}/capture
finalize_invoice invoice                   POST /v1/invoices/{invoice}/finalize
create_preview invoice                     POST /v1/invoices/create_preview
create invoice_item                        POST /v1/invoiceitems
create checkout.session                    POST /v1/checkout/sessions
list checkout.session.line_item            GET /v1/checkout/sessions/{session}/line_items
create billing_portal.configuration        POST /v1/billing_portal/configurations
advance test_helpers.test_clock            POST /v1/test_helpers/test_clocks/{test_clock}/advance
ship_card test_helpers.issuing.card        POST /v1/test_helpers/issuing/cards/{card}/shipping/ship
complete test_helpers.issuing.settlement   POST /v1/test_helpers/issuing/settlements/{settlement}/complete
retrieve balance                           GET /v1/balance
list balance.history                       GET /v1/balance/history
retrieve tax.settings                      GET /v1/tax/settings
retrieve charge.dispute                    GET /v1/charges/{charge}/dispute
refund charge                              POST /v1/charges/{charge}/refund
update external_account                    POST /v1/external_accounts/{id}
pdf quote                                  GET /v1/quotes/{quote}/pdf
create v2.core.event_destination           POST /v2/core/event_destinations
create v2.billing.meter_event_stream       POST /v2/billing/meter_event_stream
"""

OTHER_NAMES = """
customers                     customer
balance_transactions          balance_transaction
customers.balance_transactions  customer.balance_transaction
customer.balance_transactions customer.balance_transaction
customer_balance_transaction  customer.balance_transaction
payment_source                customer.payment_source
invoiceitem                   invoice_item
person                        account.person
checkout.sessions             checkout.session
billing.meter_event_stream    v2.billing.meter_event_stream
billing.meter_events          billing.meter_event
core.event                    v2.core.event
companies                     -
Customer                      -
item                          -
"""


def rows(text: str, columns: int) -> list[list[str]]:
    return [line.rsplit(None, columns - 1) for line in text.strip().splitlines()]


def test_every_operation_is_there_under_a_name_of_its_own() -> None:
    assert Counter(operation.method for operation in OPERATIONS) == {"POST": 356, "GET": 313, "DELETE": 34}
    assert len({operation.name for operation in OPERATIONS}) == 703
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == 703
    assert len({operation.id for operation in OPERATIONS}) == 703
    assert len({operation.path for operation in OPERATIONS}) == 501


@pytest.mark.parametrize(("name", "method", "path"), rows(WELL_KNOWN, 3))
def test_well_known_operations_have_their_well_known_names(name: str, method: str, path: str) -> None:
    action, entity = name.split()
    operation = TABLE.operation(action, entity)
    assert operation is not None
    assert (operation.method, operation.path) == (method, path)
    assert operation.name == f"{action} {entity}"


@pytest.mark.parametrize(("name", "entity"), rows(OTHER_NAMES, 2))
def test_entities_answer_to_their_other_names(name: str, entity: str) -> None:
    found = TABLE.entity(name.strip())
    assert (found.name if found else "-") == entity


def test_singular_and_plural_name_the_same_entity() -> None:
    for name in TABLE.entities():
        entity = TABLE.entity(name)
        assert entity is not None and entity.name == name
        assert TABLE.entity(entity.plural) is entity


def test_no_alias_hides_an_entity() -> None:
    index = json.loads((DATA / "index.json").read_text())
    assert not set(index["aliases"]) & set(index["entities"])
    assert set(index["aliases"].values()) <= set(index["entities"])


def test_get_is_retrieve() -> None:
    assert TABLE.operation("get", "customers") is TABLE.operation("retrieve", "customer")
    assert TABLE.canonical_action("get") == "retrieve"
    assert TABLE.actions("customers") == (
        *("create", "delete", "delete_discount", "list", "retrieve", "retrieve_discount", "search", "update"),
    )


def test_what_is_not_there_is_none() -> None:
    assert TABLE.entity("custommer") is None
    assert TABLE.operation("create", "custommer") is None
    assert TABLE.operation("fly", "customer") is None
    assert TABLE.actions("custommer") == ()


def test_version() -> None:
    assert TABLE.version == "2026-10-28.endive"


# --- routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_path_leads_to_its_operation(operation: Operation) -> None:
    values = {name: f"{name}_x1" for name in operation.path_params}
    assert TABLE.match(operation.method, operation.path.format(**values)) == (operation, values)


@pytest.mark.parametrize(
    ("method", "path", "name", "values"),
    [
        ("GET", "/v1/customers/search", "search customer", {}),
        ("POST", "/v1/customers/search", "update customer", {"customer": "search"}),
        ("GET", "/v1/customers/cus%2F1%20x", "retrieve customer", {"customer": "cus/1 x"}),
        ("GET", "/v1/credit_notes/preview/lines", "list credit_note.preview_line", {}),
        ("GET", "/v1/credit_notes/cn_1/lines", "list credit_note.line_item", {"credit_note": "cn_1"}),
    ],
)
def test_literal_segments_go_before_placeholders(method: str, path: str, name: str, values: dict[str, str]) -> None:
    found = TABLE.match(method, path)
    assert found is not None
    assert (found[0].name, found[1]) == (name, values)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/unicorns"),
        ("GET", "/v1/customers/"),
        ("GET", "/v1/customers/cus_1/"),
        ("GET", "/v1/customers//sources"),
        ("GET", "/v1"),
        ("GET", "/"),
        ("GET", ""),
        ("PUT", "/v1/customers"),
        ("DELETE", "/v1/customers"),
        ("GET", "/v1/customers/{}/sources/x/y"),
        ("GET", "/v2/customers"),
    ],
)
def test_other_paths_lead_nowhere(method: str, path: str) -> None:
    assert TABLE.match(method, path) is None


def test_a_placeholder_takes_any_text() -> None:
    found = TABLE.match("GET", "/v1/customers/{}")
    assert found is not None and found[1] == {"customer": "{}"}


# --- laziness ------------------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, ...]] = []
    original = table_module._read_json

    def recording(folder: str, *names: str) -> dict[str, Any]:
        read.append(names)
        return original(folder, *names)

    monkeypatch.setattr(table_module, "_read_json", recording)
    table = Table(str(DATA))
    assert table.match("GET", "/v1/nothing") is None
    assert table.canonical("customers") == "customer"
    assert read == [("index",)]
    assert table.match("GET", "/v1/customers/cus_1")
    assert table.operation("create", "customer")
    assert read == [("index",), ("entities", "customer")]
    table.schema("customer")
    table.schema("customer")
    assert read[2:] == [("schemas",), ("schemas", "customer")]


# --- schemas -------------------------------------------------------------------------------------------------


def test_every_reference_names_a_schema() -> None:
    names = set(TABLE.schemas())
    shapes = [operation.response for operation in OPERATIONS] + [TABLE.schema(name) for name in names]
    mentioned = {target for shape in shapes for target in referenced(shape)}
    assert mentioned <= names
    assert {"customer", "deleted_customer", "error", "payment_method_card"} <= names


def referenced(shape: Any) -> Iterator[str]:
    if shape.schema:
        yield shape.schema
    inner = [field.shape for field in shape.fields.values()]
    for below in (*inner, *shape.variants, *([shape.items] if shape.items else [])):
        yield from referenced(below)


def test_the_schema_of_an_object() -> None:
    assert TABLE.schema_of_object("customer") == "customer"
    assert TABLE.schema_of_object("invoiceitem") == "invoiceitem"
    assert TABLE.schema_of_object("unicorn") is None
    for name in TABLE.entities():
        entity = TABLE.entity(name)
        if entity and entity.object and entity.schema:
            assert TABLE.schema(entity.schema).fields["object"].shape.enum == (entity.object,)
    with pytest.raises(KeyError):
        TABLE.schema("unicorn")


def test_facts_of_a_response_schema() -> None:
    customer = TABLE.schema("customer").fields
    assert customer["id"].required and not customer["email"].required
    assert customer["email"].shape.nullable
    assert customer["created"].shape.kind == "time"
    assert customer["default_source"].shape.expandable
    assert [v.schema for v in customer["default_source"].shape.variants] == ["bank_account", "card", "source"]
    assert customer["test_clock"].shape.schema == "test_helpers.test_clock"
    subscriptions = customer["subscriptions"].shape
    assert subscriptions.is_list and subscriptions.row is not None
    assert subscriptions.row.schema == "subscription"


def test_lists_are_recognisable() -> None:
    for operation in OPERATIONS:
        if operation.action in ("list", "search") and operation.entity != "v2.core.event":
            assert operation.response.is_list, operation.name
            assert operation.response.row is not None, operation.name
    customers = TABLE.operation("list", "customer")
    assert customers is not None
    assert customers.response.fields["url"].shape.pattern == "/v1/customers"


# --- requests ------------------------------------------------------------------------------------------------


def shape_of(action: str, entity: str, name: str) -> Any:
    operation = TABLE.operation(action, entity)
    assert operation is not None
    return operation.params.fields[name].shape


def test_facts_of_requests() -> None:
    assert shape_of("create", "customer", "email").max_length == 512
    assert shape_of("create", "customer", "address").clearable
    metadata = shape_of("create", "customer", "metadata")
    assert (metadata.kind, metadata.clearable, metadata.items.clearable) == ("map", True, True)
    created = shape_of("list", "customer", "created")
    assert [variant.kind for variant in created.variants] == ["object", "time"]
    assert {field.shape.kind for field in created.variants[0].fields.values()} == {"time"}
    trial_end = shape_of("create", "subscription", "trial_end")
    assert [(variant.kind, variant.enum) for variant in trial_end.variants] == [("string", ("now",)), ("time", ())]
    assert shape_of("create", "price", "unit_amount_decimal").kind == "decimal"
    assert shape_of("create", "price", "currency").form == "currency"
    assert shape_of("create", "plan", "product").variants[0].fields["id"].required is False


def test_hosts_and_encodings() -> None:
    odd = {o.name: (o.host, o.encoding) for o in OPERATIONS if o.host != "api" or o.encoding == "multipart"}
    assert odd == {
        "create file": ("files", "multipart"),
        "pdf quote": ("files", "form"),
        "create v2.billing.meter_event_stream": ("meter-events", "json"),
    }
    assert shape_of("create", "file", "file").kind == "file"
    for operation in OPERATIONS:
        assert (operation.version == "v2") == (operation.encoding == "json") == operation.path.startswith("/v2")


# --- the document --------------------------------------------------------------------------------------------


def document() -> dict[str, Any]:
    return tomllib.loads((SPEC / "documented.toml").read_text())


def test_the_data_agree_with_the_document() -> None:
    commands = {f"{c['action']} {c['entity']}": c for c in document()["command"]}
    assert {operation.name for operation in OPERATIONS if operation.documented} == set(commands)
    assert len(commands) == 11
    for operation in (operation for operation in OPERATIONS if operation.documented):
        command = commands[operation.name]
        assert list(operation.documented_params) == command["params"]
        for name in command["params"]:
            assert not resolve_name(operation, (name,)).unknown
        wanted = [resolve_name(operation, (name,)).path for name in command["required"]]
        assert list(operation.required_by_document) == [".".join(path) for path in wanted if path]
    aliases = {(o.action, o.entity, name): list(path) for o in OPERATIONS for name, path in o.aliases.items()}
    assert aliases == {(a["action"], a["entity"], a["name"]): a["path"] for a in document()["alias"]}
    general = document()["general"]
    assert list(TABLE.general_parameters) == general["required"] + general["optional"]
    assert dict(TABLE.action_aliases()) == document()["actions"]


def test_the_document_is_the_source_document() -> None:
    page = Path(__file__).parents[2] / ".." / "shared" / "seed" / "stripe-connection.txt"
    if not page.exists():
        pytest.skip("the source document is not here")
    text = page.read_text()
    for command in document()["command"]:
        operation = TABLE.operation(command["action"], command["entity"])
        assert operation is not None
        section = section_of(text, command["action"], operation)
        named = re.findall(r"^(\w+)\n\((required|optional)\)", section, re.M)
        assert [name for name, _ in named] == command["params"]
        assert [name for name, word in named if word == "required"] == command["required"]


def section_of(text: str, action: str, operation: Operation) -> str:
    entity = TABLE.entity(operation.entity)
    assert entity is not None
    noun = entity.plural if action == "list" else entity.name
    title = f"{'get' if action == 'retrieve' else action} {noun}".replace("_", " ").title()
    return text[text.index(f"\n{title}\n") :].partition("Example:")[0]


# --- names ---------------------------------------------------------------------------------------------------

NAMES = """
update customer                       customer_id        path customer
update customer                       id                 path customer
update customer                       customer           path customer
update customer                       email              email
get product                           product_id         path id
get customer                          customer_id        path customer
cancel subscription                   subscription       path subscription_exposed_id
cancel subscription                   subscription_id    path subscription_exposed_id
capture payment_intent                payment_intent_id  path intent
capture payment_intent                intent             path intent
create subscription                   customer_id        customer
create subscription                   price_id           items.0.price
create subscription                   items.0.price      items.0.price
create subscription                   metadata.order.id  metadata.order.id
create price                          amount             unit_amount
create price                          interval           recurring.interval
create price                          product_id         product
create plan                           amount             amount
create plan                           interval           interval
create coupon                         id                 id
list plan                             product_id         product
list customer.balance_transaction     customer_id        path customer
retrieve customer.balance_transaction customer_id        path customer
retrieve customer.balance_transaction id                 path transaction
retrieve customer.balance_transaction balance_transaction_id path transaction
retrieve customer.balance_transaction customer_balance_transaction path transaction
delete customer.payment_source        source_id          path id
list invoice.line_item                invoice_id         path invoice
retrieve application_fee.refund       application_fee_id path fee
retrieve application_fee.refund       refund_id          path id
create application_fee.refund         application_fee    path id
advance test_helpers.test_clock       test_clock_id      path test_clock
list checkout.session.line_item       session_id         path session
retrieve v2.core.account.person       account_id         path account_id
create customer                       customer_id        ?
create customer                       id                 id
create invoice                        id                 ?
create customer                       emial              ? email
list plan                             price_id.x         ?
"""


@pytest.mark.parametrize("row", NAMES.strip().splitlines())
def test_names_mean_what_the_language_says(row: str) -> None:
    action, entity, typed, *wanted = row.split()
    operation = TABLE.operation(action, entity)
    assert operation is not None
    found = resolve_name(operation, tuple(typed.split(".")))
    if wanted[0] == "path":
        assert found.path_param == wanted[1] and found.path is None
    elif wanted[0] == "?":
        assert found.unknown
        assert set(wanted[1:]) <= set(found.close)
    else:
        assert found.path == tuple(wanted[0].split(".")) and found.path_param is None


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_known_name_resolves(operation: Operation) -> None:
    for name in known_names(operation):
        assert not resolve_name(operation, (name,)).unknown
    for name in operation.params.fields:
        assert resolve_name(operation, (name,)).path == (name,)
    for placeholder in operation.path_params:
        found = resolve_name(operation, (documented_name(operation, placeholder),))
        assert found.path_param == placeholder


# --- the data files ------------------------------------------------------------------------------------------

LEAF = re.compile(
    r"(string|integer|number|boolean|decimal|time|file|map|any|[@#][a-z0-9_.]+)( <=\d+)?( :[a-z0-9-]+)?"
    r"( clearable)?( nullable)?"
)
WORDS = {"fields", "required", "deprecated", "array", "map", "union", "enum", "list", "url", "expandable"}
WORDS |= {"clearable", "nullable", "form", "kind"}


@pytest.mark.parametrize("file", sorted(DATA.rglob("*.json")), ids=lambda file: file.stem)
def test_data_files_hold_facts_and_no_prose(file: Path) -> None:
    text = file.read_text()
    assert text.endswith("}\n") and "\t" not in text
    assert len(max(text.splitlines(), key=len)) <= 180
    content = json.loads(text)
    if file.parent.name == "schemas":
        for shape in content.values():
            check_notation(shape)
    elif file.parent.name == "entities":
        for operation in content["operations"].values():
            check_notation(operation["params"])
            check_notation(operation["response"])
        for shape in content.get("shared", {}).values():
            check_notation(shape)


def check_notation(written: Any) -> None:
    if isinstance(written, str):
        assert LEAF.fullmatch(written), written
        return
    assert set(written) <= WORDS
    parts = [*written.get("fields", {}).values(), *written.get("union", [])]
    parts += [written[word] for word in ("array", "map", "list") if word in written]
    for part in parts:
        check_notation(part)
