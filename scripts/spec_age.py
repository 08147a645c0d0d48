#!/usr/bin/env python3
"""Says what the installed SDK knows and the table lacks: `python scripts/spec_age.py`.

Reads the types of the installed package `stripe` and looks up every operation and every parameter that they name.
Exits 1 when the table lacks one: it is time for `scripts/update_spec.py`. Reads files only.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from compile_spec import package_folder
from sdk_types import PythonSdk
from spec_changes import parts_of
from spec_patch import path_text

from stripe_shell.spec.table import Table, load_table
from stripe_shell.spec.validate import shape_at


def lacking(sdk: PythonSdk, table: Table) -> Iterator[str]:
    """The operations that the table does not have, and the parameters that it does not have of the others."""
    for route, operation in sdk.operations().items():
        found = table.match(operation.method.upper(), operation.path)
        if found is None:
            yield route
            continue
        for path in parts_of(operation.params):
            if shape_at(found[0].params, path) is None and shape_at(found[0].params, path[:-1]) is not None:
                yield f"{route} {path_text(path)}"


def version_of(folder: Path) -> str:
    """The version of the API that a release of the SDK pins."""
    text = (folder / "_api_version.py").read_text()
    found = re.search(r'CURRENT = "(.+)"', text)
    return found[1] if found else "of an unknown version"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--sdk", type=Path, help="the folder of the SDK's package `stripe`; the installed one by default"
    )
    options = parser.parse_args()
    folder = options.sdk or package_folder("stripe")
    table = load_table()
    found = list(lacking(PythonSdk(folder), table))
    for line in found:
        print(f"the table lacks {line}")
    print(f"SDK {version_of(folder)}, table {table.version}: {len(found)} lacking", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
