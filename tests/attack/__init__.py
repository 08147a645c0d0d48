"""Attacks on the shell and its sandbox in short forms; scripts/attack runs them and prints a table."""
