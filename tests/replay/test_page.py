"""Reading documentation pages: plain text, Markdown, reStructuredText, and what only looks like an example."""

from __future__ import annotations

import pytest

from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.lang.places import json_places
from stripe_shell.replay.page import DocumentPage, read_page

BODY = "/your-stripe-connection\naction: create\nentity: customer\nemail: a@b.co\n"
LINE = '{"id": "cus_1234567890", "email": "a@b.co"}'
JSON = '{\n  "id": "cus_1234567890",\n  "email": "a@b.co"\n}\n'


def read(text: str) -> DocumentPage:
    return read_page(SourceText("page", text))


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


PAGES = {
    "plain": f"Create a customer.\nExample:\n{BODY}Response:\n{JSON}Next section\n",
    "blank line between": f"Create a customer.\n\n{BODY}\n\nResponse:\n\n{JSON}\nmore: text\n",
    "markdown": f"# Create\n\n```\n{BODY}```\n\n**Response:**\n\n```json\n{JSON}```\n\nText.\n",
    "bold outside": f"# Create\n\n```\n{BODY}```\n\n**Response**:\n\n```json\n{JSON}```\n",
    "heading": f"# Create\n\n```stripe\n{BODY}```\n\n### Response\n\n```json\n{JSON}```\n",
    "tildes": f"~~~\n{BODY}~~~\nResponse:\n~~~\n{JSON}~~~\n",
    "one fence": f"```\n{BODY}Response:\n{JSON}```\n",
    "rst": f"Create\n======\n\n::\n\n{indented(BODY)}\nResponse::\n\n{indented(JSON)}\nText.\n",
    "indented": f"Example:\n\n{indented(BODY)}\n    Response:\n{indented(JSON)}",
    "one line": f"{BODY}Response: {LINE}\n",
    "inline": f"Type\n\n/your-stripe-connection create customer email=a@b.co\n\nResponse:\n{LINE}\n",
    "comment": BODY.replace("email:", "# their address\nemail:") + f"Response:\n{JSON}",
    "byte order mark": f"\ufeff{BODY}Response:\n{JSON}",
}


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", PAGES)
def test_an_example_is_found_with_its_answer(name: str, crlf: bool) -> None:
    text = PAGES[name].replace("\n", "\r\n") if crlf else PAGES[name]
    page = read(text)
    assert not has_errors(page.diagnostics), page.diagnostics
    (example,) = page.examples
    assert example.name == "create customer"
    assert {param.key.path[0] for param in example.block.params} == {"action", "entity", "email"}
    assert example.expected == {"id": "cus_1234567890", "email": "a@b.co"}
    place = example.places["email",]
    assert text[place.start : place.end] == '"a@b.co"'


def test_an_example_without_an_answer() -> None:
    (example,) = read(f"{BODY}\nThat is all.\n").examples
    assert example.expected is None


def test_examples_of_one_name_are_numbered() -> None:
    page = read(f"{BODY}\n{BODY}\n/x list customers\n")
    assert [example.name for example in page.examples] == ["create customer", "create customer 2", "list customers"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Only prose.\nkey: value\n",
        "/your-stripe-connection [action] [required-parameters]\nParameters\n",
        "/your-stripe-connection <action> <entity>\n",
        "/your-stripe-connection create {entity}\n",
        "/v1/customers\naction: create\n",
        "/etc/hosts is a file.\n",
        "/help shows the commands.\n",
        "/your-stripe-connection is the name of your connection.\n",
        "/your-stripe-connection\n\nNothing here.\n",
        "and/or\naction: create\n",
        "Response:\n{}\n",
    ],
)
def test_what_only_looks_like_an_example_is_none(text: str) -> None:
    page = read(text)
    assert page.examples == ()
    assert not has_errors(page.diagnostics)


def test_an_answer_that_is_no_json_is_a_problem_at_its_place() -> None:
    page = read(f"{BODY}Response:\n{{\n  'id': 1\n}}\n")
    assert [(problem.code, problem.span.location()) for problem in page.diagnostics if problem.span] == [
        ("E114", (7, 3))
    ]


def test_an_answer_that_never_closes_is_a_problem() -> None:
    assert [problem.code for problem in read(f'{BODY}Response:\n{{"id": 1\n').diagnostics] == ["E106"]


def test_places_of_json_values() -> None:
    text = ' {"a": [1, {"b\\"c": "x\\"]"}, []], "d": -1.5e3, "e": {}, "f": null}'
    places = {path: text[start:end] for path, (start, end) in json_places(text).items()}
    assert places == {
        (): text[1:],
        ("a",): '[1, {"b\\"c": "x\\"]"}, []]',
        ("a", 0): "1",
        ("a", 1): '{"b\\"c": "x\\"]"}',
        ("a", 1, 'b"c'): '"x\\"]"',
        ("a", 2): "[]",
        ("d",): "-1.5e3",
        ("e",): "{}",
        ("f",): "null",
    }
