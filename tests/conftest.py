"""What every test may use."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_line import CommandLine
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Machines are shared and slow at times: no test has a deadline. CI draws the same examples always.
settings.register_profile(
    "flickrexif",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flickrexif")

ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the few that take longest, so that the workers end together."""
    longest = ("test_notebooks.py", "test_readme.py", "test_kills.py")
    items.sort(key=lambda item: item.path.name not in longest)


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Real answers, files and splits with known truth, kept beside the checkout, never in it."""
    if not ORACLE.is_dir():
        pytest.skip("the oracle folder (../shared/oracle) is not beside this checkout")
    return ORACLE


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder, no settings or key around, budgets elsewhere; the log as it was."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for variable in os.environ:
        if variable.startswith(("FLICKREXIF", "FLICKR_API")):
            monkeypatch.delenv(variable)
    monkeypatch.setenv("FLICKREXIF_STATE_DIR", str(tmp_path / "state"))
    root, ours = logging.getLogger(), logging.getLogger("flickrexif")
    handlers, level, our_level = [*root.handlers], root.level, ours.level
    yield tmp_path / "here"
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """``run("crawl", folder, "--months", "2020-01")`` calls `flickrexif` in this process, `here`.

    It returns code, output and errors; ``run.refused(...)`` the one line of a refusal that changes
    nothing; ``run.under("mask", "apply")`` is the same for one command. A process of its own is for
    what needs one: signals, terminals, and what must not be imported.
    """
    from flickrexif.cli import main

    return CommandLine(main, capsys)


@pytest.fixture
def run_paircams(here: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """As `run`, of `paircams`."""
    from paircams.cli import main

    return CommandLine(main, capsys)
