"""Uploads: decodes `multipart/form-data` into a parameter tree."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.wire import decode_form, encode_form


def decode_multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """Returns the parts by name: fields as str, the file as `{"content": bytes, "filename": str, "type": str}`.

    Raises StripeError for a malformed body.
    """
    from email.parser import BytesParser
    from email.policy import HTTP

    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise StripeError("Invalid request: the body is not a valid multipart form.", validation=True)
    fields: list[str] = []
    files: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if part.get_filename() is None:
            fields.append(encode_form({str(name): content.decode("utf-8")}))
        else:
            files[str(name)] = {"content": content, "filename": part.get_filename(), "type": part.get_content_type()}
    return decode_form("&".join(fields)) | files
