// One life with the official npm library of any age: `node sdk_life.js ADDRESS FOLDER`; run by scripts/sdk-ages.
"use strict";

const assert = require("node:assert");
const http = require("node:http");
const path = require("node:path");

const address = new URL(process.argv[2]);
const folder = path.join(process.argv[3], "node_modules", "stripe");
const number = require(path.join(folder, "package.json")).version;
const version = versionOf();
const Stripe = require(folder);

const stripe = new Stripe(`sk_test_npm${number.replaceAll(".", "")}`, {
  apiVersion: version,
  host: address.hostname,
  port: address.port,
  protocol: "http",
  maxNetworkRetries: 0,
});
const old = version < "2025-03-31";
const life = {};
const received = [];

/** Returns the version that the library pins. */
function versionOf() {
  const source = require("node:fs").readdirSync(path.join(folder, "cjs")).find((name) => /^apiVersion\.c?js$/.test(name));
  return require(path.join(folder, "cjs", source)).ApiVersion;
}

const steps = {
  async webhook_endpoint() {
    const server = http.createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        received.push([Buffer.concat(chunks), request.headers["stripe-signature"]]);
        response.end();
      });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.unref();
    life.endpoint = await stripe.webhookEndpoints.create({
      url: `http://127.0.0.1:${server.address().port}/hook`,
      enabled_events: ["customer.subscription.updated", "invoice.paid"],
      api_version: version,
    });
    assert.equal(life.endpoint.api_version, version);
  },
  async customer_and_card() {
    life.customer = await stripe.customers.create({ email: "jenny@example.com" });
    assert.equal(life.customer.lastResponse.apiVersion, version);
    await stripe.paymentMethods.attach("pm_card_visa", { customer: life.customer.id });
  },
  async prices() {
    const product = (await stripe.products.create({ name: "Gold" })).id;
    const common = { product, currency: "usd", recurring: { interval: "month" } };
    life.price = await stripe.prices.create({ ...common, unit_amount: 1000 });
    life.dear = await stripe.prices.create({ ...common, unit_amount: 3000 });
  },
  async subscription_that_needs_confirmation() {
    const made = await stripe.subscriptions.create({
      customer: life.customer.id,
      items: [{ price: life.price.id }],
      payment_behavior: "default_incomplete",
      payment_settings: { save_default_payment_method: "on_subscription" },
      expand: [old ? "latest_invoice.payment_intent" : "latest_invoice.confirmation_secret"],
    });
    const invoice = made.latest_invoice;
    const secret = (old ? invoice.payment_intent : invoice.confirmation_secret).client_secret;
    life.intent = secret.split("_secret_")[0];
    const paid = await stripe.paymentIntents.confirm(life.intent, {
      payment_method: "pm_card_visa",
      return_url: "https://example.com/back",
    });
    assert.equal(paid.status, "succeeded");
    life.subscription = await stripe.subscriptions.retrieve(made.id);
    assert.equal(life.subscription.status, "active");
    assert.equal("current_period_end" in life.subscription, old);
  },
  async invoice_paid() {
    life.invoice = await stripe.invoices.retrieve(life.subscription.latest_invoice, {
      expand: old ? ["charge", "lines.data.price.product"] : ["payments"],
    });
    assert.equal(life.invoice.status, "paid");
    if (old) {
      assert.equal(life.invoice.payment_intent, life.intent);
      assert.equal(life.invoice.lines.data[0].price.product.name, "Gold");
    } else {
      assert.equal(life.invoice.payments.data[0].payment.payment_intent, life.intent);
    }
    if (version < "2022-11-15") {
      const intent = await stripe.paymentIntents.retrieve(life.intent);
      assert.equal(intent.charges.data[0].id, life.invoice.charge.id);
    }
  },
  async upcoming_invoice() {
    const item = { id: life.subscription.items.data[0].id, price: life.dear.id };
    const shown = old
      ? await stripe.invoices.retrieveUpcoming({
          subscription: life.subscription.id,
          subscription_items: [item],
          subscription_proration_behavior: "none",
        })
      : await stripe.invoices.createPreview({
          subscription: life.subscription.id,
          subscription_details: { items: [item], proration_behavior: "none" },
        });
    assert.equal(shown.total, 3000);
  },
  async coupon() {
    const coupon = (await stripe.coupons.create({ percent_off: 25, duration: "once" })).id;
    const given = old ? { coupon } : { discounts: [{ coupon }] };
    const changed = await stripe.subscriptions.update(life.subscription.id, given);
    if (old) assert.equal(changed.discount.coupon.percent_off, 25);
    else assert.equal(changed.discounts.length, 1);
  },
  async proration() {
    const id = life.subscription.items.data[0].id;
    await stripe.subscriptions.update(life.subscription.id, { items: [{ id, price: life.dear.id }] });
    const rows = (await stripe.invoiceItems.list({ customer: life.customer.id })).data;
    assert.equal(rows.length, 2);
    assert(rows.every((row) => row.proration && (old ? row.price.id : row.pricing.price_details.price)));
  },
  async refund_and_credit_note() {
    const refund = await stripe.refunds.create({ payment_intent: life.intent, amount: 300 });
    const named = old ? { refund: refund.id } : { refunds: [{ refund: refund.id, amount_refunded: 300 }] };
    const note = await stripe.creditNotes.create({ invoice: life.invoice.id, amount: 300, ...named });
    assert.equal(old ? note.refund : note.refunds[0].refund, refund.id);
  },
  async checkout() {
    const price_data = { currency: "usd", unit_amount: 500, product_data: { name: "Tea" } };
    const made = await stripe.checkout.sessions.create({
      mode: "payment",
      line_items: [{ price_data, quantity: 2 }],
      success_url: "https://example.com/done",
      cancel_url: "https://example.com/back",
    });
    assert.equal(made.amount_total, 1000);
  },
  async webhook() {
    for (let tries = 0; received.length < 2 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const seen = {};
    for (const [body, signature] of received) {
      const event = stripe.webhooks.constructEvent(body, signature, life.endpoint.secret);
      assert.equal(event.api_version, version);
      seen[event.type] = event.data.object;
    }
    assert.equal(seen["invoice.paid"].paid === true, old);
    assert.equal("current_period_end" in seen["customer.subscription.updated"], old);
  },
};

(async () => {
  console.log(`stripe (npm) ${number}, version ${version}`);
  let wrong = 0;
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step();
      console.log(`ok ${name}`);
    } catch (error) {
      wrong += 1;
      console.log(`failed ${name}: ${error.message}`);
    }
  }
  process.exit(wrong ? 1 : 0);
})();
