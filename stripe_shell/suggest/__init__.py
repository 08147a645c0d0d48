"""What could be written next: `menu.suggest` for the cursor, `fields.missing` for the block, `known.KnownIds` for
ids."""
