"""requests is imported without its guess of character sets, which works all the same."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import stripe_shell.transports.stripe
import requests

loaded = [name for name in sys.modules if name.startswith(("charset_normalizer.", "pydantic"))]
print(sorted(loaded))
response = requests.Response()
response._content = "Grüße aus Köln, schöne Bücher und große Äpfel".encode("latin-1")
print("Gr" in response.text, response.apparent_encoding is not None, "charset_normalizer.api" in sys.modules)
"""


def test_the_guess_of_character_sets_is_loaded_late() -> None:
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['charset_normalizer.version']\nTrue True True\n", "")
