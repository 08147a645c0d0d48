#!/usr/bin/env python3
"""Compiles differences between API versions into the table's data: `scripts/compile_versions.py [--check] FOLDER`.

FOLDER holds a JSON file per step, `FROM__TO.json`, whose `objects` and `operations` list what was added, removed and
changed, and `_versions.json` with the valid versions. The result, a file per version below
`stripe_shell/spec/versions/data`, holds for each version what it changed beside the one before it, and what was changed
under its own name later. Facts only: names, types, marks.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "stripe_shell" / "spec" / "versions" / "data"
#: Versions that Stripe's changelog lists and no SDK pins yet; they add, and change nothing.
LISTED = ("2026-11-18.endive",)
#: Steps that others cover in smaller ones, or with better sources.
COVERED = ("2026-05-27.dahlia__2026-10-28.endive",)

Json = dict[str, Any]


def compiled(folder: Path) -> dict[str, Json]:
    """The content of each data file by name."""
    listed = json.loads((folder / "_versions.json").read_text())
    versions = next(iter(listed.values())) if isinstance(listed, dict) else listed
    steps: dict[str, list[Json]] = {}
    for file in sorted(folder.glob("20*__20*.json")):
        if file.stem in COVERED:
            continue
        step = json.loads(file.read_text())
        name = file.stem.split("__")[1].removesuffix(".last").removesuffix(".first")
        steps.setdefault(name, []).append(_facts(step))
    index = {"versions": sorted({*versions, *LISTED}, key=_date), "changed": sorted(steps, key=_date)}
    return {"index": index, **{name: _merged(found) for name, found in steps.items()}}


def _date(version: str) -> str:
    return version[:10]


def _facts(step: Json) -> Json:
    return {"source": step["source"], **{section: step[section] for section in ("objects", "operations")}}


def _merged(steps: list[Json]) -> Json:
    """The steps of one version, the one into it first."""
    return {"steps": steps}


def main() -> int:
    """Write the files, or with --check compare them; exit code 1 when one differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    parser.add_argument("folder", type=Path, help="the folder with the differences")
    options = parser.parse_args()
    files = {
        f"{name}.json": json.dumps(content, separators=(",", ":")) + "\n"
        for name, content in compiled(options.folder).items()
    }
    if options.check:
        wrong = [
            name for name, text in files.items() if not (DATA / name).is_file() or (DATA / name).read_text() != text
        ]
        for name in wrong:
            print(f"{name} differs", file=sys.stderr)
        return 1 if wrong else 0
    DATA.mkdir(exist_ok=True)
    for name, text in files.items():
        (DATA / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
