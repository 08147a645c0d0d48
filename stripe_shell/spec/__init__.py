"""The table: entities, operations, parameters and response fields of Stripe's API, and validation against them."""
