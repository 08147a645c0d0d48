"""Billing: what is billed for which time, what it comes to, and what happens when it is paid or not.

calc/: pure functions, no context
    periods.py           when billing periods begin and end
    proration.py         parts of a period
    money.py             amounts of prices, and amounts as text
    totals.py            discounts, taxes and sums of an invoice
    rules.py             what Stripe lets an account choose: retries, days ahead, limits

invoices/
    prices.py            prices found or made inline
    discounts.py         coupons turned into discounts
    lines.py             lines and invoice items
    draft.py             drafts: created, filled, added up
    edit.py              created and changed by hand; invoice_items.py: their items
    finalize_and_pay.py  finalized, paid, void, uncollectible; customer_balance.py: the customer's balance
    credit_notes.py      credit notes
    preview.py           previews: the change is made, shown and rolled back

subscriptions/
    validate.py          the parameters of a subscription, checked
    create.py            new ones; first_invoice.py: their first invoice
    items.py             their items, and what each was billed
    update.py            changed ones; update_state.py: an update in progress; update_items.py: its items;
                         proration.py: its prorations; pending_update.py: updates that wait for a payment
    cancel.py            canceled ones
    renew.py             renewals, ends of trials, drafts that are finalized, retries; usage.py: what was used
    after_payment.py     what becomes of a subscription when its invoice is paid or not
    schedules.py         schedules

quotes.py                quotes
checkout.py              checkout sessions
scheduler.py             what is due when, done in order: on test clocks and in real time
"""
