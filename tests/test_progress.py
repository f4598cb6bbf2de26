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
WITH_A_NOTE = """
from flickrexif.progress import Bar
with Bar() as bar:
    bar.start("2020-03", None, "photos", done=4)
    bar.tell("about 2 h left", about=8)
    bar.advance(2)
    bar.tell("about 1 h left", about=8)
"""


def on_a_terminal(code: str) -> str:
    """What the code draws on a terminal of 80 columns."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True)
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)
    return drawn


def test_off_a_terminal_fresh_work_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flickrexif"), Bar() as bar:
        bar.start("photos", 100, "photos")
        for _ in range(100):
            bar.advance()
        bar.tell("a note")
    assert caplog.messages == []


def test_off_a_terminal_a_line_tells_what_is_done(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "flickrexif"), Bar(log_every_s=0) as bar:
        bar.start("photos of 2020-01", 100, "photos")
        bar.advance(40)
        bar.start("listing", None, "windows")
        bar.advance()
    assert caplog.messages == ["photos of 2020-01: 40 of 100 photos", "listing: 1 windows"]


def test_a_note_stands_behind_the_count_until_the_phase_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "flickrexif"), Bar(log_every_s=0) as bar:
        bar.start("2020-03 (3 of 48)", None, "photos", done=119)
        bar.tell("0.21 API calls each, about 2 h 10 min left", about=240)
        bar.advance()
        bar.start("2020-04 (4 of 48)", None, "photos")
        bar.advance()
    assert caplog.messages == [
        "2020-03 (3 of 48): 119 of about 240 photos, 0.21 API calls each, about 2 h 10 min left",
        "2020-03 (3 of 48): 120 of about 240 photos, 0.21 API calls each, about 2 h 10 min left",
        "2020-04 (4 of 48): 1 photos",
    ]


def test_on_a_terminal_there_is_a_bar() -> None:
    drawn = on_a_terminal(ON_A_TERMINAL)
    assert "photos: 100%" in drawn
    assert "3/3" in drawn


def test_on_a_terminal_the_bar_bears_the_note() -> None:
    drawn = on_a_terminal(WITH_A_NOTE)
    assert "2020-03:  75%" in drawn
    assert "6/8" in drawn
    assert "about 1 h left" in drawn
