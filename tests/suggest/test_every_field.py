"""Every field of every operation of the table is offered in some context, and so is every allowed value."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.names import resolve_name
from stripe_shell.spec.table import load_table
from tests.suggest.world import offers, sources

#: How deep a field may be nested: nothing in the table is deeper.
_DEEPEST = 12


def parents(shape: Shape, path: str = "", depth: int = 0) -> Iterator[tuple[str, Shape]]:
    """Every object shape below a request shape with the text in front of its fields: `items[0].price_data.`."""
    yield path, shape
    if depth > _DEEPEST:
        raise AssertionError(f"deeper than {_DEEPEST}: {path}")
    for name, field in shape.fields.items():
        yield from below(field.shape, f"{path}{name}", depth + 1)
    for variant in shape.variants:
        for name, field in variant.fields.items():
            yield from below(field.shape, f"{path}{name}", depth + 1)


def below(shape: Shape, path: str, depth: int) -> Iterator[tuple[str, Shape]]:
    if any(variant.fields for variant in (shape, *shape.variants)):
        yield from parents(shape, f"{path}.", depth)
    for variant in (shape, *shape.variants):
        if variant.items is not None:
            yield from below(variant.items, f"{path}[0]", depth)


def block(operation: Operation, rest: str) -> str:
    return f"/sandbox\naction: {operation.action}\nentity: {operation.entity}\n{rest}|"


def unoffered(operation: Operation, path: str, shape: Shape) -> Iterator[str]:
    """The fields of an object that the menu in front of them does not offer."""
    shown = {each.display.partition("[")[0].removesuffix(".") for each in offers(block(operation, path), AROUND)}
    if not path:  # `product_id`, as the source document calls `product`
        shown |= {found.path[0] for name in shown if (found := resolve_name(operation, (name,))).path}
    for variant in (shape, *shape.variants):
        yield from (f"{operation.name} {path}{name}" for name in variant.fields if name not in shown)


AROUND = sources()


def test_every_field_of_every_operation_is_offered() -> None:
    fields, contexts, missing = 0, 0, []
    for operation in load_table().operations():
        for path, shape in parents(operation.params):
            contexts += 1
            fields += sum(len(variant.fields) for variant in (shape, *shape.variants))
            missing += unoffered(operation, path, shape)
    print(f"{fields} fields in {contexts} contexts")
    assert missing == []
    assert fields > 10_000


def test_every_parameter_of_every_path_is_offered_and_required() -> None:
    count = 0
    for operation in load_table().operations():
        required = [each for each in offers(block(operation, ""), AROUND) if each.required]
        assert len(required) >= len(operation.path_params), operation.name
        count += len(operation.path_params)
    print(f"{count} parameters of paths")
    assert count > 300


def test_every_allowed_value_is_offered() -> None:
    count = 0
    for operation in load_table().operations():
        for name, field in operation.params.fields.items():
            values = {value for variant in (field.shape, *field.shape.variants) for value in variant.enum}
            shown = {each.text for each in offers(block(operation, f"{name}: "), AROUND)} if values else set()
            assert values <= shown, (operation.name, name)
            count += len(values)
    print(f"{count} allowed values")
    assert count > 1_000
