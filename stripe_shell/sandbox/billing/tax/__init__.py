"""Taxes by location: rates, and where an account is registered to collect them."""
