"""Stripe's API with its state in a SQLite file.

By floor; a file imports only from floors below its own (tests/test_floors.py):

    app.py                       Sandbox.send: request in, response out
    resources/                   one file per Stripe object that has behaviour of its own
    receive.py  coverage.py      parses a request into a call; lists which operations are modelled
    billing/                     invoices, subscriptions, quotes, checkout, and the scheduler of their due dates
    dispatch.py  expand.py       calls the resource's method; replaces ids in a response by objects
    payments/                    payment methods, confirmation, charges, transfers, balance transactions
    objects/                     generic objects: context, resource, events, jobs, lists, search
    request/  webhooks/          parameters, calls, idempotency keys; endpoints and deliveries
    storage/  control/           the SQLite file; the sandbox's own routes and injected faults
    currencies.py                currencies and their minimum charge amounts
    errors.py  clock.py  ids.py  Stripe's errors, clocks, ids
"""
