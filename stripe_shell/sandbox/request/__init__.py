"""Requests before they run: parameters, calls, idempotency keys."""
