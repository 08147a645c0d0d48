"""`python -m stripe_shell` is the command `stripe-shell`."""

from stripe_shell.cli import main

raise SystemExit(main())
