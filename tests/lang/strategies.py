"""Random texts made of the language's own pieces, and random syntax trees."""

from __future__ import annotations

import json
from typing import Literal

from hypothesis import strategies as st

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.lang import ast

SOURCE = SourceText("<made>", "")
AT = Span(SOURCE, 0, 0)

FRAGMENTS = (
    "/c",
    "/c create customer",
    " email=a@b.co",
    ' name="Ann Lee"',
    " metadata[a]=b",
    "action: create",
    "entity: customer",
    "email: a@b.co",
    "email:x",
    "name: 'x'",
    "note: 'tis",
    'name: "a \\u0041 ${x.y[0]:-d}"',
    'name: "open',
    "k: {",
    "k: [",
    '"a": "${x}"',
    "}",
    "]",
    '"""',
    "'''",
    'a: """',
    "b: '''",
    "items[0].price: p",
    "metadata.a b: c",
    'metadata."x.y": z',
    "expand[]: a",
    "expand: a, b",
    "Response:",
    '{"a": [1, 2]}',
    "@as x",
    "@as: y",
    "@expect id is cus",
    "@expect $http == 402",
    '@expect all data[*].status in [a, "b c", ${x}]',
    "@expect data count >= 3",
    '@match {"a": 1}',
    "@fails card_error/x",
    '@when ${row.plan} == "pro"',
    "@retry 5 every 2s until status == active",
    "@pages all",
    "@out subs.csv fields=id,a.b",
    "@idempotency_key k",
    "@timeout 1.5s",
    "@raw foo=bar",
    "@teardown",
    "@account acct_1",
    "@version 2024-01-01",
    "@tags a, b",
    "@let x = ${env:P:-1}",
    "@secret s = 'x'",
    "@include a.stripe",
    '@foreach row in "a b.csv" key=email jobs=4',
    '@foreach row in "a b.csv" key=email on_error=continue max_errors=2%',
    "@end",
    "@connection c",
    "@spec stripe",
    "@help",
    "help",
    "?",
    "create customer",
    "# note",
    "#",
    "${",
    "}",
    "${a",
    "$${b}",
    "$",
    "\\",
    ":",
    ": ",
    "=",
    "\t",
    " ",
    "  ",
    "\r",
    "\r\n",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\0",
    "\ufeff",
    "\ud800",
    "é",
    "\u00a0",
    "'",
    '"',
)


def texts() -> st.SearchStrategy[str]:
    """Any text, and texts of fragments, which come closer to the grammar's corners."""
    pieces = st.lists(st.sampled_from(FRAGMENTS), max_size=14)
    lines = st.lists(st.sampled_from(FRAGMENTS).map(lambda f: f"{f}\n"), max_size=14)
    block = st.lists(st.sampled_from(FRAGMENTS).map(lambda f: f"{f}\n"), max_size=6).map(
        lambda body: "/c\naction: create\n" + "".join(body)
    )
    anything = st.text(st.characters(exclude_categories=()), max_size=60)
    return st.one_of(pieces.map("".join), lines.map("".join), block, anything)


# --- trees ----------------------------------------------------------------------------------------------

_names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda n: n not in ("last", "env", "now", "uuid"))
_field_names = _names.filter(lambda n: n != "metadata")
#: Text of all kinds, except halves of surrogate pairs, which no file holds.
_any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_tricky = st.lists(
    st.sampled_from(
        ["$", "{", "}", "[", "]", "${", '"', "'", '"""', "'''", "\\", "a", " ", "\n", "\r", "\t", ":", ": ", "#"]
    ),
    min_size=1,
    max_size=8,
).map("".join)
literals = st.one_of(_any_text, _tricky)


@st.composite
def references(draw: st.DrawFn, default: st.SearchStrategy[str] = literals) -> ast.Reference:
    if draw(st.booleans()):
        name = draw(_names)
        made = draw(st.one_of(st.none(), default.filter(lambda d: "${" not in d)))
        return ast.Reference("env", name, (), made, f"env:{name}", AT)
    name = draw(_field_names)
    steps = tuple(draw(st.lists(st.one_of(_field_names, st.integers(0, 99)), max_size=3)))
    raw = name + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    made = draw(st.one_of(st.none(), default.filter(lambda d: "${" not in d)))
    return ast.Reference(None, name, steps, made, raw, AT)


@st.composite
def quoted(draw: st.DrawFn) -> ast.Value:
    """A value in double quotes: it can hold anything."""
    pieces = draw(st.lists(st.one_of(literals, references()), max_size=4))
    parts: list[ast.Part] = []
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(last := parts[-1], ast.Text):
            parts[-1] = ast.Text(last.text + piece, AT)
        else:
            parts.append(ast.Text(piece, AT) if isinstance(piece, str) else piece)
    return ast.Value(draw(st.sampled_from(["double", "heredoc"])), tuple(parts), AT)


