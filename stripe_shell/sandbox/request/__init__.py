"""A request before it runs: its parameters, the call that it makes, its idempotency key."""
