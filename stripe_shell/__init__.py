"""stripe-shell: the shell for people who work with Stripe."""

__version__ = "0.1.0"
