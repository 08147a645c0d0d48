"""The sandbox as an HTTP server: `stripe-shell serve`."""
