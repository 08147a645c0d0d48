"""A pattern of ours is one of the library's, made when it is first used."""

from __future__ import annotations

import re

import pytest

from stripe_shell.patterns import pattern


def test_it_does_what_the_library_s_does() -> None:
    ours, theirs = pattern(r"(?P<key>[a-z]+)=(\d+)", re.IGNORECASE), re.compile(r"(?P<key>[a-z]+)=(\d+)", re.IGNORECASE)
    text = "A=1, b=22"
    for _ in range(2):
        first, second = ours.search(text), theirs.search(text)
        assert first is not None
        assert second is not None
        assert (first.span(), first["key"], first.lastgroup) == (second.span(), second["key"], second.lastgroup)
    assert ours.match(text, 5) is not None
    assert ours.fullmatch(text) is None
    assert ours.findall(text) == theirs.findall(text)
    assert [each.span() for each in ours.finditer(text, 1)] == [each.span() for each in theirs.finditer(text, 1)]
    assert (ours.sub("x", text), ours.subn("x", text), ours.split(text)) == ("x, x", ("x, x", 2), theirs.split(text))
    assert (ours.pattern, ours.flags, ours.groups) == (theirs.pattern, theirs.flags, theirs.groups)


def test_it_is_compiled_when_it_is_used() -> None:
    broken = pattern("(")
    for _ in range(2):
        with pytest.raises(re.error):
            broken.match("x")
