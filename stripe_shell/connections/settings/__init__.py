"""The settings file: its schema, how it is read and changed, and the positions of its entries."""
