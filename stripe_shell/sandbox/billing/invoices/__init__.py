"""Invoices: prices, discounts, lines, drafts, payment, credit notes and previews."""
