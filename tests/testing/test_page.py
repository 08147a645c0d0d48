"""docs/testing.md: its projects and programs run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_shell.cli.arguments import options_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()
FILES = {
    name: text for text, name in re.findall(r"^```(?:python|stripe|js)\n((?:#|//) (\S+)\n.*?)^```$", PAGE, re.M | re.S)
}
#: Tests of the page's projects, each so often as pytest collects them.
TESTS = sum(len(re.findall(r"^def test_", text, re.M)) for text in FILES.values())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with every file of the page."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **more}


def run_tests(folder: Path, *options: str, tests: tuple[str, ...] = ()) -> str:
    """pytest in the folder, the plugin loaded once, under whichever name it is installed."""
    plugin = ("-p", "no:stripe_shell", "-p", "stripe_shell.pytest_plugin", "-p", "no:cacheprovider")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *options, *tests],
        cwd=folder,
        env=environment(folder, DJANGO_SETTINGS_MODULE="project_settings"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return found.stdout + found.stderr


def test_the_projects_pass(project: Path) -> None:
    for name in ("django", "fastapi", "pytest_django", "stripe", "uvicorn"):
        pytest.importorskip(name)
    tests = tuple(name for name in FILES if name.startswith("test_"))
    output = run_tests(project, "-n", "2", tests=tests)
    assert f"{TESTS} passed" in output, output


def test_a_program_that_is_wrong_fails(project: Path) -> None:
    """What the tests of the page look at is the program: one mistake of its own, and they fail."""
    for name in ("fastapi", "stripe", "uvicorn"):
        pytest.importorskip(name)
    app = project / "app.py"
    app.write_text(app.read_text().replace('"trial_period_days": 14', '"trial_period_days": 30'))
    assert "1 failed, 1 passed" in run_tests(project, "-p", "no:django", "-n", "0", tests=("test_app.py",))


def test_a_node_program_in_exec(project: Path) -> None:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node is not installed")
    installed = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "stripe"],
        cwd=project,
        capture_output=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip("npm could not install Stripe's library")
    found = subprocess.run(
        [sys.executable, "-m", "stripe_shell", "exec", "--seed", "shop.stripe", "--", "node", "charge.js"],
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    promised = re.search(r"-- node charge\.js\n(.*?)^```", PAGE, re.M | re.S)
    assert promised and (found.stdout, found.returncode) == (promised[1], 0), found.stderr


def test_the_page_lists_every_fixture_and_option() -> None:
    fixtures = (ROOT / "stripe_shell" / "pytest_plugin" / "fixtures.py").read_text()
    assert set(re.findall(r"^\| `(stripe_\w+)`", PAGE, re.M)) == set(re.findall(r"^def (stripe_\w+)\(", fixtures, re.M))
    listed = {name for row in re.findall(r"^\| (`--.*?) \|", PAGE, re.M) for name in re.findall(r"`(--[\w-]+)", row)}
    assert listed == set(options_of("exec"))
