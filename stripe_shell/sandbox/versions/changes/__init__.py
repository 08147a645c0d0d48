"""One file for each change that a version made, named by its train and what it changes."""
