"""Copies the data files of a run, so that the rows that are checked are the rows that are sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
#: A file that changes while it is copied is copied again so often.
_ATTEMPTS = 3


class FrozenData:
    """The copies of the data files of one run, in a private folder until `keep` moves them."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._copies: dict[Path, Path] = {}
        self.hashes: dict[str, str] = {}

    def find(self, path: Path) -> Path:
        """Returns the copy of a data file, which is made at the first call. Raises OSError."""
        from pathlib import Path
        from tempfile import mkdtemp

        real = Path(os.path.realpath(path))
        if real not in self._copies:
            if self._folder is None:
                self._folder = Path(mkdtemp(prefix="stripe-shell-"))
            folder = self._folder / f"data-{len(self._copies) + 1}"
            folder.mkdir(mode=0o700)
            copy = folder / path.name
            self.hashes[str(real)] = _copy_settled(path, copy)
            self._copies[real] = copy
        return self._copies[real]

    def original(self, copy: Path) -> str | None:
        """Returns the real path of the file that was copied; None for a path that is no copy."""
        return next((str(real) for real, known in self._copies.items() if known == copy), None)

    def keep(self, folder: Path) -> None:
        """Moves the copies into the folder of the run, in place of those of an earlier process."""
        from shutil import move, rmtree

        for real, copy in self._copies.items():
            target = folder / copy.parent.name
            rmtree(target, ignore_errors=True)
            target.mkdir(mode=0o700)
            move(copy, target / copy.name)
            self._copies[real] = target / copy.name
        self.discard()

    def discard(self) -> None:
        """Removes the private folder."""
        if self._folder is not None:
            from shutil import rmtree

            rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _copy_settled(path: Path, copy: Path) -> str:
    """Copies a file that does not change meanwhile; returns its hash. Raises OSError, and UsageError if it does."""
    for _ in range(_ATTEMPTS):
        before = path.stat()
        digest = _copy(path, copy)
        after = path.stat()
        if _identity(before) == _identity(after):
            return digest
    raise UsageError(f"{path} changes while it is read; wait until it is complete. Nothing was sent.")


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _copy(path: Path, copy: Path) -> str:
    from hashlib import sha256

    digest = sha256()
    with path.open("rb") as source, copy.open("wb") as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
