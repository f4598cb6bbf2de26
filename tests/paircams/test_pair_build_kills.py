"""A build that is killed before any change it makes on disk leaves no half of a release.

What it leaves does not stop the next one either, which gives the bytes of one that nobody stopped.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.progress import Silent
from paircams.releasing import PairsPlan, build
from paircams.sandbox import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"})
"""What Python tells its audit hooks before it happens; `Silent.advance` stands for what is not."""

IMPORTED = ("cv2", "huggingface_hub.repocard", "pandas", "pillow_heif", "pyarrow.parquet", "yaml")
"""What a build imports when it needs it: once here, and not in every fork."""

PLAN = PairsPlan("1.0.0", pairs_per_file=1)
APART = 4
"""Moments between two deaths: a life costs a validation."""


class Moments(Silent):
    """Tells ``met`` the number of each change of a build, from ``<out>.partial`` on, before it."""

    def __init__(self, out: Path, met: Callable[[int], None]) -> None:
        self._root, self._met = f"{out}.partial", met
        self._number: int | None = None
        sys.addaudithook(self.hear)

    def hear(self, event: str, told: tuple[Any, ...]) -> None:
        if event in ("shutil.rmtree", "os.mkdir") and str(told[0]) == self._root:
            self._number = self._number or 0
        if event in CHANGES and (event != "open" or "r" not in str(told[1] or "r")):
            self.advance()

    def advance(self, units: int = 1) -> None:
        if self._number is not None:
            self._number += 1
            self._met(self._number)


def is_killed(pairs: Path, out: Path, met: Callable[[int], None]) -> bool:
    """One build in a fork of this process: True where it was killed, False where it is done."""
    child = os.fork()
    if child == 0:
        try:
            build(pairs, PLAN, out=out, progress=Moments(out, met))
        except BaseException:  # noqa: BLE001 - a fork must not go on as the test
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def die(at: int, moment: int) -> None:
    if moment == at:
        os.kill(os.getpid(), signal.SIGKILL)


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def is_sound(out: Path, expected: dict[str, bytes]) -> bool:
    """Whether the release is whole or absent, and the next build may take away what is beside."""
    beside = Path(f"{out}.partial")
    left = {path.name for path in beside.iterdir()} if beside.exists() else set()
    is_ours = "build.json" in left or all(name.startswith(".build.json.") for name in left)
    return is_ours and (not out.exists() or files(out) == expected)


def lives(pairs: Path, out: Path, whole: Path) -> None:
    """Each life begins on what the one before left; one is only watched, at its every moment."""
    for name in IMPORTED:
        importlib.import_module(name)
    expected = files(whole)

    def watch(moment: int) -> None:
        assert is_sound(out, expected), f"before change {moment}"

    assert is_killed(pairs, out, partial(die, 20))
    assert not is_killed(pairs, out, watch)
    shutil.rmtree(out)
    deaths, at = 0, APART
    while is_killed(pairs, out, partial(die, at)):
        assert is_sound(out, expected)
        shutil.rmtree(out, ignore_errors=True)  # where it was killed while it cleared up
        deaths, at = deaths + 1, at + APART
    assert files(out) == expected
    assert not Path(f"{out}.partial").exists()
    assert deaths >= 5


def test_killed_before_any_change_it_leaves_nothing_half_done(tmp_path: Path) -> None:
    pairs = simulate(tmp_path / "set", pairs=2, longest_px=320).folder
    build(pairs, PLAN, out=tmp_path / "whole")
    words = (pairs, tmp_path / "release", tmp_path / "whole")
    forking = multiprocessing.get_context("spawn").Process(target=lives, args=words)
    forking.start()
    forking.join()
    assert forking.exitcode == 0
