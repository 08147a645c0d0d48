"""Payments: payment methods, confirmation, charges, transfers, and the ledger that records them."""
