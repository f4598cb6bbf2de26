"""recheck and takedown on the command line."""

from __future__ import annotations

import json
import shutil

import pytest
from marked_renderer import MarkedRenderer

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.flickr import Connection
from flickrexif.sandbox import Catalogue, Changes, Quirks, Sandbox
from flickrexif.upkeep import takedowns


@pytest.fixture(scope="module")
def few():
    return Catalogue(1, photos=120, owners=8, first_month="2020-01", last_month="2020-01")


WORDS = {"renderer": MarkedRenderer(), "workers": 0, "quirks": Quirks(stale_rows=0.0)}


@pytest.fixture(scope="module")
def crawled(few, tmp_path_factory):
    """A corpus of a Flickr at an address; the address and its port."""
    path = tmp_path_factory.mktemp("crawled") / "corpus"
    with Sandbox(catalogue=few, **WORDS) as box:
        crawl(path, CrawlPlan("2020-01"), connection=Connection.at(box.rest_url))
        return path, box.rest_url, box.port


@pytest.fixture
def served(few, crawled, here):
    """A copy of the corpus, and its Flickr with changes at the same address."""
    path, address, port = crawled
    shutil.copytree(path, here / "corpus")

    def later(changes=None):
        return Sandbox(catalogue=few, changes=changes, port=port, **WORDS)

    later.address = address
    return later


def accepted_ids():
    with Corpus.open("corpus").state(reading=True) as state:
        return [photo.photo_id for photo in state.accepted_photos()]


def test_recheck_tells_what_it_dropped(served, run):
    gone = set(accepted_ids()[:2])
    with served(Changes(deleted=gone)):
        code, out, err = run("-q", "recheck", "corpus", "--endpoint", served.address)
        assert (code, err) == (0, "")
        assert "2 dropped: gone 2" in out
        assert "run flickrexif label again" in out
        again = ("recheck", "corpus", "--endpoint", served.address, "--older-than", 0, "--json")
        code, out, _ = run(*again)
    told = json.loads(out)
    assert (code, told["dropped"], told["checked"]) == (0, {}, len(accepted_ids()))
    assert not gone & set(accepted_ids())


def test_recheck_ends_at_its_limit_and_says_how_to_go_on(served, run):
    with served():
        words = ("recheck", "corpus", "--endpoint", served.address, "--each", "--max-calls", 10)
        code, out, err = run("-q", *words)
        assert (code, out) == (5, "")
        assert "max_calls=10 are spent" in err
        assert run("-q", *words[:-2])[0] == 0


def test_takedown_records_lists_and_undoes(served, run, here):
    one, two, *_ = accepted_ids()
    (here / "list.txt").write_text(f"https://www.flickr.com/photos/x/{two}/\n12345678@N00\n")
    words = ("takedown", "corpus", "--photo", one, "--from", "list.txt", "--reason", "by mail")
    code, out, _ = run(*words)
    assert (code, out.splitlines()[0]) == (0, "3 recorded, 0 were on the list already")
    assert not {one, two} & set(accepted_ids())
    code, out, _ = run("takedown", "corpus", "--list")
    assert code == 0
    assert [line.split("  ")[1] for line in out.splitlines()] == [
        "owner 12345678@N00: by mail",
        f"photo {min(one, two)}: by mail",
        f"photo {max(one, two)}: by mail",
    ]
    code, out, _ = run("takedown", "corpus", "--list", "--json")
    assert {row["subject"] for row in json.loads(out)} == {str(one), str(two), "12345678@N00"}
    code, out, _ = run("takedown", "corpus", "--undo", "--owner", "12345678@N00")
    assert (code, out.splitlines()[0]) == (0, "1 struck off, 0 were not on the list")
    assert len(takedowns("corpus")) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "nothing is named"),
        ("--photo anna", "'anna' names no photo"),
        ("--photo 12345678@N00", "names an owner, not a photo"),
        ("--owner 495", "names a photo, not an owner"),
        ("--from nowhere.txt", "nowhere.txt"),
        ("--list --photo 495", "--list shows the list"),
        ("--list --undo", "--list shows the list"),
    ],
)
def test_words_that_do_not_fit_are_refused_in_one_line(words, told, served, run):
    code, out, err = run("takedown", "corpus", *words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert takedowns("corpus") == []


@pytest.mark.parametrize("place", ["nowhere", "afolder"])
def test_a_place_that_is_neither_corpus_nor_release_is_told_as_such(place, run, here):
    (here / "afolder").mkdir()
    told = run.refused("takedown", place, "--photo", 495)
    assert f"'{place}' is neither a corpus (no corpus.toml) nor a release (no manifest" in told


@pytest.mark.parametrize("words", ["--undo --photo 495", "--list"])
def test_a_reason_is_given_for_nothing_but_a_takedown(words, served, run):
    told = run.refused("takedown", "corpus", *words.split(), "--reason", "by mail")
    assert "--reason is told of a takedown: leave it out" in told


def test_an_empty_list_says_so(served, run):
    assert run("takedown", "corpus", "--list") == (0, "nothing was taken down\n", "")


def test_another_flickr_is_refused(served, run):
    with served():
        code, _, err = run("recheck", "corpus", "--sandbox")
    assert code == 2
    assert "was crawled from 'http://127.0.0.1" in err
