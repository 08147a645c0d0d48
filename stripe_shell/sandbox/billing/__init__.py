"""Billing: periods, prorations and totals; invoices and their payment; subscriptions, schedules and quotes over time.

calc/: pure functions, no context
    periods.py           billing periods
    proration.py         fractions of a period, and amounts for them
    money.py             amounts of prices, and amounts as text
    totals.py            discounts, taxes and totals of an invoice
    rules.py             constants: retries, notices, limits

invoices/
    prices.py            prices, looked up or created inline
    discounts.py         discounts from coupons and promotion codes
    lines.py             lines and invoice items
    draft.py             drafts: created, filled, totaled
    edit.py              invoices created and changed by requests; invoice_items.py: their items
    finalize_and_pay.py  finalized, paid, void, uncollectible; customer_balance.py: the customer's balance
    credit_notes.py      credit notes
    preview.py           previews: the change is applied, shown and rolled back

subscriptions/
    validate.py          validation of a subscription's parameters
    create.py            creation; first_invoice.py: the first invoice
    items.py             items, and what each was last billed
    update.py            updates; update_state.py: an update in progress; update_items.py: its items;
                         proration.py: its prorations; pending_update.py: updates that wait for a payment
    cancel.py            cancellation
    renew.py             renewals, ends of trials, finalization of drafts, retries; usage.py: metered usage
    after_payment.py     the subscription after its invoice is paid, fails or is voided
    schedules.py         schedules

quotes.py                quotes
checkout.py              Checkout Sessions
test_clocks.py           test clocks: customers attached, clocks moved
scheduler.py             tasks that are due, run in order: on test clocks and in real time
"""
