"""The language: lexer, parser, formatter and completion context. Independent of Stripe's API."""
