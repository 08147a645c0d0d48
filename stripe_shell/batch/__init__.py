"""Runs of scripts without a prompt, and their reports."""
