"""Webhooks: the endpoints that an event goes to, and its deliveries."""
