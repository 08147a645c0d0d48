"""Every operator of `@expect`, true and false, judged on a response as it comes over the wire."""

from __future__ import annotations

import pytest

from tests.engine.support.world import World, answer

BODY = b"""{
  "id": "cus_1", "object": "customer", "name": "Ann Lee", "zip": "02139", "empty": "", "email": null, "deleted": false,
  "livemode": true, "balance": 2000, "rate": 12.50, "big": 12345678901234567890, "decimal": "12.50",
  "created": 1769860700, "tags": ["a", "b"], "numbers": [1, 2.0, 3], "flags": [true, false], "none": [],
  "metadata": {"order.id": "7", "plan": "pro"}, "card": {"id": "card_1", "object": "card"},
  "data": [
    {"id": "sub_1", "status": "active", "amount": 5, "items": {"data": [{"price": "price_1"}, {"price": "price_2"}]}},
    {"id": "sub_2", "status": "trialing", "amount": 7, "nick": "x", "items": {"data": [{"price": "price_3"}]}}
  ]
}"""

HOLD = [
    "id == cus_1",
    'id == "cus_1"',
    "name == Ann Lee",
    "zip == 02139",
    'empty == ""',
    "email == null",
    "deleted == false",
    "livemode == true",
    "balance == 2000",
    "balance == 2_000",
    "balance == 2000.0",
    "rate == 12.5",
    "big == 12345678901234567890",
    "decimal == 12.50",
    "tags == [a, b]",
    "numbers == [1, 2, 3]",
    'tags == ["a", "b"]',
    "flags == [true, false]",
    "none == []",
    'card == {"object": "card", "id": "card_1"}',
    "$http == 200",
    "$replayed == false",
    "$request_id == req_x",
    "$ms <= 7",
    "created == ${created}",
    "balance == ${balance}",
    "name == ${name}",
    "tags == ${tags}",
    'name == "${first} Lee"',
    "metadata.order.id == 7",
    'metadata["order.id"] == 7',
    "data[0].id == sub_1",
    "data[*].status == [active, trialing]",
    "data[*].items.data[*].price == [price_1, price_2, price_3]",
    "id != cus_2",
    "email != x",
    "zip != 2139",
    "balance != 2001",
    "deleted != true",
    "balance < 2001",
    "balance <= 2000",
    "balance > 1999.5",
    "balance >= 2_000",
    "rate > 12.49",
    "decimal > 12.4",
    "decimal <= 12.5",
    "zip < 02140",
    "big > 12345678901234567889",
    "created > now-1h",
    "created < now",
    "created < ${now}",
    "created > 2026-01-31T00:00:00Z",
    "name ~ ^Ann",
    "name ~ L[e]{2}$",
    'name ~ "^Ann\\\\s"',
    "zip ~ [0-9]+",
    "zip ~ [0]",
    "name !~ ^Bob",
    "name !~ ${pattern}",
    "balance in [1, 2000]",
    'data[0].status in [trialing, "active"]',
    "deleted in [true, false]",
    "email in [null]",
    "name in [${first}, ${name}]",
    "created in [now-100s, x]",
    "id in ${ids}",
    "zip in [02139]",
    "name contains Lee",
    "name contains ${first}",
    "tags contains b",
    "numbers contains 2",
    "flags contains true",
    "metadata contains plan",
    "data[*].status contains trialing",
    "name startswith Ann",
    "zip startswith 02",
    "name endswith Lee",
    "name exists",
    "empty exists",
    "deleted exists",
    "nothing absent",
    "email absent",
    "email.x absent",
    "data[2] absent",
    "id is cus",
    "id is cus_",
    "id is string",
    "balance is integer",
    "balance is number",
    "rate is number",
    "deleted is boolean",
    "email is null",
    "tags is array",
    "tags is list",
    "card is object",
    "card is card",
    "data[*].id count == 2",
    "data count == 2",
    "data count > 1",
    "data count != 3",
    "none count == 0",
    "metadata count == 2",
    "data count == ${two}",
    "data[*].items.data[*] count == 3",
    "all data[*].amount > 4",
    "all data[*].id is sub",
    "all data[*].status in [active, trialing]",
    "all none[*] == x",
    "all data[*].items.data[*].price startswith price_",
    "any data[*].nick exists",
    "any data[*].status == trialing",
    "any data[*].items.data[*].price == price_3",
]

