"""Storage: the SQLite file, its schema and rows, and the accounts in it."""
