"""The sandbox's SQLite file: its schema, its rows, and the accounts in it."""
