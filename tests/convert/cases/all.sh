#!/bin/sh
# Converted from all.stripe by stripe-shell. Needs curl, jq and uuidgen, and the key in STRIPE_API_KEY.
# STRIPE_API_BASE leads to another server, e.g. http://127.0.0.1:12111.
set -eu
: "${STRIPE_API_KEY:?is not set}"

# field ANSWER PATH FILTER [DEFAULT]: what stands in an answer at a path; without it and a default, the script stops.
field() {
  printf '%s' "$1" | jq -er --arg path "$2" --arg default "${4-}" --argjson given "$(($# - 3))" \
    "$2 | if . != null then . elif \$given == 1 then \$default else error(\"no value at \" + \$path) end | $3"
}

# written TEXT FILTER: a text as a request needs it.
written() {
  jq -rn --arg text "$1" "\$text | $2"
}

# fails ANSWER TYPE CODE MAY_PASS: stops the script unless the answer is that error; `*` is any.
fails() {
  printf '%s' "$1" | jq -e --arg type "$2" --arg code "$3" --arg may_pass "$4" '
    if .error == null then $may_pass == "yes"
    else ($type == "*" or .error.type == $type)
      and ($code == "*" or .error.code == $code or .error.decline_code == $code) end' >/dev/null || {
    printf 'expected %s/%s, not: %s\n' "$2" "$3" "$1" >&2
    exit 1
  }
}

# The customer.
# create customer (all.stripe:5)
who=$(written "${WHO?is not set}" 'tostring | @uri')
uuid=$(uuidgen)
customer_answer=$(curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw email=a%40b.co \
  --data-raw name=O%27Neil%20%22Q%22%20"$who" \
  --data-raw 'metadata[order.id]='"$uuid") || { printf '%s\n' "$customer_answer" >&2; exit 1; }
printf '%s\n' "$customer_answer"

# create payment_intent (all.stripe:14)
customer_id=$(field "$customer_answer" .id 'tostring | @uri')
payment_intent_answer=$(curl --silent --show-error --globoff -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/payment_intents \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw amount=2000 \
  --data-raw currency=usd \
  --data-raw customer="$customer_id" \
  --data-raw 'allowed_payment_method_types[0]=card' \
  --data-raw 'allowed_payment_method_types[1]=link' \
  --data-raw payment_method=pm_card_chargeDeclined \
  --data-raw confirm=true)
printf '%s\n' "$payment_intent_answer"
fails "$payment_intent_answer" card_error card_declined no

# create subscription (all.stripe:25)
price_id=$(written "${PRICE_ID-price_1}" 'tostring | @uri')
sub_answer=$(curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/subscriptions \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2024-09-30.acacia' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw customer="$customer_id" \
  --data-raw 'items[0][price]='"$price_id" \
  --data-raw trial_end=1771070400) || { printf '%s\n' "$sub_answer" >&2; exit 1; }
printf '%s\n' "$sub_answer"

# update subscription_item (all.stripe:34)
sub_items_data_0_id=$(field "$sub_answer" '.items.data[0].id' 'tostring | @uri')
sub_items_data_0_quantity=$(field "$sub_answer" '.items.data[0].quantity' 'tostring | @uri' 1)
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/subscription_items/"$sub_items_data_0_id" \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw quantity="$sub_items_data_0_quantity"
echo

# get /v1/payment_pages/${customer.id} (all.stripe:40)
curl --silent --show-error --globoff --fail-with-body -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/payment_pages/"$customer_id"'?a[0]=1' \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded'
echo

# list customers (all.stripe:45)
curl --silent --show-error --globoff --fail-with-body -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers'?limit=3&email=a%40b.co' \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Stripe-Account: acct_1' \
  -H 'Content-Type: application/x-www-form-urlencoded'
echo

# create v2.billing.meter_event (all.stripe:48)
customer_id_2=$(field "$customer_answer" .id 'tostring | tojson | .[1:-1]')
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v2/billing/meter_events \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/json' \
  --data-raw '{"event_name": "x", "payload": {"value": "'"$customer_id_2"'", "stripe_customer_id": "'"$customer_id_2"'"}}'
echo
