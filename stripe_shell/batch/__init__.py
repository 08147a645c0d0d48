"""Scripts in batch."""
