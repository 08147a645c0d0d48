"""Lists the versions of Stripe's API, and reads the version that a header or a setting names."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from stripe_shell.spec.versions.changes import read_index

#: The oldest version that is served in its own form; older ones are served in this one.
OLDEST = "2020-08-27"

_PREVIEW = re.compile(r"(\d{4}-\d{2}-\d{2})\.preview")


@cache
def known_versions() -> tuple[str, ...]:
    """Returns every version that Stripe lists, oldest first: `2011-01-01` … `2026-11-18.endive`."""
    return tuple(read_index()["versions"])


@lru_cache(maxsize=256)
def read_version(text: str) -> str | None:
    """Returns the version that a text names, None for one that does not exist.

    `2025-03-31.preview` is served as the version of that date, and what follows a semicolon (`2022-11-15;
    feature_beta=v3`) is ignored, as docs/versions.md says.
    """
    name = text.partition(";")[0].strip()
    preview = _PREVIEW.fullmatch(name)
    if preview is not None:
        return next((version for version in known_versions() if version[:10] == preview[1]), None)
    return name if name in known_versions() else None


def is_older(version: str, other: str) -> bool:
    """Whether a known version came before another one."""
    return version[:10] < other[:10]
