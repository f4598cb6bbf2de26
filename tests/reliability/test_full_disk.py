"""A disk without room, a folder that cannot be written or is gone: one line, and a resume."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest
from corpus_worth import asked_of, worth_of
from lives import wait_until
from small_flickr import PLAN

IN_FLIGHT = 8
FAILURE = 1
"""Exit code where the folder fails: neither the user's words nor Flickr are to blame."""


def is_clear(message, corpus) -> bool:
    """True for one line that names the folder and a remedy."""
    has_remedy = "room" in message or "mend" in message
    return str(corpus) in message and has_remedy and len(message.splitlines()) == 1


def test_where_files_may_not_grow_it_says_so_and_resumes(clean_run, open_box, begin, tmp_path):
    corpus, kilobytes = tmp_path / "corpus", (1, 8, 30, 100, 200, 400)
    with open_box() as (box, connection):
        for room in kilobytes:
            stuck = begin(corpus, connection, file_limit=room * 1024)
            assert (stuck.wait(), room) == (FAILURE, room)
            assert is_clear(stuck.message, corpus), stuck.message
        assert begin(corpus, connection).wait() == 0
        expected, asked = clean_run(box.catalogue)
        assert (asked_of(box) - asked).total() <= len(kilobytes) * IN_FLIGHT
    assert worth_of(corpus) == expected


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few MB, where this process may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "flickrexif-test", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def leave_room(disk, kilobytes):
    """Fill ``disk`` up to so many KB."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    told = os.statvfs(disk)
    ballast.write_bytes(bytes(told.f_bavail * told.f_frsize - kilobytes * 1024))


def test_a_full_disk_is_told_and_resumed_from(small_disk, clean_run, open_box, begin):
    corpus, kilobytes = small_disk / "corpus", (0, 12, 60, 140, 300)
    with open_box() as (box, connection):
        for room in kilobytes:
            leave_room(small_disk, room)
            stuck = begin(corpus, connection)
            assert (stuck.wait(), room) == (FAILURE, room)
            assert is_clear(stuck.message, corpus), stuck.message
        (small_disk / "ballast").unlink()
        assert begin(corpus, connection).wait() == 0
        expected, asked = clean_run(box.catalogue)
        assert (asked_of(box) - asked).total() <= len(kilobytes) * IN_FLIGHT
    assert worth_of(corpus) == expected


def test_a_disk_that_turns_read_only_is_told_and_resumed_from(
    small_disk, clean_run, open_box, begin
):
    corpus = small_disk / "corpus"
    with open_box() as (box, connection):
        first = begin(corpus, connection)
        wait_until(lambda: box.requests.total() > 20, first)
        first.end()
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        stuck = begin(corpus, connection)
        code = stuck.wait()
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        assert code == FAILURE
        assert is_clear(stuck.message, corpus), stuck.message
        assert begin(corpus, connection).wait() == 0
    assert worth_of(corpus) == clean_run(box.catalogue)[0]


@pytest.mark.parametrize("size", ["large", "none"])
def test_a_folder_that_vanishes_ends_the_crawl(size, open_box, clean_run, begin, tmp_path):
    corpus, plan = tmp_path / "corpus", replace(PLAN, size=size)
    with open_box() as (box, connection):
        life = begin(corpus, connection, plan)
        wait_until(lambda: box.requests.total() > 30, life)
        corpus.rename(tmp_path / "away")
        assert life.wait() == FAILURE
        assert is_clear(life.message, corpus), life.message
        assert begin(corpus, connection, plan).wait() == 0
    assert worth_of(corpus) == clean_run(box.catalogue, plan)[0]
