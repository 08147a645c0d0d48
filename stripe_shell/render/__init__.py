"""Outcomes as text: table, JSON, JSON lines, CSV, YAML."""
