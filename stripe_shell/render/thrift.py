"""The compact protocol of Thrift, as far as the footer of a Parquet file needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

FieldType = Literal["i32", "i64", "string", "struct", "i32s", "strings", "structs"]

#: A structure: the type and the value of each field by its number, in ascending order.
Struct = dict[int, tuple[FieldType, Any]]

#: The types of the protocol, of fields and of the elements of lists.
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_FIELD_TYPES: Mapping[FieldType, int] = {"i32": _I32, "i64": _I64, "string": _BINARY, "struct": _STRUCT}
_LISTS: Mapping[FieldType, FieldType] = {"i32s": "i32", "strings": "string", "structs": "struct"}


def encode_struct(struct: Struct) -> bytes:
    """Returns a structure as bytes."""
    content, last = bytearray(), 0
    for number, (kind, value) in struct.items():
        content.append((number - last) << 4 | _FIELD_TYPES.get(kind, _LIST))
        content += _encode(kind, value)
        last = number
    return bytes(content) + b"\0"


def encode_varint(number: int) -> bytes:
    """Returns a number from 0 on as bytes of seven bits, the lowest first."""
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(content) + bytes((number,))


def _encode(kind: FieldType, value: Any) -> bytes:
    if kind in _LISTS:
        inner = _LISTS[kind]
        size = len(value)
        head = bytes((size << 4 | _FIELD_TYPES[inner],)) if size < 15 else bytes((0xF0 | _FIELD_TYPES[inner],))
        return head + (b"" if size < 15 else encode_varint(size)) + b"".join(_encode(inner, each) for each in value)
    if kind == "string":
        content = str(value).encode()
        return encode_varint(len(content)) + content
    return encode_struct(value) if kind == "struct" else encode_varint(value << 1 ^ value >> 63)
