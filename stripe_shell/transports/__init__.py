"""Ways out: Stripe itself, a proxy, the embedded sandbox."""
