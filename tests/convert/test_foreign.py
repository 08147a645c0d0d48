"""Calls in other forms as blocks: curl, the official tool, libraries, JSON, fenced blocks."""

from __future__ import annotations

import pytest

from stripe_shell.convert.foreign import NotConverted
from stripe_shell.convert.pasted import block_of, form_of
from stripe_shell.spec.table import load_table

TABLE = load_table()
CUS, SUB = "cus_NffrFeUfNV2Hib", "sub_1MlPf9LkdIwHu7ixB6VIYRyX"

CUSTOMER = "action: create\nentity: customer\nname: Jenny Rosen\nemail: jenny@example.com"


def block(text: str) -> str:
    """The block without its header, which is the same everywhere."""
    written = block_of(text, TABLE, "sandbox").text
    assert written.startswith("/sandbox\n"), written
    return written.removeprefix("/sandbox\n")


@pytest.mark.parametrize(
    "text",
    [
        "curl https://api.stripe.com/v1/customers \\\n  -u sk_test_abc: \\\n"
        "  -d name='Jenny Rosen' -d email=jenny@example.com",
        '$ curl https://api.stripe.com/v1/customers -d "name=Jenny Rosen" -d "email=jenny@example.com"',
        "curl -sX POST 'https://api.stripe.com/v1/customers' -H 'Authorization: Bearer sk_test_abc' "
        "--data-raw 'name=Jenny+Rosen&email=jenny%40example.com'",
        "curl.exe --request POST --url=https://api.stripe.com/v1/customers --data-urlencode 'name=Jenny Rosen' "
        "--data-urlencode email=jenny@example.com",
        "curl http://127.0.0.1:12111/v1/customers -d name=Jenny%20Rosen -d email=jenny@example.com",
        'stripe customers create --name="Jenny Rosen" --email jenny@example.com',
        'stripe customers create -d "name=Jenny Rosen" -d email=jenny@example.com --api-key sk_test_abc --confirm',
        'stripe post /v1/customers -d "name=Jenny Rosen" -d email=jenny@example.com',
        "import stripe\nstripe.api_key = 'sk_test_abc'\n\nstripe.Customer.create(\n"
        "  name='Jenny Rosen',  # a comment\n  email='jenny@example.com',\n)",
        'client = StripeClient("sk_test_abc")\n'
        'made = client.v1.customers.create({"name": "Jenny Rosen", "email": "jenny@example.com"})\nprint(made.id)',
        'client.customers.create(params={"name": "Jenny Rosen", "email": "jenny@example.com"})',
        "const stripe = require('stripe')('sk_test_abc');\nconst customer = await stripe.customers.create({\n"
        "  name: 'Jenny Rosen', // hers\n  email: `jenny@example.com`,\n});",
        "Stripe::Customer.create({\n  name: 'Jenny Rosen',\n  :email => 'jenny@example.com',\n})",
        "Stripe::Customer.create(name: 'Jenny Rosen', email: 'jenny@example.com')",
        "$stripe->customers->create(['name' => 'Jenny Rosen', 'email' => 'jenny@example.com']);",
        '```bash\ncurl https://api.stripe.com/v1/customers -d "name=Jenny Rosen" -d email=jenny@example.com\n```',
        '{"object": "customer", "name": "Jenny Rosen", "email": "jenny@example.com"}',
    ],
)
def test_one_call_in_every_form(text: str) -> None:
    assert form_of(text)
    assert block(text) == CUSTOMER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"curl -X DELETE https://api.stripe.com/v1/subscriptions/{SUB}",
         f"cancel|subscription|subscription_id: {SUB}"),
        ("curl -G https://api.stripe.com/v1/customers -d limit=3", "list|customer|limit: 3"),
        ("curl 'https://api.stripe.com/v1/customers?limit=3'", "list|customer|limit: 3"),
        ("curl https://api.stripe.com/v1/balance -u sk_test_abc:", "get|balance"),
        (f"stripe get {CUS}", f"get|customer|customer_id: {CUS}"),
        (f"stripe subscriptions cancel {SUB}", f"cancel|subscription|subscription_id: {SUB}"),
        ("stripe checkout sessions list --limit 3", "list|checkout.session|limit: 3"),
        ("stripe customers list -l 3 -e data.sources", "list|customer|limit: 3|expand[0]: data.sources"),
        (
            "stripe payment_intents create --amount 2000 --currency usd --confirm=true --payment-method pm_card_visa",
            "create|payment_intent|amount: 2000|currency: usd|confirm: true|payment_method: pm_card_visa",
        ),
        (
            f"stripe.Subscription.modify('{SUB}', cancel_at_period_end=True)",
            f"update|subscription|subscription_id: {SUB}|cancel_at_period_end: true",
        ),
        ("await stripe.invoices.finalizeInvoice('in_1MtGmCLkdIwHu7ix6PgS6g8S');",
         "finalize_invoice|invoice|invoice_id: in_1MtGmCLkdIwHu7ix6PgS6g8S"),
        (f"stripe.customers.del('{CUS}')", f"delete|customer|customer_id: {CUS}"),
        (
            "stripe.checkout.Session.create(mode='payment', line_items=[{'price': 'price_1', 'quantity': 2}])",
            "create|checkout.session|mode: payment|line_items[0].price: price_1|line_items[0].quantity: 2",
        ),
        (
            "stripe.paymentIntents.create({amount: 1_000, currency: 'usd', customer: customer.id})",
            "create|payment_intent|amount: 1000|currency: usd|customer: ${customer.id}",
        ),
        ('{"id": "' + CUS + '", "object": "customer", "name": "x"}', f"get|customer|customer_id: {CUS}"),
        ('{"object": "event", "id": "evt_1abcDEF", "data": {"object": {"id": "' + CUS + '"}}}',
         f"get|customer|customer_id: {CUS}"),
        ("stripe.Customer.create(name='a', email='b', description='${env:HOME} #1')",
         "create|customer|name: a|email: b|description: $${env:HOME} #1"),
    ],
)  # fmt: skip
def test_calls(text: str, wanted: str) -> None:
    action, entity, *lines = wanted.split("|")
    assert block(text).split("\n") == [f"action: {action}", f"entity: {entity}", *lines]