_words = st.from_regex(r"[A-Za-z0-9@.+_][A-Za-z0-9@.:/?&#=+_'-]{0,10}", fullmatch=True)


def _bare(text: str) -> ast.Value:
    return ast.Value("bare", (ast.Text(text, AT),), AT)


words = _words.map(_bare)
sole_references = references(st.just("x y")).map(lambda r: ast.Value("bare", (r,), AT))


def _literal(style: ast.Style, text: str) -> ast.Value:
    return ast.Value(style, (ast.Text(text, AT),) if text else (), AT)


_printable = st.characters(exclude_categories=["Cs", "Cc"])
_plain = st.text(_printable.filter(lambda char: char not in "$'"), max_size=12)
singles = _plain.map(lambda text: _literal("single", text))
#: Lines without a common margin, as dedenting leaves them.
literal_heredocs = st.lists(st.from_regex(r"([a-z\"{:] ?){0,4}[a-z]", fullmatch=True), min_size=1, max_size=4).map(
    lambda lines: _literal("literal_heredoc", "\n  ".join(lines) + "\n\nend")
)
_trees = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _plain),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_plain, inner, max_size=3)),
    max_leaves=6,
).filter(lambda tree: isinstance(tree, list | dict))
json_values = st.builds(
    lambda tree, indent: _literal("json", json.dumps(tree, indent=indent)), _trees, st.sampled_from([None, 2])
)
values = st.one_of(
    words, sole_references, quoted(), singles, literal_heredocs, json_values, st.just(ast.Value("bare", (), AT))
)


def _path(steps: list[str | int]) -> ast.Path:
    text = str(steps[0]) + "".join(
        f"[{step}]" if isinstance(step, int) or step == "*" else f".{step}" for step in steps[1:]
    )
    return ast.Path(tuple(steps), text, AT)


paths = st.one_of(
    st.sampled_from(["$http", "$ms", "$request_id", "$replayed"]).map(lambda name: ast.Path((name,), name, AT)),
    st.builds(
        lambda first, rest: _path([first, *rest]),
        _field_names,
        st.lists(st.one_of(_field_names, st.integers(0, 9)), max_size=3),
    ),
)
starred = st.builds(lambda a, b: _path([a, "*", b]), _field_names, _field_names)

_SIMPLE_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~", "!~", "contains", "startswith", "endswith", "is")
_items = st.one_of(st.from_regex(r"[a-z0-9_.@]{1,6}", fullmatch=True).map(_bare), sole_references)
lists = st.lists(_items, max_size=3).map(lambda items: ast.ListValue(tuple(items), AT))
_right = st.one_of(words, sole_references, quoted().filter(lambda v: v.style == "double"))


@st.composite
def expectations(draw: st.DrawFn) -> ast.Expectation:
    quantifiers: tuple[Literal["all", "any"] | None, ...] = (None, None, "all", "any")
    quantifier = draw(st.sampled_from(quantifiers))
    path = draw(paths if quantifier is None else starred)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return ast.Expectation(path, draw(st.sampled_from(["exists", "absent"])), None, quantifier, None, AT)
    if kind == 1:
        number = _bare(str(draw(st.integers(0, 999))))
        return ast.Expectation(path, "count", number, quantifier, draw(st.sampled_from(["==", "<", ">="])), AT)
    if kind == 2:
        return ast.Expectation(path, "in", draw(lists), quantifier, None, AT)
    return ast.Expectation(path, draw(st.sampled_from(_SIMPLE_OPERATORS)), draw(_right), quantifier, None, AT)


@st.composite
def _conditions(draw: st.DrawFn) -> ast.Condition:
    left = draw(sole_references)
    if draw(st.booleans()):
        return ast.Condition(
            left, "count", _bare(str(draw(st.integers(0, 999)))), draw(st.sampled_from(["==", ">"])), AT
        )
    return ast.Condition(left, draw(st.sampled_from(_SIMPLE_OPERATORS)), draw(_right), None, AT)


