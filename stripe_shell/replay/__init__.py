"""Replays documentation pages as tests: finds examples, creates the objects they need, compares the responses."""
