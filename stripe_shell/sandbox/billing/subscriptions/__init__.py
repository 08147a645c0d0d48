"""Subscriptions: created, updated, renewed, canceled, and scheduled."""
