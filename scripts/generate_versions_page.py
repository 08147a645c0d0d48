#!/usr/bin/env python3
"""Writes the table of version changes into docs/versions.md, from the files: `generate_versions_page.py [--check]`.

With --check the page is compared, exit code 1 when it differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stripe_shell.sandbox.versions.chain import all_changes
from stripe_shell.sandbox.versions.change import VersionChange, summary_of

PAGE = Path(__file__).parents[1] / "docs" / "versions.md"
BEGIN, END = "<!-- changes -->\n", "<!-- end of changes -->\n"


def rows() -> Iterator[str]:
    """Yield the lines of the table, newest version first."""
    yield "| version | what older ones have | where it shows | certainty |"
    yield "|---|---|---|---|"
    for change in all_changes():
        told = summary_of(change).replace("|", "\\|")
        yield f"| {change.version} | {told} | {_places(change)} | {change.certainty} |"


def _places(change: VersionChange) -> str:
    kinds = [f"`{kind}`" for kind in change.kinds]
    requests = [f"`{name}`" for name in (*change.operations, *(gone for gone, _ in change.successors))]
    accepted = [f"parameter `{name}`" for name in change.accepted]
    return ", ".join([*kinds, *requests, *accepted]) or "behaviour"


def page(text: str) -> str:
    """Return the page with the table of today between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(rows())
    return f"{before}{BEGIN}\n{table}\n\n{END}{after}"


def main() -> int:
    """Write or compare the page."""
    text = PAGE.read_text()
    if "--check" in sys.argv[1:]:
        return int(page(text) != text)
    PAGE.write_text(page(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
