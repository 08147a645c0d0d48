"""Walking and rewriting the syntax tree."""

from __future__ import annotations

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import Block, Comment, Directive, Expectation, Loop, Param, Reference, Script, Text
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse
from stripe_shell.lang.visit import (
    Visitor,
    blocks_in,
    directives_in,
    items_in,
    loops_in,
    names_given,
    nodes_in,
    rewrite,
)
from stripe_shell.records import field, record, replace

TEXT = """\
# the plan
@let plan = ${env:PLAN:-pro}
@secret key = ${env:KEY}

/sandbox
action: create
entity: customer
name: Ann of ${plan}
metadata: {"a": "${key}"}
@when ${plan} in [pro, "${row.tier}"]
@as ann
@expect id is ${prefix}

@foreach row in "${file}.csv"
  /sandbox
  action: get
  entity: customer
  id: ${ann.id}
  @retry 2 every 1s until name == ${row.name}
  @out ${row.name}.csv fields=id

  @foreach inner in b.csv
    /sandbox
    action: list
    entity: customer
    @raw email=${inner.email}
    @as all
  @end
@end
"""


def script() -> Script:
    read, problems = parse(SourceText("a.stripe", TEXT))
    assert problems == ()
    return read


@record
class Seen(Visitor):
    """Notes what it visits, and of a block only its parameters."""

    notes: list[str] = field(default_factory=list)

    def visit_comment(self, comment: Comment) -> None:
        self.notes.append(f"#{comment.text}")

    def visit_block(self, block: Block) -> None:
        self.notes.append("block")
        self.visit(block.params)

    def visit_param(self, param: Param) -> None:
        self.notes.append(param.key.span.text)
        self.visit_children(param)

    def visit_reference(self, reference: Reference) -> None:
        self.notes.append(reference.raw)


def test_a_visitor_walks_through_what_it_has_no_method_for() -> None:
    seen = Seen()
    seen.visit(script())
    assert seen.notes == [
        "# the plan", "env:PLAN", "env:KEY",
        "block", "action", "entity", "name", "plan", "metadata", "key",
        "file", "block", "action", "entity", "id", "ann.id",
        "block", "action", "entity",
    ]  # fmt: skip


def test_nodes_of_a_class_in_the_order_of_the_text() -> None:
    assert [reference.raw for reference in nodes_in(script(), Reference)] == [
        "env:PLAN", "env:KEY", "plan", "key", "plan", "row.tier", "prefix", "file", "ann.id", "row.name", "row.name",
        "inner.email",
    ]  # fmt: skip
    assert [found.path.text for found in nodes_in(script(), Expectation)] == ["id", "name"]


def test_what_a_script_holds() -> None:
    items = script().items
    assert [type(item) for item in items_in(items)] == [Comment, Directive, Directive, Block, Loop, Block, Loop, Block]
    assert len(list(blocks_in(items))) == 3
    assert [loop.span.location()[0] for loop in loops_in(items)] == [14, 22]
    assert [directive.name for directive in directives_in(items)] == [
        "let", "secret", "when", "as", "expect", "foreach", "retry", "out", "foreach", "raw", "as",
    ]  # fmt: skip


def test_names_by_what_they_are_given_to() -> None:
    items = script().items
    assert [name for name, _ in names_given(items, "response")] == ["ann", "all"]
    assert [name for name, _ in names_given(items, "variable", "secret")] == ["plan", "key"]
    assert [(name, span.text) for name, span in names_given(items, "row")] == [("row", "row"), ("inner", "inner")]


def test_rewriting_replaces_the_nodes_of_a_class_and_nothing_else() -> None:
    before = script()
    after = rewrite(before, Text, lambda text: replace(text, text=text.text.upper()))
    assert "name: ANN OF ${plan}" in format_script(after)
    assert [text.text for text in nodes_in(before, Text)] != [text.text for text in nodes_in(after, Text)]
    assert rewrite(before, Text, lambda text: text) == before
    again = rewrite(after.items, Reference, lambda reference: replace(reference, default="x"))
    assert {reference.default for reference in nodes_in(again, Reference)} == {"x"}
