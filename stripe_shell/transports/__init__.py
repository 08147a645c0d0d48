"""Ways to Stripe: over HTTP, through a proxy, and to the sandbox in this process; one interface, `wire.Transport`."""

from __future__ import annotations

import sys
from contextlib import suppress

from stripe_shell.late_modules import LateModule, defer


def _defer_character_detection() -> None:
    """Has requests load its guess of character sets, a tenth of a run's memory, when a text without one is decoded."""
    defer(["charset_normalizer", "zipfile"])
    library = sys.modules.get("charset_normalizer")
    if isinstance(library, LateModule):
        with suppress(ImportError):
            from charset_normalizer.version import __version__

            vars(library)["__version__"] = __version__  # requests checks it when it is imported


_defer_character_detection()
