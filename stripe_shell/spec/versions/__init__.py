"""The versions of Stripe's API: which exist, and the table as each of them has it."""
