"""What the tests of connections share: a backend, a signing key, and connections from the text of a settings file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.connections import NOBODY, ConnectionObserver, Connections, load_connections
from tests.fakes.web import Backend

Load = Callable[..., Connections]


@pytest.fixture
def backend() -> Backend:
    """A sandbox of its own."""
    return Backend()


@pytest.fixture(scope="session")
def keys() -> tuple[str, Any]:
    """A private RSA key as PEM, and the public one."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    pytest.importorskip("jwt")
    from cryptography.hazmat.primitives import serialization

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), private.public_key()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Connections from the text of a settings file and an environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def load_text(
        config: str, witness: ConnectionObserver = NOBODY, default: str | None = None, **environ: str
    ) -> Connections:
        path = tmp_path / "connections.toml"
        path.write_text(config)
        path.chmod(0o600)
        return load_connections({"HOME": str(tmp_path), **environ}, path, observer=witness, default=default)

    return load_text
