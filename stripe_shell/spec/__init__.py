"""The table: what Stripe knows. Facts only, no behaviour."""
