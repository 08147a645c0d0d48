"""Transports: Stripe itself, a proxy, and the embedded sandbox."""
