"""Progress tells sparsely where nobody watches, and draws a bar where somebody does."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from flickrexif.progress import Bar

if TYPE_CHECKING:
    import pytest

ON_A_TERMINAL = """
from flickrexif.progress import Bar
with Bar() as bar:
    bar.start("photos", 3, "photos")
    bar.advance(3)
"""


def test_off_a_terminal_fresh_work_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flickrexif"), Bar() as bar:
        bar.start("photos", 100, "photos")
        for _ in range(100):
            bar.advance()
    assert caplog.messages == []


def test_off_a_terminal_a_line_tells_what_is_done(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flickrexif"), Bar(log_every_s=0) as bar:
        bar.start("photos of 2020-01", 100, "photos")
        bar.advance(40)
        bar.start("listing", None, "windows")
        bar.advance()
    assert caplog.messages == ["photos of 2020-01: 40 of 100 photos", "listing: 1 windows"]


def test_on_a_terminal_there_is_a_bar() -> None:
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run([sys.executable, "-c", ON_A_TERMINAL], stderr=theirs, check=True)
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "photos: 100%" in drawn
    assert "3/3" in drawn