def test_headers_become_directives() -> None:
    text = (
        "curl https://api.stripe.com/v1/balance -H 'Stripe-Account: acct_123ABC' -H 'Idempotency-Key: k' "
        "-H 'Stripe-Version: 2024-06-20'"
    )
    assert block(text).split("\n")[2:] == ["@account acct_123ABC", "@version 2024-06-20", "@idempotency_key k"]
    snippet = "stripe.customers.create({name: 'a', email: 'b'}, {idempotencyKey: 'k', stripeAccount: 'acct_123ABC'});"
    assert block(snippet).split("\n")[-2:] == ["@account acct_123ABC", "@idempotency_key k"]


@pytest.mark.parametrize(
    "text",
    [
        "curl https://api.stripe.com/v1/customers -u sk_live_abcdefgh12345678: -d name=a -d email=b",
        "curl https://api.stripe.com/v1/customers -H 'Authorization: Bearer sk_live_abcdefgh12345678' "
        "-d name=a -d email=b",
        "stripe customers create --api-key sk_live_abcdefgh12345678 --name a --email b",
        "stripe.Customer.create(api_key='sk_live_abcdefgh12345678', name='a', email='b')",
    ],
)
def test_keys_are_dropped(text: str) -> None:
    assert "abcdefgh" not in str(block_of(text, TABLE, "sandbox"))


def test_what_the_document_would_require_is_not_asked_for() -> None:
    text = "curl https://api.stripe.com/v1/customers -d email=a@b.co"
    assert block_of(text, TABLE, "sandbox").text.startswith("@spec stripe\n\n/sandbox\n")
    assert block_of(text, TABLE, "sandbox", "stripe").text.startswith("/sandbox\n")


def test_what_the_table_does_not_know_is_written_raw() -> None:
    assert "@raw newest=1" in block("curl https://api.stripe.com/v1/customers -d name=a -d email=b -d newest=1")
    assert block("curl https://api.stripe.com/v1/newest -d a=1").startswith("action: post\nentity: /v1/newest")


def test_several_calls_and_a_page_of_the_language() -> None:
    text = "stripe.Customer.create(name='a', email='b')\nstripe.Product.create(name='p')"
    assert block_of(text, TABLE, "sandbox").text.count("/sandbox\n") == 2
    fenced = "```stripe\n/sandbox\naction: list\nentity: customers\n```"
    assert block_of(fenced, TABLE, "x").text == "/sandbox\naction: list\nentity: customers"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("curl https://example.com/v1/customers", "it goes to example.com, not to Stripe"),
        ("curl https://api.stripe.com/health", "`/health` is no path of Stripe's API"),
        ("curl https://api.stripe.com/v1/customers -d @body.txt", "its data is in the file body.txt"),
        ("curl https://api.stripe.com/v1/customers -d 'a", "not complete"),
        ("curl https://files.stripe.com/v1/files -F file=@x.png", "an upload"),
        ("stripe listen --forward-to localhost:1", "`stripe listen` is no call of the API"),
        ("stripe customers frob", "`customer` has no action `frob`"),
        ("stripe frobs list", "`frobs list` is no resource"),
        ("stripe get nothing", "`nothing` is no path and no id"),
        ("stripe customers update --name a", "the customer is missing"),
        ("stripe.Customer.create(name=name(), email='b')", "`name(…)` is code"),
        ("stripe.Customer.create(**params)", "`**` is code"),
        ("stripe.Customer.create(name='a'", "`)` is missing"),
        ("stripe.Customer.frob(name='a')", "`customer` has no action `frob`"),
        ("stripe.webhooks.constructEvent(a, b)", "no call of Stripe's library"),
        ('{"a": 1}', "JSON without the id of an object"),
        ('{"a": }', "not JSON"),
    ],
)
def test_what_cannot_be_a_block(text: str, why: str) -> None:
    assert form_of(text)
    with pytest.raises(NotConverted) as error:
        block_of(text, TABLE, "sandbox")
    assert why in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "create customer email=a", "/sandbox\naction: list", "@let a = 1", "customers list", "stripe", "curly", CUS],
)
def test_what_has_no_form(text: str) -> None:
    assert form_of(text) == ""
    with pytest.raises(ValueError, match="no call to Stripe"):
        block_of(text, TABLE, "sandbox")


def test_any_text_is_read_or_refused() -> None:
    """Cut short at every place, a call is a block, or says why not."""
    for text in (
        "curl https://api.stripe.com/v1/customers -u sk: -d 'name=Jenny' -d \"email=b\"",
        "stripe.Customer.create(name='Jenny', metadata={'a': [1, None, {'b': `c`}]}, **x)",
        "stripe customers create --name 'Jenny' -d metadata[a]=b",
        '{"object": "customer", "name": "x", "metadata": {"a": "b"}}',
    ):
        for end in range(len(text)):
            try:
                block_of(text[:end], TABLE, "sandbox")
            except (NotConverted, ValueError):
                continue
