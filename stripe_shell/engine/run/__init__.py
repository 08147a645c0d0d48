"""The run of a script: resolves and sends block after block, and evaluates the responses."""
