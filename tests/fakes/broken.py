"""Answers that cannot be read, byte by byte, and what answers are made of."""

from __future__ import annotations

import gzip
import zlib

CUSTOMER = b'{"id": "cus_1", "object": "customer"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(CUSTOMER) + CUSTOMER


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines, b"", b""])


def chunked(*pieces: bytes) -> bytes:
    return head(b"Transfer-Encoding: chunked") + b"".join(pieces)


def encoded(name: bytes, body: bytes) -> bytes:
    return head(b"Content-Encoding: " + name, b"Content-Length: %d" % len(body)) + body


def body(content: bytes) -> bytes:
    """A whole answer that announces the close that follows, so that no client sends its next request into it."""
    return head(b"Content-Length: %d" % len(content), b"Connection: close") + content


def status(line: bytes) -> bytes:
    return WHOLE.replace(b"HTTP/1.1 200 OK", line)


def with_lines(*lines: bytes) -> bytes:
    return WHOLE.replace(b"\r\n\r\n", b"\r\n" + b"\r\n".join(lines) + b"\r\n\r\n")


HALF = CUSTOMER[:20]

#: By name: what a server sends after it has taken a write.
BROKEN: dict[str, bytes] = {
    # Content-Length
    "two lengths that differ": head(b"Content-Length: 37", b"Content-Length: 38") + CUSTOMER,
    "two lengths in one line": head(b"Content-Length: 37, 12") + CUSTOMER,
    "a length that is too large": head(b"Content-Length: 370") + CUSTOMER,
    "a huge length": head(b"Content-Length: " + b"9" * 60) + CUSTOMER,
    "a length of more digits than Python reads": head(b"Content-Length: " + b"9" * 5000) + HALF,
    "a length that is too small": head(b"Content-Length: 20") + CUSTOMER,
    "length 0": head(b"Content-Length: 0"),
    "a negative length": head(b"Content-Length: -1") + HALF,
    "a length that is no number": head(b"Content-Length: many") + HALF,
    "a length in hexadecimal": head(b"Content-Length: 0x25") + HALF,
    "an empty length": head(b"Content-Length:") + HALF,
    "no length and half a body": head() + HALF,
    # chunks
    "a chunk size that is no number": chunked(b"zz\r\n", CUSTOMER, b"\r\n0\r\n\r\n"),
    "a negative chunk size": chunked(b"-5\r\n", CUSTOMER, b"\r\n0\r\n\r\n"),
    "an empty chunk size": chunked(b"\r\n", CUSTOMER, b"\r\n0\r\n\r\n"),
    "a huge chunk size": chunked(b"f" * 30 + b"\r\n", CUSTOMER, b"\r\n0\r\n\r\n"),
    "a chunk that is too short": chunked(b"ff\r\n", CUSTOMER),
    "a chunk that is too long": chunked(b"5\r\n", CUSTOMER, b"\r\n0\r\n\r\n"),
    "no last chunk": chunked(b"14\r\n", HALF, b"\r\n"),
    "nothing in chunks": chunked(),
    "a last chunk alone": chunked(b"0\r\n\r\n"),
    "chunks of which nobody speaks": head() + b"25\r\n" + CUSTOMER + b"\r\n0\r\n\r\n",
    # encodings
    "gzip that is none": encoded(b"gzip", CUSTOMER),
    "gzip torn": encoded(b"gzip", gzip.compress(CUSTOMER)[:-12]),
    "gzip with a wrong checksum": encoded(b"gzip", gzip.compress(CUSTOMER)[:-8] + bytes(8)),
    "deflate that is none": encoded(b"deflate", CUSTOMER),
    "deflate torn": encoded(b"deflate", zlib.compress(CUSTOMER)[:10]),
    "brotli that nobody asked for": encoded(b"br", b"\x8b\x12\x80" + CUSTOMER + b"\x03"),
    "an encoding that nobody knows": encoded(b"rot13", b'{"vq": phf'),
    "gzip twice and said once": encoded(b"gzip", gzip.compress(gzip.compress(CUSTOMER))),
    # status lines
    "HTTP/0.9": CUSTOMER,
    "HTTP/2": status(b"HTTP/2 200"),
    "HTTP/9.9": status(b"HTTP/9.9 200 OK"),
    "no HTTP": b"220 mail.example.com ESMTP\r\n",
    "an empty line": b"\r\n",
    "a status line without a status": status(b"HTTP/1.1"),
    "a status that is no number": status(b"HTTP/1.1 twohundred OK"),
    "a status of two digits": status(b"HTTP/1.1 20 OK"),
    "a status of four digits": status(b"HTTP/1.1 2000 OK"),
    "a negative status": status(b"HTTP/1.1 -200 OK"),
    "a status line without end": b"HTTP/1.1 200 " + b"O" * 70_000,
    "bytes of no encoding": b"\xff\xfe\x00\x80" * 20,
    "NUL": b"\0" * 100,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "the request itself": b"POST /v1/customers HTTP/1.1\r\n\r\n",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x28",
    # headers
    "a header line without end": head(b"X: " + b"x" * 70_000),
    "too many headers": with_lines(*(b"X-%d: x" % number for number in range(200))),
    "half a header": HEAD + b"Content-Le",
    "headers without end": HEAD,
    "garbage among the headers": head(b"garbage", b"Transfer-Encoding: chunked") + b"25\r\n" + CUSTOMER + b"\r\n0\r\n",
    "a fold before the first header": HEAD.replace(b"Content-Type", b" Content-Type") + HALF,
    "NUL among the headers": head(b"X\0: \0", b"Content-Length: 370") + HALF,
    "a redirect to no address": head(b"Location: http://[::1", b"Content-Length: 0", status=b"HTTP/1.1 302 Found"),
    "a redirect": head(b"Location: http://127.0.0.1:1/", b"Content-Length: 0", status=b"HTTP/1.1 307 X"),
    # statuses that are no answer
    "100 only": head(status=b"HTTP/1.1 100 Continue"),
    "101": head(b"Upgrade: h2c", status=b"HTTP/1.1 101 Switching Protocols"),
    "102": head(status=b"HTTP/1.1 102 Processing"),
    "103 and no more": head(b"Link: </x>", status=b"HTTP/1.1 103 Early Hints"),
    "204": head(status=b"HTTP/1.1 204 No Content"),
    "304": head(status=b"HTTP/1.1 304 Not Modified"),
    "408": head(b"Content-Length: 0", status=b"HTTP/1.1 408 X"),
    "500": head(b"Content-Length: 0", status=b"HTTP/1.1 500 X"),
    "999": head(b"Content-Length: 0", status=b"HTTP/1.1 999 X"),
    "402 whose headers break off": b"HTTP/1.1 402 Payment Required\r\nContent-Ty",
    "402 whose body breaks off": head(b"Content-Length: 99", status=b"HTTP/1.1 402 X") + b'{"error": {"ty',
    # bodies
    "no body": head(),
    "HTML": body(b"<html>Log in to the hotel network</html>"),
    "half of the JSON": body(HALF),
    "JSON and more": body(CUSTOMER + b"}"),
    "NaN": body(b'{"id": NaN}'),
    "invalid UTF-8": body(b'{"id": "\xff\xfe"}'),
    "JSON nested without end": body(b"[" * 200_000 + b"]" * 200_000),
    "JSON that is read and nested too deep to be shown": body(b'{"a":' * 600 + b"1" + b"}" * 600),
    "JSON nested deeper than anything of Stripe's": body(b'{"a":' * 101 + b"1" + b"}" * 101),
    "objects nested without end": body(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "a number of more digits than Python reads": body(b'{"id": ' + b"9" * 5000 + b"}"),
    "blanks": body(b"   "),
    "closed without an answer": b"",
}  # fmt: skip
