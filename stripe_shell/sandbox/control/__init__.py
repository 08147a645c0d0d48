"""The sandbox's own routes, which Stripe does not have: reset, seed, faults, traits, hosted flows."""
