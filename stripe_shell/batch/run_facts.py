"""The facts that a run depends on, as the first entry of each of its processes keeps them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from stripe_shell import __version__
from stripe_shell.batch.frozen_data import FrozenData
from stripe_shell.batch.run_folder import find_runs, runs_folder
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import data_file
from stripe_shell.engine.links import Link, Links
from stripe_shell.engine.load import Program
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Loop, Reference, ScriptItem
from stripe_shell.lang.visit import items_in, nodes_in
from stripe_shell.records import record

#: The facts that decide whether anything was edited since an earlier process.
_EDITABLE = ("hash", "env", "data", "steps")


def hash_sources(items: Sequence[ScriptItem], source: SourceText, scope: Scope, salt: str) -> dict[str, Any]:
    """Returns the hashes of the script and of the files that it includes, and of environment values by name.

    `salt` keeps a short value from being guessed by its hash.
    """
    texts = {source.name: source.text} | {item.span.source.name: item.span.source.text for item in items_in(items)}
    names = {each.name for each in nodes_in(tuple(items), Reference) if each.namespace == "env"}
    known = sorted(name for name in names if name in scope.environment)
    return {
        "hash": {os.path.realpath(name): _digest(text) for name, text in texts.items()},
        "env": {name: _digest(f"{salt}\0{name}\0{scope.environment[name]}") for name in known},
    }


def count_rows(script: PreparedScript) -> int | None:
    """Returns the rows of the loops of a script, as the check counted them; None if it could not count them all."""
    counts = [script.resolver.row_counts.get(id(item)) for item in script.program.items if isinstance(item, Loop)]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def rows_by_file(script: PreparedScript) -> dict[str, int]:
    """Returns the number of rows of each data file of an outermost loop, by its real path."""
    found: dict[str, int] = {}
    for item, scope in walk(script.program.items, script.resolver, script.scope):
        path = data_file(item, scope) if isinstance(item, Loop) and id(item) in script.resolver.row_counts else ()
        if isinstance(path, Path):
            found[os.path.realpath(path)] = script.resolver.row_counts[id(item)]
    return found


def is_unedited(facts: Mapping[str, Any], begun: Sequence[Mapping[str, Any]]) -> bool:
    """Whether script, environment and data are what they were for every earlier process of the run."""
    return all(entry.get(name) == facts[name] for entry in begun for name in _EDITABLE)


@record
class CheckedBefore:
    """Knows the data that an unfinished run has checked with the same script; a `runner.EarlierCheck`.

    `options` are those of this process as a journal records them, `folder` is `--runs-dir`.
    """

    data: FrozenData
    links: Links
    options: Mapping[str, Any]
    folder: str | None

    def __call__(self, program: Program, source: SourceText, scope: Scope) -> Callable[[Path], int | None]:
        """Returns the number of rows of a copied data file that was checked; None for others."""
        script = Path(os.path.realpath(source.name))
        for run in find_runs(runs_folder(script, self.folder)):
            if not run.finished and run.start.get("script") == str(script):
                same = hash_sources(program.items, source, scope, str(run.start.get("run")))
                if all(run.start.get(name) == value for name, value in same.items()) and self._fits(run.start):
                    return lambda path, start=run.start: self._rows(path, start)  # type: ignore[misc]
        return lambda path: None

    def _fits(self, start: Mapping[str, Any]) -> bool:
        """Whether program, options and API versions are those of the run."""
        before, now = start.get("options", {}), self.options
        options = [name for name in {*before, *now} - {"folder", "runs_dir"} if before.get(name) != now.get(name)]
        hidden = None in now.get("variables", {}).values()
        names = [account.partition(":")[0] for account in start.get("account", ())]
        links = [self.links.find(name, None) for name in names]
        versions = [link.version for link in links if isinstance(link, Link)]
        return not options and not hidden and start.get("program") == __version__ and start.get("own") == versions

    def _rows(self, path: Path, start: Mapping[str, Any]) -> int | None:
        real = self.data.original(path)
        same = real is not None and start.get("data", {}).get(real) == self.data.hashes.get(real)
        return start.get("rows", {}).get(real) if same else None


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
