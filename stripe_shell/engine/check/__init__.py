"""The check of a script: finds errors before any request is sent."""
