"""Subscriptions: creation, updates, renewals, cancellation, and schedules."""
