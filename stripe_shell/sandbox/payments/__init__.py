"""Payments: payment methods, confirmation, charges, transfers, balance transactions."""
