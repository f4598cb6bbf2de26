"""``flickrexif hydrate`` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from raw_server import RawServer, answer, kept
from told_photos import images_in, write_table


@pytest.fixture
def hydrate(run):
    return run.under("hydrate")


@pytest.fixture
def told(rows, tmp_path):
    """A table whose addresses are those of the Flickr that is asked by --endpoint."""

    def written(image_base, number=6):
        some = [row | {"url": _at(row["url"], image_base)} for row in rows[:number]]
        return write_table(tmp_path / "t.csv", some)

    return written


def _at(url, image_base):
    return url.replace("https://live.staticflickr.com", image_base)


def test_people_and_programs_are_told(hydrate, told, open_box):
    with open_box() as (box, _):
        words = (told(box.image_base), "--to", "c", "--endpoint", box.rest_url)
        code, out, _ = hydrate(*words, "--folder", "plain")
        assert code == 0
        assert out.startswith("c: images of 6 of 6 photos, 6 of them new (")
        assert "plain: 6 files written" in out
        code, out, _ = hydrate(*words, "--json")
    found = json.loads(out)
    assert (code, found["photos"], found["already"], found["saved"]) == (0, 6, 6, 0)
    assert len(images_in(Path("c"))) == len(list(Path("plain").iterdir())) == 6


def test_photos_that_failed_for_now_exit_with_3_and_the_dead_do_not(hydrate, told):
    with RawServer([kept(answer(status="500 Oh"))]) as server:
        words = (told(server.url, 2), "--to", "c", "--endpoint", server.url)
        code, out, err = hydrate(*words)
        assert (code, "failed for now: http_500 2" in out) == (3, True)
        assert "error: 2 photos failed for now: run the same command" in err
        server.sendings[:] = [kept(answer(status="410 Gone"))]
        code, out, _ = hydrate(*words)
    assert (code, "no image: gone 2" in out) == (0, True)
    assert f"each of them and why: {Path('c', 'failures.csv')}" in out


def test_a_host_that_is_down_exits_with_5(hydrate, told):
    with RawServer([kept(answer(status="500 Oh"))]) as server:
        code, out, err = hydrate(told(server.url, 30), "--to", "c", "--endpoint", server.url)
    assert (code, out) == (5, "")
    assert "does not answer" in err


def test_an_end_by_the_clock_exits_with_5_and_tells_the_command(hydrate, told, open_box):
    with open_box() as (box, _):
        words = (told(box.image_base), "--to", "c", "--endpoint", box.rest_url)
        code, _, err = hydrate(*words, "--max-hours", "1e-9")
        assert code == 5
        assert err.startswith("max_hours=1e-09 have passed; to resume run the same command: flick")
        assert hydrate(*words)[0] == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("missing.csv --to c", "cannot be read"),
        ("missing --to c", "'missing' is no source"),
        ("missing --to c --size original", "'original' is not one of"),
        ("missing --to c --max-hours 0", "max_hours=0.0 is not above 0"),
        ("missing --to c --images-per-second 0", "images_per_second=0.0 is not above 0"),
        ("missing --to c --patience-hours -1", "patience_h=-1.0 is below 0"),
        ("missing --to c --endpoint ftp://x", "is no address of a web service"),
        ("missing --to c --endpoint http://127.0.0.1:1 --sandbox", "name two Flickrs"),
        ("", "Missing argument 'SOURCE'"),
    ],
)
def test_bad_words_are_one_line_and_write_nothing(hydrate, words, line):
    code, out, err = hydrate(*words.split())
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("error: ")
    assert line in err
    assert not list(Path.cwd().iterdir())


def test_no_key_is_asked_for(hydrate, rows, tmp_path):
    """Refused for its addresses, not for want of a key."""
    told = [rows[0] | {"url": "https://example.org/1.jpg"}]
    code, _, err = hydrate(write_table(tmp_path / "t.csv", told), "--to", "c")
    assert (code, "an image's address at 'https://live.staticflickr.com'" in err) == (2, True)


def test_help_fits_80_columns(hydrate, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = hydrate("--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
