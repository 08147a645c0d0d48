"""A local proxy that answers in place of a Stripe host, for programs whose host cannot be configured.

Set `HTTPS_PROXY` and `SSL_CERT_FILE` of the program to it. Connections to the host get TLS with a certificate made for
this run, and their requests go to another server; connections to any other host are refused.
"""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit


@contextmanager
def stand_in(host: str, address: str, folder: Path) -> Iterator[dict[str, str]]:
    """Yields the environment for programs whose requests to `host` go to the server at `address`.

    The certificate is written to `folder`. Without the `openssl` command every connection is refused.
    """
    certificate = _make_certificate(host, folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arguments = (listener, host, address, certificate)
        threading.Thread(target=_accept, args=arguments, daemon=True).start()
        found = {"HTTPS_PROXY": f"http://127.0.0.1:{port}"}
        yield found | ({"SSL_CERT_FILE": str(certificate)} if certificate else {})


def _make_certificate(host: str, folder: Path) -> Path | None:
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    path = folder / "certificate.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    names = ["-addext", f"subjectAltName=DNS:{host}"]
    command = [openssl, "req", *options, *names, "-keyout", str(path), "-out", str(folder / "public.pem")]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "public.pem").read_text())
    return path


def _accept(listener: socket.socket, host: str, address: str, certificate: Path | None) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, host, address, certificate), daemon=True).start()


def _serve(client: socket.socket, host: str, address: str, certificate: Path | None) -> None:
    with client, suppress(OSError):
        head = _read_head(client)
        if certificate is None or not head.startswith(f"CONNECT {host}:443 ".encode()):
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        parts = urlsplit(address)
        with (
            context.wrap_socket(client, server_side=True) as secure,
            socket.create_connection((str(parts.hostname), parts.port or 80)) as server,
        ):
            back = threading.Thread(target=_pass_on, args=(server, secure), daemon=True)
            back.start()
            _pass_on(secure, server)


def _read_head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 65536:
        part = client.recv(65536)
        if not part:
            break
        head += part
    return head


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
