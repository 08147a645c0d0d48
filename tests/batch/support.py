"""A batch on a sandbox in a file: its script and data, runs of it in this process or one that dies, and what exists."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stripe_shell.cli import main
from stripe_shell.records import record

BODY = """  /sandbox create customer email=${row.email} name=${row.name}
  @as customer

  /sandbox create invoice_item customer=${customer.id} amount=100 currency=usd description=${row.email}
"""


@record
class BatchResult:
    """What a run said and answered."""

    code: int
    out: str
    err: str


class Batch:
    """A script with a loop in a folder; each run of it is one of the command line."""

    def __init__(self, folder: Path, capsys: Any, options: str = "key=email") -> None:
        self.folder = self._home = folder
        self.options = options
        self._capsys = capsys
        self.script(BODY)

    def move_to(self, name: str) -> None:
        """Goes on in an empty folder."""
        self.folder = self._home / name
        self.folder.mkdir()
        self.folder = self.folder.resolve()
        self.script(BODY)

    def script(self, body: str, before: str = "", after: str = "") -> None:
        """Writes the script around the body of its loop."""
        text = f'{before}@foreach row in "rows.csv" {self.options}\n{body}@end\n{after}'
        (self.folder / "b.stripe").write_text(text, encoding="utf-8")

    def rows(self, emails: Sequence[str], **names: str) -> None:
        """Writes the data."""
        lines = [f"{email},{names.get(email.partition('@')[0], 'Ann')}\n" for email in emails]
        (self.folder / "rows.csv").write_text("email,name\n" + "".join(lines), encoding="utf-8")

    @property
    def words(self) -> list[str]:
        return ["run", str(self.folder / "b.stripe"), "--db", str(self.folder / "s.db")]

    def run(self, *options: str) -> BatchResult:
        """Runs the script in this process."""
        self._capsys.readouterr()
        code = main([*self.words, *options])
        said = self._capsys.readouterr()
        return BatchResult(code, said.out, said.err)

    def runs(self, *words: str) -> BatchResult:
        """Runs the command `runs` in this process."""
        self._capsys.readouterr()
        code = main(["runs", *words])
        said = self._capsys.readouterr()
        return BatchResult(code, said.out, said.err)

    def run_and_die(self, prepare: Callable[[], None], *options: str) -> int:
        """Runs the script in a child that `prepare` makes die; returns its exit code, 0 if it lived."""
        child = os.fork()
        if child == 0:
            try:
                nothing = os.open(os.devnull, os.O_WRONLY)
                sys.stdout = sys.stderr = os.fdopen(nothing, "w")
                prepare()
                os._exit(main([*self.words, *options]))
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def made(self, kind: str, member: str = "email") -> list[str]:
        """Returns a member of every object of a kind on the sandbox, sorted."""
        database = sqlite3.connect(self.folder / "s.db")
        found = [json.loads(text) for (text,) in database.execute("SELECT json FROM objects WHERE object=?", (kind,))]
        database.close()
        return sorted(str(each.get(member)) for each in found)

    @property
    def folders(self) -> list[Path]:
        """Returns the folders of the runs."""
        return sorted(path for path in (self.folder / ".stripe-runs").glob("*") if path.is_dir())

    def journal(self) -> list[dict[str, Any]]:
        """Returns the entries of the only journal."""
        (folder,) = self.folders
        return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]

    def table(self, name: str = "rows.csv") -> list[dict[str, str]]:
        """Returns the rows of a row file of the only run."""
        import csv

        (folder,) = self.folders
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
