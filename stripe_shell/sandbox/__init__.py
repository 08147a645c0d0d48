"""Stripe in a SQLite file.

By floor; a file imports only from floors below its own (tests/test_floors.py):

    app.py                       Sandbox.send: a request in, a response out
    resources/                   one file per Stripe object that has behaviour of its own
    receive.py  coverage.py      reads a request into a call; lists which operations are modelled
    billing/                     invoices, subscriptions, quotes, checkout, and what is due when
    dispatch.py  expand.py       carries out a call; replaces ids in an answer by objects
    payments/                    payment methods, confirmation, charges, transfers, the ledger
    objects/                     objects in general: the context, the generic resource, events, jobs, lists, search
    request/  webhooks/          parameters, the call, idempotency keys; endpoints and deliveries
    storage/  control/           the SQLite file; the sandbox's own routes and faults
    currencies.py                currencies and their smallest amounts
    errors.py  clock.py  ids.py  Stripe's errors, the time, ids
"""
