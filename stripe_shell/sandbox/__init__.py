"""Stripe in a SQLite file."""
