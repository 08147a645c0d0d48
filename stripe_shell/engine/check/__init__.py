"""The check of a script: what can be known to be wrong before anything is sent."""
