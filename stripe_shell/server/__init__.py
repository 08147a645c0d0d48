"""The sandbox over HTTP: `stripe-shell serve`."""