DO_NOT_HOLD = [
    "id == cus_2",
    "zip == 2139",
    "email == x",
    'email == "null"',
    'balance == "2000"',
    "balance == 2000.01",
    'deleted == "false"',
    "deleted == 0",
    "livemode == 1",
    "decimal == 12.5",
    "big == 12345678901234567891",
    "nothing == null",
    'nothing == ""',
    "tags == [b, a]",
    "tags == [a]",
    "flags == [1, 0]",
    "flags == ${numbers}",
    'card == {"id": "card_1"}',
    "$http == 201",
    "nothing != x",
    "id != cus_1",
    "balance != 2e3",
    "balance < 2000",
    "balance > 2000",
    "email < 1",
    "name < 5",
    "tags > 1",
    "deleted >= 0",
    "created > now",
    "nothing >= 0",
    "name ~ ^Lee",
    "balance ~ 2",
    "nothing ~ .",
    "nothing !~ .",
    "name !~ Ann",
    "id in [cus_2, cus_3]",
    "id in []",
    "nothing in [null]",
    "zip in [2139]",
    "name contains lee",
    "tags contains c",
    "metadata contains pro",
    "balance contains 2",
    "name startswith Lee",
    "balance startswith 2",
    "name endswith Ann",
    "nothing exists",
    "email exists",
    "data[2] exists",
    "id absent",
    "deleted absent",
    "empty absent",
    "id is sub",
    "id is integer",
    "rate is integer",
    "deleted is integer",
    "balance is string",
    "email is string",
    "card is customer",
    "nothing is null",
    "data count == 3",
    "data count < 2",
    "name count == 7",
    "nothing count == 0",
    "all data[*].amount > 5",
    "all data[*].nick exists",
    "all nothing[*] == x",
    "all data[*].items.data[*].price == price_1",
    "any data[*].amount > 7",
    "any none[*] exists",
    "any data[*].nothing == x",
]

VARIABLES = {
    "created": 1769860700,
    "balance": 2000,
    "name": "Ann Lee",
    "first": "Ann",
    "tags": ["a", "b"],
    "numbers": [1, 0],
    "pattern": "^B.b",
    "ids": ["cus_0", "cus_1"],
    "two": 2,
}


def judge(expectation: str) -> int:
    world = World([answer(BODY)])
    for name, value in VARIABLES.items():
        world.scope = world.scope.with_variable(name, value)
    run = world.run(f"/sandbox get customer id=cus_1\n@expect {expectation}\n")
    assert not [d for d in run.diagnostics if d.severity == "error"], run.diagnostics
    return run.exit_code


@pytest.mark.parametrize("expectation", HOLD)
def test_it_holds(expectation: str) -> None:
    assert judge(expectation) == 0


@pytest.mark.parametrize("expectation", DO_NOT_HOLD)
def test_it_does_not_hold(expectation: str) -> None:
    assert judge(expectation) == 4


def test_every_operator_is_tried_both_ways() -> None:
    words = {"==", "!=", "<", "<=", ">", ">=", "~", "!~", "in", "contains", "startswith", "endswith"}
    words |= {"exists", "absent", "is", "count", "all", "any"}
    assert words <= {word for line in HOLD for word in line.split()}
    assert words - {"<="} <= {word for line in DO_NOT_HOLD for word in line.split()}


@pytest.mark.parametrize("pattern", ["(", "[a-z", "${bad}", "*"])
def test_a_pattern_that_is_none_is_found_before_anything_is_sent(pattern: str) -> None:
    world = World()
    world.scope = world.scope.with_variable("bad", "a(b")
    run = world.run(f"/sandbox create customer email=a@b.co name=A\n@expect name ~ {pattern}\n")
    assert run.exit_code == 2
    assert world.requests == []


def test_a_pattern_from_a_response_that_is_none_stops_its_block_before_it_is_sent() -> None:
    world = World([answer({"id": "cus_1", "name": "a(b"})])
    again = "/sandbox get customer id=cus_1\n@expect name ~ ${customer.name}\n"
    run = world.run(f"/sandbox get customer id=cus_1\n@as customer\n\n{again}")
    assert run.exit_code == 3
    assert len(world.requests) == 1


def test_last_in_an_expectation_is_what_it_is_in_the_parameters_of_the_block() -> None:
    world = World([answer({"id": "cus_1"}), answer({"id": "cus_2"})])
    text = "/sandbox get customer id=cus_1\n\n/sandbox get customer id=${last.id}\n@expect id == ${last.id}\n"
    run = world.run(text)
    assert run.exit_code == 4
    assert run.outcomes[1].assertions[0].expected == '== "cus_1"'
