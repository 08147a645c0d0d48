"""Stripe's objects in general: created, read, listed, searched and stored, from the table alone."""
