"""Counts the objects in a sandbox file without opening the sandbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import quote

_COUNT = """
SELECT object, count(*) FROM objects
WHERE deleted = 0 AND account = (SELECT min(number) FROM accounts) GROUP BY object
"""


def count_objects(path: str) -> Mapping[str, int]:
    """Returns the number of objects of each kind in the file's first account; empty if it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=1)) as connection:
            return dict(connection.execute(_COUNT).fetchall())
    except sqlite3.Error:
        return {}
