"""Runs the command `stripe-shell` as `python -m stripe_shell`."""

from stripe_shell.cli import main

raise SystemExit(main())
