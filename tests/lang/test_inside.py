"""Where an unfinished text is inside JSON or a heredoc."""

from __future__ import annotations

import pytest

from stripe_shell.lang.inside import inside_value

BLOCK = "/sandbox\naction: create\nentity: customer\n"


@pytest.mark.parametrize(
    "before",
    [
        "{",
        '  [\n  {"em',
        '{"em": 1}',
        'create customer metadata={"a": ',
        'create customer metadata={"a": "b", em',
        'create customer metadata={ "}" em',
        f"{BLOCK}metadata: {{\n",
        f"{BLOCK}metadata: {{\n  em",
        f'{BLOCK}items: [{{"price": "p"}}, em',
        f"{BLOCK}@match {{em",
        f'{BLOCK}description: """\nem',
        f"{BLOCK}description: '''one\nem",
        'create customer description="""\nem',
        '@let x = """em',
        '@let x = {"a": em',
        "@let x = {\n em",
    ],
)
def test_inside(before: str) -> None:
    assert inside_value(before)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "list cus",
        f"{BLOCK}em",
        f'{BLOCK}metadata: {{"a": 1}}\nem',
        f'{BLOCK}metadata: {{"a": "}}"}}\nem',
        f'{BLOCK}description: """one\ntwo"""\nem',
        f"{BLOCK}description: '''one'''\nem",
        f"{BLOCK}card[number]: 4\nem",
        f"{BLOCK}customer: ${{x.y}}\nem",
        f'{BLOCK}description: "a {{ b"\nem',
        f"{BLOCK}description: 'a {{ b'\nem",
        f"{BLOCK}name: O'Neil\nem",
        'create customer metadata={"a": 1} em',
        "create subscription items[0][price]=em",
    ],
)
def test_outside(before: str) -> None:
    assert not inside_value(before)
