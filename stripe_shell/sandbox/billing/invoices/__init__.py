"""Invoices: prices, lines, drafts, payment, credit notes and previews."""
