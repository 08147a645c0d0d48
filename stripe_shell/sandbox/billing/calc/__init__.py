"""Arithmetic of billing: periods, proration, amounts, totals. Pure functions without a context."""
