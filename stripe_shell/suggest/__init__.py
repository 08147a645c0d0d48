"""Completion: `menu.suggest` for the cursor, `fields.missing` for the block, `known.KnownIds` for ids."""
