"""Accounts: finds the account that a request runs on, by secret key and `Stripe-Account`."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.clock import Clock
from stripe_shell.sandbox.ids import RandomIds

from .queues import accounts_with_jobs
from .store import Store


class Accounts:
    """The accounts of a store. `first` is the id of the oldest one, created in an empty store."""

    def __init__(self, store: Store, clock: Clock, ids: RandomIds) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._numbers: dict[str, int] = {}
        self._versions: dict[str, str | None] = {}
        #: The default version of new accounts.
        self._initial: str | None = None
        with store.read() as session:
            found = session.first_account()
        self.first = found or self._add(None)

    def of_key(self, key: str) -> str:
        """Returns the id of the account of a secret key; creates one for a new key. Stores only a hash of the key."""
        digest = _hash(key)
        with self._store.read() as session:
            found = session.account_of_key(digest)
        return found or self._add(digest)

    def set_key(self, account: str, key: str) -> None:
        """Makes `key` the only secret key of an account."""
        with self._store.write() as session:
            session.set_key(account, _hash(key))

    def number(self, account: str) -> int:
        """Returns the store's number of an account; adds the account on first use."""
        number = self._numbers.get(account)
        if number is None:
            with self._store.write() as session:
                number = session.account(account) or session.add_account(account)
            self._numbers[account] = number
        return number

    def default_version(self, account: str) -> str | None:
        """Returns the API version of requests that name none, and of the account's events; None for the newest.

        It is read once: a change by another process is seen when the file is opened again.
        """
        if account not in self._versions:
            number = self.number(account)
            with self._store.read() as session:
                self._versions[account] = session.default_version(number)
        return self._versions[account]

    def set_default_version(self, version: str, account: str | None) -> None:
        """Stores the API version that an account has by default; with None, all accounts, and those that follow."""
        number = None if account is None else self.number(account)
        with self._store.write() as session:
            session.set_default_version(number, version)
        self._versions.clear()
        if account is None:
            self._initial = version

    def load_pending(self) -> None:
        """Marks the accounts with scheduled jobs as used."""
        with self._store.read() as session:
            self._numbers |= accounts_with_jobs(session)

    def used(self) -> list[tuple[str, int]]:
        """Returns the accounts used since the sandbox was opened, with their numbers."""
        return list(self._numbers.items())

    def resolve(self, platform: str, requested: str | None) -> str:
        """Returns the id of the account that a request runs on: that of `Stripe-Account`, or the key's own.

        Raises StripeError (403) when the requested account is not connected to the platform, as that of another key.
        """
        if requested is None or requested == platform:
            return platform
        number = self.number(platform)
        with self._store.read() as session:
            rows = [session.get(number, kind, requested) for kind in ("account", "v2.core.account")]
            owner = session.owner_of(requested)
        is_own = any(row is not None and not row.deleted for row in rows) and owner in (None, number)
        if not is_own or requested == self.first:
            raise errors.no_access(requested)
        if requested not in self._numbers:
            self._connect(requested, number)
        return requested

    def _connect(self, account: str, platform: int) -> None:
        """Stores the account's platform, whose Connect endpoints receive the account's events."""
        number = self.number(account)
        with self._store.write() as session:
            session.connect(number, platform)

    def _add(self, key_hash: str | None) -> str:
        with self._store.write() as session:
            known = session.account_of_key(key_hash) if key_hash else session.first_account()
            if known:
                return known
            account = self._ids.account(self._clock.now())
            number = session.add_account(account, key_hash)
            if self._initial is not None:
                session.set_default_version(number, self._initial)
        return account


def _hash(key: str) -> str:
    from hashlib import sha256

    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
