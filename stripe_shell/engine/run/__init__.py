"""The run of a script: block after block is resolved, sent, and compared with what it expects."""
