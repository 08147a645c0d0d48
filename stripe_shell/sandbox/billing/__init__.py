"""Billing: what is billed for which time, what it comes to, and what happens when it is paid or not.

periods.py     when billing periods begin and end            pure
proration.py   parts of a period                             pure
money.py       amounts of prices, and amounts as text        pure
totals.py      discounts, taxes and sums of an invoice       pure
rules.py       what Stripe lets an account choose: retries, days ahead

lines.py       the lines of an invoice and invoice items
discounts.py   coupons turned into discounts
drafting.py    invoices from their making to their last draft
settling.py    invoices from finalizing to paid, void or uncollectible
starting.py    new subscriptions
changing.py    changed subscriptions
cycling.py     subscriptions as time goes by
ending.py      cancelled and paused subscriptions
phases.py      subscription schedules
agenda.py      what is due when, and doing it in order
"""
