"""Conversion of scripts: from and to the fixture files of Stripe's command-line tool; to curl and Python."""
