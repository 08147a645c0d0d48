"""The sandbox: a request in, Stripe's answer out, one SQLite transaction between them."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stripe_shell.records import replace
from stripe_shell.spec.table import Table, load_table
from stripe_shell.wire import Request, Response

from . import dispatch, errors
from .clock import Clock, SystemClock
from .errors import StripeError
from .expand import Tree, expand, tree_of
from .ids import RandomIds
from .objects import jobs
from .objects.context import Context, Json
from .objects.listing import Page
from .objects.registry import Catalogue
from .objects.template import iso_time
from .receive import read_call
from .request.call import Call, own_call
from .request.idempotency import Idempotency, check_key
from .request.parameters import header
from .storage import queues
from .storage.accounts import Accounts
from .storage.store import Row, Session, Store
from .webhooks.endpoints import Hearing

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")

Headers = dict[str, str]


class Sandbox:
    """A whole Stripe in a file, or in memory. Several threads may send at once.

    `on_events` is called with the stored events of a request after it was committed. `on_error` is called with an
    exception that is a mistake of the sandbox itself, before 500 is answered. `clock` and `ids` may be replaced for
    tests; the table says which calls there are. `account` is the id of the file's first account.
    """

    def __init__(
        self,
        store: Store | None = None,
        table: Table | None = None,
        clock: Clock | None = None,
        ids: RandomIds | None = None,
        *,
        on_events: Callable[[list[Row]], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.store = store or Store.open()
        self.table = table or load_table()
        self.clock: Clock = clock or SystemClock()
        self.ids = ids or RandomIds()
        self.catalogue = Catalogue(self.table)
        self.on_events = on_events
        self.on_error = on_error
        self._idempotency = Idempotency(self.clock)
        self._hearing = Hearing()
        self._quiet = jobs.Quiet()
        self.accounts = Accounts(self.store, self.clock, self.ids)
        self.account = self.accounts.first

    def account_of_key(self, key: str) -> str:
        """The id of the account that a secret key belongs to; a new key gets a new account. The key is not kept."""
        return self.accounts.of_key(key)

    def account_of_meter_token(self, token: str) -> str | None:
        """The account in which a meter event session with this token was opened and is not over; None for none."""
        account = f"acct_{token.removeprefix('mes_test_').partition('_')[0]}"
        with self.store.read() as session:
            if session.account(account) is None:
                return None
        with self.context(account=account) as ctx:
            found = next(ctx.each("v2.billing.meter_event_session", authentication_token=token), None)
            return account if found is not None and found["expires_at"] > iso_time(ctx.now()) else None

    # --- sending ---------------------------------------------------------------------------------------------

    def send(self, request: Request, *, account: str | None = None) -> Response:
        """Carry out a request as the account (None: the file's first) and answer as Stripe does. Never raises."""
        started = time.perf_counter()
        headers: Headers = {"Content-Type": "application/json", "Request-Id": f"req_{self.ids.text(14)}"}
        status, body = self._answer(request, account or self.account, headers)
        return Response(status, headers, body, (time.perf_counter() - started) * 1000)

    def refuse(self, error: StripeError) -> Response:
        """The answer to a request that is refused before it gets here: no key, too many requests."""
        headers: Headers = {
            "Content-Type": "application/json",
            "Request-Id": f"req_{self.ids.text(14)}",
            "Stripe-Version": self.table.version,
        }
        if error.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
        return Response(error.status, headers, _error_body(error, headers))

    def _answer(self, request: Request, platform: str, headers: Headers) -> tuple[int, bytes]:
        call: Call | None = None
        try:
            call = self._call(request, platform, headers)
            with self._idempotency.alone(call):
                self._catch_up(call.account, call.number)
                return self._run(call, headers)
        except StripeError as error:
            return self._refused(call, error, headers)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong inside, the caller gets an answer
            self._report(error)
            return self._refused(call, errors.internal_error(), headers)

    def _call(self, request: Request, platform: str, headers: Headers) -> Call:
        """Everything that can be said about a request before it runs."""
        headers["Stripe-Version"] = self.table.version
        _check_version(header(request, "stripe-version"))
        if request.idempotency_key:
            headers["Idempotency-Key"] = request.idempotency_key
            check_key(request.idempotency_key)
        return read_call(
            request,
            headers["Request-Id"],
            platform,
            accounts=self.accounts,
            catalogue=self.catalogue,
            table=self.table,
        )

    def _run(self, call: Call, headers: Headers) -> tuple[int, bytes]:
        """Carry out a call in one transaction; a declined payment keeps what it wrote, any other refusal nothing."""
        status, refused = 200, None
        with self.store.write() if call.writable else self.store.read() as session:
            known = self._idempotency.known(session, call)
            if known is not None:
                headers["Idempotent-Replayed"] = "true"
                return known.status, known.body
            ctx = self._context(session, call)
            try:
                body = self._shown(ctx, call)
            except StripeError as error:
                if not error.keeps_rows:
                    raise
                refused, status, body = error, error.status, _error_body(error, headers)
            self._idempotency.remember(session, call, status, body)
        if ctx.noted:
            self._quiet.end()
        headers["Stripe-Shell-Modelled"] = "generic" if ctx.generic else "modelled"
        if refused is not None:
            headers["Stripe-Should-Retry"] = "false"
        if ctx.emitted and self.on_events is not None:
            self.on_events(ctx.emitted)
        return status, body

    def _context(self, session: Session, call: Call) -> Context:
        return Context(
            call,
            session,
            catalogue=self.catalogue,
            table=self.table,
            clock=self.clock,
            ids=self.ids,
            hearing=self._hearing,
        )

    # --- what comes by itself --------------------------------------------------------------------------------

    def recall(self) -> None:
        """Let `catch_up` see to the accounts, too, for which something was noted before the sandbox was opened."""
        self.accounts.recall()

    def catch_up(self) -> None:
        """Do what Stripe would have done by itself by now in every account that was used: see objects/jobs.py."""
        for account, number in self.accounts.used():
            self._catch_up(account, number)

    def _catch_up(self, account: str, number: int) -> None:
        now = self.clock.now()
        if self._quiet.holds(number, now):
            return
        begun = self._quiet.begin()
        with self.store.read() as session:
            found = queues.has_due_job(session, number, now)
        try:
            while found:
                found = self._run_next_job(account, number, now)
        except sqlite3.Error as error:
            self._report(error)  # a full disk, say: the jobs stay, and the request that came by goes on
        self._quiet.settle(number, now, begun)

    def _run_next_job(self, account: str, number: int, now: int) -> bool:
        """Carry out the account's oldest due job; False when there is none.

        It is claimed in the transaction that carries it out, so that nobody else does it too. A job that fails is told
        of and forgotten, and so is all that it wrote.
        """
        failure: Exception | None = None
        with self.context(account=account) as ctx:
            job = queues.claim_job(ctx.session, number, now)
            if job is None:
                return False
            try:
                with ctx.session.savepoint():
                    jobs.carry_out(ctx, job)
            except sqlite3.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001 - the request that came by must not suffer
                failure, ctx.emitted = error, []
        if failure is not None:
            self._report(failure)
        return True

    def _report(self, error: Exception) -> None:
        if self.on_error is not None:
            self.on_error(error)

    # --- answers ---------------------------------------------------------------------------------------------

    def _shown(self, ctx: Context, call: Call) -> bytes:
        """The body of an answer: stored text as it is where nothing is expanded."""
        found = dispatch.answer(ctx, self.catalogue)
        if isinstance(found, bytes):
            return found
        paths = tree_of(call.expand)
        if isinstance(found, Page):
            return self._shown_page(ctx, found, paths).body().encode()
        return self._shown_object(ctx, found, paths).encode()

    def _shown_page(self, ctx: Context, page: Page, paths: Tree) -> Page:
        if "total_count" not in paths:
            page = replace(page, total=page.total if page.form == "list" else None)
        inner = paths.get("data")
        if not inner:
            return page
        shape = ctx.operation.response.row or ctx.operation.response
        texts = []
        for text in page.texts:
            obj = json.loads(text)
            expand(ctx, obj, inner, shape)
            texts.append(json.dumps(obj, separators=(",", ":")))
        return replace(page, texts=texts)

    def _shown_object(self, ctx: Context, obj: Json, paths: Tree) -> str:
        kind = obj.get("object")
        resource = self.catalogue.resource(kind) if isinstance(kind, str) and "deleted" not in obj else None
        if not paths and (resource is None or not resource.presents):
            return ctx.text(obj)
        shown: Json = json.loads(ctx.text(obj))
        if resource is not None:
            shown = resource.present(ctx, shown)
        expand(ctx, shown, paths, ctx.operation.response)
        return json.dumps(shown, separators=(",", ":"))

    def _refused(self, call: Call | None, error: StripeError, headers: Headers) -> tuple[int, bytes]:
        """The answer to a refusal; one that came after the call began to run is remembered."""
        headers["Stripe-Should-Retry"] = "true" if error.status == 409 else "false"
        body = _error_body(error, headers)
        if call is not None and call.key is not None and not error.validation:
            with self.store.write() as session:
                self._idempotency.remember(session, call, error.status, body)
        return error.status, body

    # --- seeding ---------------------------------------------------------------------------------------------

    def seed(self, objects: Iterable[Mapping[str, Any]], *, account: str | None = None) -> None:
        """Put whole objects in as they are; members that they lack come from the schema. No events.

        An object that is there already is replaced. Raises ValueError for one without `object`.
        """
        platform = account or self.account
        number = self.accounts.number(platform)
        with self.store.write() as session:
            ctx = self._context(session, own_call(self.table, platform, number))
            for given in objects:
                if not isinstance(given.get("object"), str):
                    raise ValueError("an object to seed needs its `object`")
                _seed(ctx, dict(given))
        self._hearing.forget()
        self._quiet.end()

    def reset(self, account: str | None = None) -> None:
        """Forget every object, event and remembered answer, of one account or of all; accounts and their keys stay."""
        with self.store.write() as session:
            session.clear(None if account is None else self.accounts.number(account))
        self._hearing.forget()

    def authenticate(self, intent: str, *, passed: bool = True, account: str | None = None) -> None:
        """End what a payment or setup intent in `requires_action` waits for, as the customer does on a bank's page.

        Raises ValueError for an intent that is not there or waits for nothing.
        """
        with self.context(account=account) as ctx:
            kind = "setup_intent" if intent.startswith("seti_") else "payment_intent"
            found = ctx.find(kind, intent)
            if found is None or found["status"] != "requires_action":
                raise ValueError(f"{intent} does not wait for the customer")
            ctx.behaviour(kind).authenticate(ctx, found, passed=passed)

    @contextmanager
    def context(self, *, account: str | None = None) -> Iterator[Context]:
        """A context of its own, in one transaction, for what no request causes: clocks, deliveries, tests."""
        platform = account or self.account
        number = self.accounts.number(platform)
        with self.store.write() as session:
            ctx = self._context(session, own_call(self.table, platform, number))
            yield ctx
        if ctx.noted:
            self._quiet.end()
        if ctx.emitted and self.on_events is not None:
            self.on_events(ctx.emitted)


def _seed(ctx: Context, given: Json) -> None:
    resource = ctx.resource(given["object"])
    obj = resource.fresh(ctx, given)
    row = ctx.row(resource.kind, resource.key(obj))
    if row is None:
        ctx.insert(obj)
    elif row.deleted:
        raise ValueError(f"{row.id} was deleted; reset before you seed it again")
    else:
        ctx.save(obj)


def _error_body(error: StripeError, headers: Headers) -> bytes:
    log = f"https://dashboard.stripe.com/test/workbench/logs?object={headers['Request-Id']}"
    bare = error.message.startswith("Invalid Stripe API version")
    return json.dumps(error.body(None if bare else log), indent=2).encode()


def _check_version(asked: str | None) -> None:
    """Every version that could be one is taken, and answered in the table's."""
    if asked is not None and not _VERSION.fullmatch(asked):
        raise errors.bad_version(asked)
