"""stripe-shell: an interactive shell, a script runner and an embedded sandbox for Stripe."""

__version__ = "0.1.0"
