"""Assertions about a response: `@expect`, `@match`, `@fails`, and the conditions of `@when` and `@retry`."""
