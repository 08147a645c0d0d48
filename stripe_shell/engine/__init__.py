"""A block's life: resolve, validate, encode, send, expect."""
