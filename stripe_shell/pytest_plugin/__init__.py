"""The pytest plugin: collects scripts (and pages, with `--stripe-docs`) as tests, and has fixtures for programs.

    parts.py         what the files have in common
    script_file.py   scripts
    page_file.py     documentation pages
    fixtures.py      a sandbox for each test of a program that uses Stripe (docs/testing.md)

Each file has its own sandbox, and its blocks run in order: running a single block first runs those before it. The shell
is imported only when a file is collected, or a fixture is used.
"""

from __future__ import annotations

from pathlib import Path

import pytest

#: Plugins that pytest loads with this one.
pytest_plugins = ("stripe_shell.pytest_plugin.fixtures",)

#: The suffixes of files that may be documentation pages.
PAGES = (".md", ".rst", ".txt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the command line options."""
    group = parser.getgroup("stripe-shell", "scripts and documentation pages of stripe-shell")
    group.addoption("--stripe-docs", action="store_true", help="collect documentation pages too (.md, .rst, .txt)")
    group.addoption("--stripe-connection", metavar="NAME", help="the default connection (else a sandbox for each file)")
    group.addoption(
        "--stripe-var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for ${NAME}; several allowed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Raises pytest.UsageError for a malformed `--stripe-var` before anything is collected."""
    config.addinivalue_line("markers", "xdist_group(name): tests that pytest-xdist runs in one process")
    for text in config.getoption("--stripe-var"):
        name, equals, _ = text.partition("=")
        if not equals or not name.isidentifier():
            raise pytest.UsageError(f"--stripe-var {text}: write NAME=VALUE")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects scripts, and documentation pages if `--stripe-docs` is given."""
    if file_path.suffix == ".stripe":
        from .script_file import ScriptFile

        return ScriptFile.from_parent(parent, path=file_path)
    if file_path.suffix in PAGES and parent.config.getoption("--stripe-docs"):
        from .page_file import PageFile

        return PageFile.from_parent(parent, path=file_path)
    return None
