"""Tools for the tests of programs that use Stripe: a sandbox for each test, on a server in the test's own process.

    router.py      the ASGI application that passes each request to the sandbox of its key
    server.py      the HTTP server of this process, shared by all tests
    isolated.py    IsolatedSandbox: one test's sandbox with its key, clock, events and webhooks
    clock.py       a clock that is moved by `"1 month"`, and what falls due meanwhile
    events.py      the events of a test, and waiting for one
    webhooks.py    endpoints of a test: a URL, or a function that is called
    seeds.py       scripts that fill a sandbox; a snapshot of the result is copied for each test

The pytest plugin makes fixtures of these (docs/testing.md); `stripe-shell exec` uses the seeds.
"""
