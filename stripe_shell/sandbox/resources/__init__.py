"""One module per Stripe object whose behaviour differs from the generic `Resource`."""
