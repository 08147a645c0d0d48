"""Uploads: decodes `multipart/form-data` into a parameter tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.wire import decode_form, encode_form

from .limits import check_size


def decode_multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """Returns the parts by name: fields as str, the file as `{"content": bytes, "filename": str, "type": str}`.

    Only the headers of a part are parsed, so that a large file takes no time. Raises StripeError for a malformed body.
    """
    from email.parser import BytesParser
    from email.policy import HTTP

    fields: list[str] = []
    files: dict[str, Any] = {}
    for head, text in _parts(content_type, body):
        part = BytesParser(policy=HTTP).parsebytes(head, headersonly=True)
        name = part.get_param("name", header="content-disposition")
        str(name).encode("utf-8")  # raises UnicodeError for what cannot be stored
        content = _decoded(str(part["content-transfer-encoding"] or ""), text)
        if part.get_filename() is None:
            check_size(content)
            fields.append(encode_form({str(name): content.decode("utf-8")}))
        else:
            files[str(name)] = {"content": content, "filename": part.get_filename(), "type": part.get_content_type()}
    return decode_form("&".join(fields)) | files


def _parts(content_type: str, body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields headers and content of each part. Copies a content once, as it may have megabytes."""
    from email.message import Message

    header = Message()
    header["Content-Type"] = content_type
    boundary = b"--" + (header.get_boundary() or "").encode("utf-8", "surrogateescape")
    start = 0 if body.startswith(boundary) else body.find(b"\r\n" + boundary) + 2
    if boundary == b"--" or not body.startswith(boundary, start):
        raise StripeError("Invalid request: the body is not a valid multipart form.", validation=True)
    while start >= 0:
        start = body.find(b"\r\n", start + len(boundary))
        end = body.find(b"\r\n" + boundary, start)
        if start < 0 or (end < 0 and body.startswith(b"--", start - 2)):
            return
        part_end = end if end >= 0 else len(body)
        split = body.find(b"\r\n\r\n", start, part_end)
        split = split if split >= 0 else part_end
        yield body[start + 2 : split] + b"\r\n\r\n", body[split + 4 : part_end]
        start = end + 2 if end >= 0 else -1


def _decoded(encoding: str, content: bytes) -> bytes:
    """Decodes the content of a part with a `Content-Transfer-Encoding`, which RFC 7578 no longer allows."""
    from base64 import b64decode
    from binascii import Error as NotBase64
    from quopri import decodestring

    try:
        match encoding.strip().lower():
            case "base64":
                return b64decode(content)
            case "quoted-printable":
                return decodestring(content)
    except NotBase64:
        raise StripeError("Invalid request: a part of the body is not valid base64.", validation=True) from None
    return content
