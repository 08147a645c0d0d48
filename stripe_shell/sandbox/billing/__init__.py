"""Billing: what is billed for which time, what it comes to, and what happens when it is paid or not.

Pure:
    periods.py       when billing periods begin and end
    proration.py     parts of a period
    money.py         amounts of prices, and amounts as text
    totals.py        discounts, taxes and sums of an invoice
    rules.py         what Stripe lets an account choose: retries, days ahead, limits

Invoices:
    prices.py        prices found or made inline
    discounts.py     coupons turned into discounts
    lines.py         lines and invoice items
    drafting.py      drafts: made, filled, added up
    editing.py       made and changed by hand; itemising.py: their items
    settling.py      finalized, paid, void, uncollectible; balance.py: the customer's balance
    consequences.py  what becomes of a subscription when its invoice is paid or not
    crediting.py     credit notes
    preview.py       what is to come: rehearsed and undone

Subscriptions:
    terms.py         what a call asks for, checked
    starting.py      new ones; opening.py: their first invoice
    items.py         their items, and what each was billed
    changing.py      changed ones; work.py: a change under way; replacing.py: its items; prorating.py: its prorations
    parking.py       changes that wait for a payment
    ending.py        canceled ones
    cycling.py       renewals, ends of trials, drafts that come of age, retries; metering.py: what was used
    phases.py        schedules
    quoting.py       quotes
    agenda.py        what is due when, done in order: on test clocks and in real time
"""
