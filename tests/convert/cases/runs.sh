#!/bin/sh
# Converted from runs.stripe by stripe-shell. Needs curl, jq and uuidgen, and the key in STRIPE_API_KEY.
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

# A name that is hard to quote.
# create customer (runs.stripe:5)
who=$(written "${WHO?is not set}" 'tostring | @uri')
not_set=$(written "${NOT_SET-it's \"so\" \$5 {a\\b}" 'tostring | @uri')
uuid=$(uuidgen)
default_is_not_used=$(written "${DEFAULT_IS_NOT_USED-unset}" 'tostring | @uri')
customer_answer=$(curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw email=a%40b.co \
  --data-raw name=O%27Neil%20%22"$who"%22%20%7Bx%7D%20%24y%20%5C%20%60z%60 \
  --data-raw description="$not_set"%7D \
  --data-raw 'metadata[order.id]='"$uuid" \
  --data-raw 'metadata[default]='"$default_is_not_used") || { printf '%s\n' "$customer_answer" >&2; exit 1; }
printf '%s\n' "$customer_answer"

# create payment_intent (runs.stripe:15)
customer_id=$(field "$customer_answer" .id 'tostring | @uri')
customer_name=$(field "$customer_answer" .name 'tostring | @uri')
customer_balance=$(field "$customer_answer" .balance 'tostring | @uri')
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
  --data-raw confirm=true \
  --data-raw 'metadata[text]=%3C'"$customer_name"%3E%20has%20"$customer_balance")
printf '%s\n' "$payment_intent_answer"
fails "$payment_intent_answer" card_error card_declined no

# update customer (runs.stripe:27)
customer_sources_data_0_exp_month=$(field "$customer_answer" '.sources.data[0].exp_month' 'tostring | @uri' 1)
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers/"$customer_id" \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2024-09-30.acacia' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw balance="$customer_balance" \
  --data-raw description= \
  --data-raw coupon_2="$customer_sources_data_0_exp_month" \
  --data-raw 'list[0]=true'
echo

# list customers (runs.stripe:37)
customers_answer=$(curl --silent --show-error --globoff -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers'?limit=3&email=a%40b.co' \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Stripe-Account: acct_1' \
  -H 'Content-Type: application/x-www-form-urlencoded')
printf '%s\n' "$customers_answer"
fails "$customers_answer" api_error '*' yes

# get /v1/payment_pages/${customer.id}/x-${customer.sources.data[0].id} (runs.stripe:41)
customer_sources_data_0_id=$(field "$customer_answer" '.sources.data[0].id' 'tostring | @uri')
get_answer_answer=$(curl --silent --show-error --globoff --fail-with-body -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/payment_pages/"$customer_id"/x-"$customer_sources_data_0_id"'?a[0]=1&b[c]=%C3%BC%26%3D' \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded') || { printf '%s\n' "$get_answer_answer" >&2; exit 1; }
printf '%s\n' "$get_answer_answer"

# create invoice_item (runs.stripe:47)
get_answer_id=$(field "$get_answer_answer" .id 'tostring | @uri')
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/invoiceitems \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw customer="$get_answer_id" \
  --data-raw amount=5 \
  --data-raw currency=usd \
  --data-raw discountable=false
echo

# refund charge (runs.stripe:55)
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/charges/ch_1/refund \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw amount=5
echo

# delete customer (runs.stripe:61)
curl --silent --show-error --globoff --fail-with-body -X DELETE "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers/cus_1 \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded'
echo

# create v2.billing.meter_event (runs.stripe:66)
customer_name_2=$(field "$customer_answer" .name 'tostring | tojson | .[1:-1]')
customer_balance_2=$(field "$customer_answer" .balance 'tostring | tojson | .[1:-1]')
customer_id_2=$(field "$customer_answer" .id 'tostring | tojson | .[1:-1]')
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v2/billing/meter_events \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/json' \
  --data-raw '{"event_name": "x \"y\" '"$customer_name_2"'", "payload": {"value": "'"$customer_balance_2"'", "stripe_customer_id": "'"$customer_id_2"'"}}'
echo

# post /v2/things (runs.stripe:73)
customer_balance_3=$(field "$customer_answer" .balance tojson)
customer_id_3=$(field "$customer_answer" .id tojson)
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v2/things \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/json' \
  --data-raw '{"number": '"$customer_balance_3"', "text": "it is '"$customer_name_2"'", "deep": {"list": [1, null, true, '"$customer_id_3"']}}'
echo
