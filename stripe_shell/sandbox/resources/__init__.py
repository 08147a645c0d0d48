"""One file per Stripe object that has a behaviour of its own."""
