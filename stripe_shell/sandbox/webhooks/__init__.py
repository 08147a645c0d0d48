"""Webhooks: the endpoints that receive an event, and its deliveries."""
