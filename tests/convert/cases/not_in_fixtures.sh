#!/bin/sh
# Converted from not_in_fixtures.stripe by stripe-shell. Needs curl and jq, and the key in STRIPE_API_KEY.
# STRIPE_API_BASE leads to another server, e.g. http://127.0.0.1:12111.
set -eu
: "${STRIPE_API_KEY:?is not set}"
now=$(date +%s)

# field ANSWER PATH FILTER [DEFAULT]: what stands in an answer at a path; without it and a default, the script stops.
field() {
  printf '%s' "$1" | jq -er --arg path "$2" --arg default "${4-}" --argjson given "$(($# - 3))" \
    "$2 | if . != null then . elif \$given == 1 then \$default else error(\"no value at \" + \$path) end | $3"
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

# create customer (not_in_fixtures.stripe:1)
customer_answer=$(curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw email=a%40b.co \
  --data-raw name=A) || { printf '%s\n' "$customer_answer" >&2; exit 1; }
printf '%s\n' "$customer_answer"

# list customers (not_in_fixtures.stripe:4)
curl --silent --show-error --globoff --fail-with-body -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers'?limit=100' \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --max-time 5
echo

# update customer (not_in_fixtures.stripe:10)
customer_id=$(field "$customer_answer" .id 'tostring | @uri')
customer_email=$(field "$customer_answer" .email 'tostring | @uri')
customer_name=$(field "$customer_answer" .name 'tostring | @uri')
curl --silent --show-error --globoff --fail-with-body -X POST "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers/"$customer_id" \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded' \
  --data-raw description="$customer_id"%20and%20"$customer_email" \
  --data-raw 'metadata[when]='"$now" \
  --data-raw 'metadata[text]=It%20is%20'"$customer_name"
echo

# get customer (not_in_fixtures.stripe:18)
customer_3_answer=$(curl --silent --show-error --globoff -X GET "${STRIPE_API_BASE:-https://api.stripe.com}"/v1/customers/cus_1 \
  -H "Authorization: Bearer $STRIPE_API_KEY" \
  -H 'Stripe-Version: 2026-10-28.endive' \
  -H 'Content-Type: application/x-www-form-urlencoded')
printf '%s\n' "$customer_3_answer"
fails "$customer_3_answer" '*' '*' no
