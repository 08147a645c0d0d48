"""The prompt's display of responses: an object as a card, a list as numbered rows, and the changes of a call."""