_durations = st.integers(1, 10_000_000)
_arguments: dict[str, st.SearchStrategy[ast.Argument | None]] = {
    "as": _names.map(lambda n: ast.Name(n, AT)),
    "expect": expectations(),
    "fails": st.builds(lambda t, c: ast.Fails(t, c, AT), _names, st.one_of(st.none(), _names)),
    "when": _conditions(),
    "retry": st.builds(lambda n, ms, c: ast.Retry(n, ms, c, AT), st.integers(1, 99), _durations, expectations()),
    "pages": st.one_of(st.none(), st.integers(1, 99)).map(lambda n: ast.Pages(n, AT)),
    "out": st.builds(
        lambda name, fields: ast.Output(_bare(f"{name}.csv"), tuple(fields), AT), _names, st.lists(_names, max_size=2)
    ),
    "idempotency_key": words,
    "timeout": _durations.map(lambda ms: ast.Duration(ms, AT)),
    "teardown": st.none(),
    "tags": st.lists(_names, min_size=1, max_size=3).map(lambda names: ast.Tags(tuple(names), AT)),
    "account": words,
    "let": st.builds(lambda name, value: ast.Assignment(name, value, AT, AT), _names, values),
    "include": words,
}
_BLOCK = ("as", "expect", "fails", "when", "retry", "pages", "out", "idempotency_key", "timeout", "teardown", "tags")
_ONCE = tuple(name for name in _BLOCK if name != "expect")


@st.composite
def directives(draw: st.DrawFn, names: tuple[str, ...]) -> ast.Directive:
    name = draw(st.sampled_from(names))
    return ast.Directive(name, draw(_arguments[name]), AT, AT)


_metadata_names = st.one_of(_names, st.text(_printable, min_size=1, max_size=6))


@st.composite
def keys(draw: st.DrawFn) -> ast.Key:
    path = [draw(_field_names), *draw(st.lists(st.one_of(_field_names, st.integers(0, 9).map(str)), max_size=2))]
    if draw(st.booleans()):
        path += ["metadata", draw(_metadata_names)]
    return ast.Key(tuple(path), AT)


comments = st.from_regex(r" [a-z /@:]{0,8}[a-z]", fullmatch=True)


@st.composite
def blocks(draw: st.DrawFn) -> ast.Block:
    inline = draw(st.booleans())
    names = draw(st.lists(keys(), max_size=4, unique_by=lambda key: key.path))
    names = [key for key in names if key.path not in [("action",), ("entity",)]]
    head = [ast.Key(("action",), AT), ast.Key(("entity",), AT)]
    items: list[ast.Param | ast.Directive | ast.Comment] = [ast.Param(key, draw(words), AT) for key in head]
    one_line = st.one_of(words, sole_references, quoted().filter(lambda v: v.style == "double"))
    body: list[ast.Param | ast.Directive | ast.Comment] = [
        ast.Param(key, draw(one_line if inline else values), AT) for key in names
    ]
    count = len(head) + (draw(st.integers(0, len(body))) if inline else -len(head))
    once = draw(st.lists(directives(_ONCE), max_size=2, unique_by=lambda d: d.name))
    body += [*once, *draw(st.lists(directives(("expect",)), max_size=2))]
    for text in draw(st.lists(comments, max_size=1)):
        body.append(ast.Comment(text, False, AT))
    return ast.Block(draw(_names), (*items, *body), max(count, 0), None, AT, AT)


@st.composite
def scripts(draw: st.DrawFn, depth: int = 1) -> ast.Script:
    return ast.Script(tuple(draw(_script_items(depth))), SOURCE)


@st.composite
def _script_items(draw: st.DrawFn, depth: int) -> list[ast.ScriptItem]:
    items: list[ast.ScriptItem] = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.integers(0, 3 if depth else 2))
        if kind == 0:
            items.append(draw(blocks()))
        elif kind == 1:
            items.append(draw(directives(("let", "include", "account", "tags"))))
        elif kind == 2:
            items.append(ast.Comment(draw(comments), False, AT))
        else:
            each = draw(_loop_headers())
            body = tuple(draw(_script_items(depth - 1)))
            items.append(ast.Loop(ast.Directive("foreach", each, AT, AT), body, AT))
    return items


@st.composite
def _loop_headers(draw: st.DrawFn) -> ast.ForEach:
    """A `@foreach` with any of its options."""
    sample = {
        "key": st.lists(st.sampled_from(["email", "a b", "x,y", "Größe", 'q"', "["]), max_size=3, unique=True).map(
            tuple
        ),
        "jobs": st.sampled_from([None, 1, 2, 16, "auto"]),
        "rate": st.sampled_from([None, 0.5, 1.0, 20.0, 33.333]),
        "on_error": st.sampled_from(["stop", "continue"]),
        "max_errors": st.sampled_from([None, "0", "20", "2%", "0.5%", "100%"]),
        "failed": st.sampled_from([None, _bare("failed.csv"), ast.Value("double", (ast.Text("a b.csv", AT),), AT)]),
        "stamp": st.sampled_from([None, "batch", "a.b", "a b", "é"]),
        "delimiter": st.sampled_from([None, ";", "\t", "|", "\\", "$"]),
        "encoding": st.sampled_from([None, "latin-1", "cp1252", "utf-16"]),
    }
    options = {name: draw(values) for name, values in sample.items()}
    return ast.ForEach("row", _bare("a.csv"), AT, **options)
