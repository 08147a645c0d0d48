"""The sandbox: takes a request, runs it in one SQLite transaction and returns Stripe's response."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stripe_shell.records import replace
from stripe_shell.spec.table import Table, load_table
from stripe_shell.spec.versions.known import read_version
from stripe_shell.wire import Request, Response

from . import errors
from .clock import Clock, SystemClock
from .errors import StripeError
from .ids import RandomIds
from .objects import jobs
from .objects.context import Context
from .objects.registry import ResourceRegistry
from .objects.template import iso_time
from .receive import read_call
from .rendering import run_call
from .request.call import SandboxCall, internal_call
from .request.idempotency import Idempotency, check_key
from .request.parameters import header
from .seeding import checked_objects, store_object
from .storage import queues
from .storage.accounts import Accounts
from .storage.rows import StoredRow
from .storage.session import StoreSession
from .storage.store import Store, StoreBusy
from .travel import Travel
from .versions.chain import requested_version
from .versions.events import event_text_in, with_version
from .webhooks.endpoints import EndpointCache

Headers = dict[str, str]

#: Keys that begin so have an account with the traits `legacy`.
LEGACY_KEY = "sk_test_legacy"


class Sandbox:
    """Stripe's API with its state in a file or in memory. Thread-safe.

    `on_events` is called with the stored events of a request after its commit. `on_error` is called with an unexpected
    exception (a bug in the sandbox) before the response with status 500. `clock` and `ids` can be replaced in tests;
    `table` lists the operations. `undo` keeps what taking a write back needs (travel.py), which slows writes down.
    `account` is the id of the file's first account. `traits` are those of every account that a key opens
    (payments/accounts/traits.py).
    """

    def __init__(
        self,
        store: Store | None = None,
        table: Table | None = None,
        clock: Clock | None = None,
        ids: RandomIds | None = None,
        *,
        on_events: Callable[[list[StoredRow]], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        undo: bool = False,
        traits: Mapping[str, Any] | None = None,
    ) -> None:
        self.store = store or Store.open()
        self.table = table or load_table()
        self.clock: Clock = clock or SystemClock()
        self.ids = ids or RandomIds()
        self.registry = ResourceRegistry(self.table)
        self.on_events = on_events
        self.on_error = on_error
        self._idempotency = Idempotency(self.clock)
        self._endpoint_cache = EndpointCache()
        self._job_cache = jobs.JobCache()
        self.accounts = Accounts(self.store, self.clock, self.ids)
        self.account = self.accounts.first
        self._initial_traits = traits or {}
        self._traits: dict[str, Mapping[str, Any]] = {}
        self.travel = Travel(
            self.store,
            self.clock,
            context=lambda account: self.context(account=account),
            forget=self._forget_cached,
            undo=undo,
        )
        self._begin_account(self.account)

    def account_of_key(self, key: str) -> str:
        """Returns the id of the account of a secret key; creates one for a new key. Stores only a hash of the key.

        The account of a key that begins with `sk_test_legacy` has the traits of an older one.
        """
        account = self.accounts.of_key(key)
        self._begin_account(account, legacy=key.startswith(LEGACY_KEY))
        return account

    def account_of_meter_token(self, token: str) -> str | None:
        """Returns the id of the account whose unexpired meter event session has this token, or None."""
        account = f"acct_{token.removeprefix('mes_test_').partition('_')[0]}"
        with self.store.read() as session:
            if session.account(account) is None:
                return None
        with self.context(account=account) as ctx:
            found = next(ctx.iterate("v2.billing.meter_event_session", authentication_token=token), None)
            return account if found is not None and found["expires_at"] > iso_time(ctx.now()) else None

    # --- sending ---------------------------------------------------------------------------------------------

    def send(self, request: Request, *, account: str | None = None) -> Response:
        """Runs a request as `account` (None: the file's first account) and returns Stripe's response.

        Raises nothing but StoreBusy inside `Store.without_waiting`: nothing was carried out then.

        The life of a request:

        1. app.py checks the headers `Stripe-Version` and `Idempotency-Key`.
        2. receive.py finds the operation by method and path, and its route (objects/routing.py), and builds the
           `SandboxCall` (request/call.py).
        3. storage/accounts.py resolves `Stripe-Account` to the account that the call runs on.
        4. request/parameters.py decodes and validates the parameters; expand.py checks the `expand` paths.
        5. request/idempotency.py refuses a key whose first request is still running (409).
        6. objects/jobs.py runs the account's scheduled jobs that are due.
        7. storage/store.py begins the transaction; a saved response to the same key is replayed from it.
        8. rendering.py carries a request in an older version forward (versions/); dispatch.py calls a method in
           resources/ or objects/resource.py, which stores through objects/context.py.
        9. rendering.py expands ids (expand.py) and carries the answer back to the version; app.py saves the response
           for the key, commits and returns it.

        A StripeError raised in any step becomes the response.
        """
        started = time.perf_counter()
        headers: Headers = {"Content-Type": "application/json", "Request-Id": f"req_{self.ids.text(14)}"}
        status, body = self._answer(request, account or self.account, headers)
        return Response(status, headers, body, (time.perf_counter() - started) * 1000)

    def refuse(self, error: StripeError) -> Response:
        """Returns the response for an error found before `send`: a missing key (401), too many requests (429)."""
        headers: Headers = {
            "Content-Type": "application/json",
            "Request-Id": f"req_{self.ids.text(14)}",
            "Stripe-Version": self.table.version,
        }
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
        return Response(error.status, headers, _error_body(error, headers))

    def fail(self, cause: Exception) -> Response:
        """Reports an unexpected exception outside of `send` and returns the response for it (500)."""
        self._report(cause)
        return self.refuse(errors.internal_error(cause))

    def _answer(self, request: Request, platform: str, headers: Headers) -> tuple[int, bytes]:
        call: SandboxCall | None = None
        try:
            call = self._call(request, platform, headers)
            if call.writable:
                self.travel.begin_write(f"{request.method} {request.path}")
            with self._idempotency.lock(call):
                self._catch_up(call.account, call.number)
                return self._run(call, headers)
        except StripeError as error:
            return self._render_error(call, error, headers)
        except StoreBusy:
            raise
        except Exception as error:  # noqa: BLE001 - every exception becomes a response
            self._report(error)
            # Not saved for the key: nothing was carried out, and the same request may succeed when it is sent again.
            return self._render_error(None, errors.internal_error(error), headers)

    def _call(self, request: Request, platform: str, headers: Headers) -> SandboxCall:
        """Checks the headers and parses the request. Sets response headers in `headers`. Raises StripeError."""
        headers["Stripe-Version"] = self.table.version
        asked = header(request, "stripe-version")
        version = self.default_version(platform) if asked is None else requested_version(asked)
        headers["Stripe-Version"] = version
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
            check_key(request.idempotency_key)
        return read_call(
            request,
            headers["Request-Id"],
            platform,
            version,
            named=asked is not None,
            accounts=self.accounts,
            registry=self.registry,
            table=self.table,
        )

    def _run(self, call: SandboxCall, headers: Headers) -> tuple[int, bytes]:
        """Runs a call in one transaction. A StripeError rolls back, unless it `keeps_rows` (a declined payment)."""
        status, refused = 200, None
        kept = None if call.writable or call.version == self.table.version else self.store.kept()
        with self.store.write() if call.writable else self.store.read() as session:
            known = self._idempotency.look_up(session, call)
            if known is not None:
                headers["Idempotent-Replayed"] = "true"
                if known.request:
                    headers["Original-Request"] = known.request
                headers["Stripe-Version"] = known.version or self.table.version
                return known.status, known.body
            ctx = self._context(session, call)
            try:
                body = run_call(ctx, call, self.registry, kept)
            except StripeError as error:
                if not error.keeps_rows:
                    raise
                refused, status, body = error, error.status, _error_body(error, headers)
            self._idempotency.remember(session, call, status, body)
        if ctx.scheduled_jobs:
            self._job_cache.invalidate()
        headers["Stripe-Shell-Modelled"] = "generic" if ctx.generic else "modelled"
        if refused is not None:
            headers["Stripe-Should-Retry"] = "false"
        if ctx.emitted and self.on_events is not None:
            self.on_events(ctx.emitted)
        return status, body

    def _context(self, session: StoreSession, call: SandboxCall) -> Context:
        return Context(
            call,
            session,
            registry=self.registry,
            table=self.table,
            clock=self.clock,
            ids=self.ids,
            endpoint_cache=self._endpoint_cache,
            default_version=self.default_version(call.platform) if call.writable else "",
        )

    # --- versions --------------------------------------------------------------------------------------------

    def default_version(self, account: str | None = None) -> str:
        """Returns the API version of an account's events, and of its requests that name none."""
        return self.accounts.default_version(account or self.account) or self.table.version

    def set_default_version(self, version: str, account: str | None = None) -> None:
        """Stores the default API version of an account, or of all. Raises ValueError for an unknown version."""
        known = read_version(version)
        if known is None:
            raise ValueError(f"{version} is no version of Stripe's API")
        self.accounts.set_default_version(known, account)

    def render_event(self, text: str, account: str, version: str | None) -> str:
        """Returns a stored event of an account in a version; None for the account's default one."""
        wanted = version or self.default_version(account)
        if wanted == self.table.version:
            return with_version(text, wanted)
        with self.store.read() as session:
            call = internal_call(self.table, account, self.accounts.number(account))
            return event_text_in(self._context(session, replace(call, writable=False)), text, wanted)

    # --- what comes by itself --------------------------------------------------------------------------------

    def load_pending_accounts(self) -> None:
        """Makes `catch_up` include the accounts whose jobs were scheduled before the sandbox was opened."""
        self.accounts.load_pending()

    def next_job(self, *, until: int) -> int | None:
        """Returns when the next job of any account is due, in epoch seconds; None if none is by `until`."""
        with self.store.read() as session:
            return queues.next_job(session, until)

    def catch_up(self) -> None:
        """Runs the due jobs (objects/jobs.py) of every account used since the sandbox was opened."""
        for account, number in self.accounts.used():
            self._catch_up(account, number)

    def _catch_up(self, account: str, number: int) -> None:
        now = self.clock.now()
        if self._job_cache.is_idle(number, now):
            return
        begun = self._job_cache.version()
        with self.store.read() as session:
            found = queues.has_due_job(session, number, now)
        try:
            while found:
                found = self._run_next_job(account, number, now)
        except sqlite3.Error as error:
            self._report(error)  # such as a full disk: the jobs are kept, and the request continues
        self._job_cache.mark_idle(number, now, begun)

    def _run_next_job(self, account: str, number: int, now: int) -> bool:
        """Runs the account's oldest due job; False when there is none.

        The job is claimed in the transaction that runs it, so that no other worker runs it too. A job that raises is
        rolled back, removed and reported to `on_error`.
        """
        failure: Exception | None = None
        with self.context(account=account) as ctx:
            job = queues.claim_job(ctx.session, number, now)
            if job is None:
                return False
            try:
                with ctx.session.savepoint():
                    jobs.run_job(ctx, job)
            except sqlite3.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - a failing job must not fail the request that ran it
                failure, ctx.emitted = error, []
        if failure is not None:
            self._report(failure)
        return True

    def _report(self, error: Exception) -> None:
        if self.on_error is not None:
            self.on_error(error)

    # --- errors ------------------------------------------------------------------------------------------------

    def _render_error(self, call: SandboxCall | None, error: StripeError, headers: Headers) -> tuple[int, bytes]:
        """Returns the status code and body for an error; saves both for the idempotency key if execution had begun."""
        headers["Stripe-Should-Retry"] = "true" if error.status == 409 else "false"
        body = _error_body(error, headers)
        if call is not None and call.key is not None and not error.validation:
            try:
                with self.store.write() as session:
                    self._idempotency.remember(session, call, error.status, body)
            except StoreBusy:
                raise
            except Exception as failure:  # noqa: BLE001
                self._report(failure)  # such as a full disk: the error is answered, and its key stays free
        return error.status, body

    # --- seeding ---------------------------------------------------------------------------------------------

    def seed(self, objects: Iterable[Mapping[str, Any]], *, account: str | None = None) -> None:
        """Stores complete objects as given, without events; missing members are filled in from the schema.

        An object with the same id is replaced. Raises ValueError for one that its schema does not allow, or whose id
        was deleted.
        """
        seeds = checked_objects(self.table, objects)
        platform = account or self.account
        number = self.accounts.number(platform)
        with self.store.write() as session:
            ctx = self._context(session, internal_call(self.table, platform, number))
            for obj in seeds:
                store_object(ctx, obj)
        self._endpoint_cache.forget()
        self._job_cache.invalidate()

    def load(self, other: Sandbox) -> None:
        """Replaces everything in this sandbox, which is in memory, by a copy of another one's accounts and objects."""
        self.store.load(other.store)
        self.accounts = Accounts(self.store, self.clock, self.ids)
        self.account = self.accounts.first
        self._forget_cached()
        self.accounts.load_pending()

    def reset(self, account: str | None = None) -> None:
        """Deletes the objects, events and saved responses of one account, or of all; keeps accounts and their keys."""
        number = None if account is None else self.accounts.number(account)
        with self.store.write() as session:
            session.clear(number)
        self._forget_cached()
        for each, traits in self._traits.items():
            if account in (None, each):
                self.set_traits(traits, account=each)
        self.travel.forget_writes()

    def set_traits(self, traits: Mapping[str, Any], *, account: str | None = None) -> dict[str, Any]:
        """Stores traits of a key's own account and returns the account. Raises ValueError for invalid ones."""
        from .payments.accounts import traits as account_traits

        with self.context(account=account) as ctx:
            return account_traits.set_traits(ctx, account_traits.checked_traits(traits))

    def _begin_account(self, account: str, *, legacy: bool = False) -> None:
        """Gives an account its first traits, unless it has some in the file."""
        traits = {**({"kind": "legacy"} if legacy else {}), **self._initial_traits}
        if not traits or account in self._traits:
            return
        self._traits[account] = traits
        number = self.accounts.number(account)
        with self.store.read() as session:
            known = session.get(number, "account", account)
        if known is None:
            self.set_traits(traits, account=account)

    def _forget_cached(self) -> None:
        self._endpoint_cache.forget()
        self._job_cache.invalidate()

    def connected_account(self, requested: str | None, account: str | None = None) -> str | None:
        """Returns the connected account that `Stripe-Account` names; None without one. Raises StripeError (403)."""
        platform = account or self.account
        found = self.accounts.resolve(platform, requested)
        return None if found == platform else found

    def authenticate(self, intent: str, *, passed: bool = True, account: str | None = None) -> None:
        """Completes the `next_action` of a payment or setup intent as the customer would, in 3D Secure for example.

        Raises ValueError for an unknown intent or one in another status.
        """
        from .payments.intent_rules import Intent

        with self.context(account=account) as ctx:
            kind = "setup_intent" if intent.startswith("seti_") else "payment_intent"
            found = ctx.find(kind, intent)
            if found is None or found["status"] != "requires_action":
                raise ValueError(f"{intent} does not wait for the customer")
            ctx.handler(Intent, kind).authenticate(ctx, found, passed=passed)

    @contextmanager
    def context(self, *, account: str | None = None) -> Iterator[Context]:
        """Opens a context in a transaction of its own, for work that no request triggers: jobs, deliveries, tests."""
        platform = account or self.account
        number = self.accounts.number(platform)
        with self.store.write() as session:
            ctx = self._context(session, internal_call(self.table, platform, number))
            yield ctx
        if ctx.scheduled_jobs:
            self._job_cache.invalidate()
        if ctx.emitted and self.on_events is not None:
            self.on_events(ctx.emitted)


def _error_body(error: StripeError, headers: Headers) -> bytes:
    log = f"https://dashboard.stripe.com/test/workbench/logs?object={headers['Request-Id']}"
    bare = error.message.startswith("Invalid Stripe API version")
    return json.dumps(error.body(None if bare else log), indent=2).encode()
