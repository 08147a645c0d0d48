"""How the prompt shows answers: an object as a card, a list as numbered rows, and what a call has changed."""
