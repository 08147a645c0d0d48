"""Arithmetic of billing: periods, proration, amounts, totals. Pure functions, no context."""
