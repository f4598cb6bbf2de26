"""A crawl in somebody's name: by the commands, over real sockets, and of no other photos."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import httpx
import pytest

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.flickr.login import login
from flickrexif.flickr.tokens import stored_token
from flickrexif.sandbox import API_SECRET, Changes

KEY = "00112233445566778899aabbccddeeff"
SEARCH = "flickr.photos.search"
PLAN = CrawlPlan("2020-01")


@pytest.fixture(autouse=True)
def home(here, monkeypatch):
    """A home of nobody, with a key and its secret in the environment."""
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    monkeypatch.setenv("FLICKR_API_SECRET", API_SECRET)


@pytest.fixture
def command(run):
    def command(*words):
        ended = run(*words)
        assert not [secret for secret in (KEY, API_SECRET) if secret in ended.out + ended.err]
        return ended

    return command


class Reader(io.StringIO):
    """A user: when asked for a line, opens the address shown last and reads the code there."""

    def __init__(self, capsys):
        super().__init__()
        self._capsys = capsys

    def readline(self, *_):
        return read_code(self._capsys.readouterr().err.split()[-1])


@pytest.fixture
def logged_in(command, capsys, monkeypatch):
    """Logs in and returns what was told."""

    def log_in(address):
        monkeypatch.setattr(sys, "stdin", Reader(capsys))
        return command("login", "--endpoint", address)

    return log_in


def read_code(address):
    return re.search(r'class="code">([^<]+)<', httpx.get(address, timeout=20).text)[1] + "\n"


def accepted(path):
    return Corpus.open(path).accepted().drop("raw_exif", "exif_source").rows()


def test_login_crawl_forget(open_box, command, logged_in, monkeypatch, tmp_path):
    with open_box() as (box, _):
        there = ("--endpoint", box.rest_url)
        who = box.catalogue.owners()[0]
        code, out, err = logged_in(box.rest_url)
        assert (code, err) == (0, "")
        assert out.startswith(f"logged in as {who.username} ({who.nsid}), read only; token kept")

        words = ("--months", "2020-01", "--per-user-month", 2, "--passes", 1, *there)
        code, _, err = command("crawl", tmp_path / "signed", *words)
        assert code == 0, err
        assert err.count(f"searches are signed: logged in as {who.username} ({who.nsid})\n") == 1
        searched = box.requests[SEARCH]
        assert box.signed == {SEARCH: searched}
        assert searched > 0
        asked = [query for _, query in box.log if query.get("method") == SEARCH]
        assert {(query["safe_search"], query["privacy_filter"]) for query in asked} == {("1", "1")}

        code, _, err = command("crawl", tmp_path / "anonymous", *words, "--anonymous")
        assert (code, "signed" in err) == (0, False)
        with monkeypatch.context() as without:
            without.setenv("FLICKR_API_SECRET", "")
            code, _, err = command("crawl", tmp_path / "no secret", *words)
        assert (code, "signed" in err) == (0, False)
        assert command("login", "--show", *there)[1] == out
        assert command("login", "--forget", *there) == (0, "the token is removed\n", "")
        code, _, err = command("crawl", tmp_path / "nobody", *words)
        assert (code, "signed" in err) == (0, False)
        assert box.requests[SEARCH] > searched
        assert box.signed == {SEARCH: searched}

    for other in ("anonymous", "no secret", "nobody"):
        assert accepted(tmp_path / other) == accepted(tmp_path / "signed")
    for file in (tmp_path / "signed").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert KEY.encode() not in content
            assert API_SECRET.encode() not in content


def test_a_login_taken_back_stops_the_crawl_and_it_resumes_without(
    open_box, command, logged_in, tmp_path
):
    with open_box() as (box, _):
        words = ("crawl", tmp_path / "corpus", "--months", "2020-01", "--endpoint", box.rest_url)
        assert logged_in(box.rest_url).code == 0
        box.revoke_logins()
        code, out, err = command(*words)
        assert (code, out) == (4, "")
        assert err.splitlines()[-1] == (
            "error: Flickr refused the login (code 98: Invalid auth token): "
            "run flickrexif login again, or crawl with --anonymous"
        )
        assert box.requests[SEARCH] <= 8  # those under way
        assert command(*words, "--anonymous")[0] == 0


def test_a_token_file_nobody_can_use_stops_the_crawl(open_box, command, here, tmp_path):
    path = here / "home" / ".flickr" / "oauth-tokens.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with open_box() as (box, _):
        words = ("crawl", tmp_path / "corpus", "--months", "2020-01", "--endpoint", box.rest_url)
        code, out, err = command(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert str(path) in err
        assert not (tmp_path / "corpus").exists()
        assert command(*words, "--anonymous")[0] == 0


def test_a_login_widens_no_corpus(open_box, catalogue, tmp_path, monkeypatch):
    """The account hides its EXIF and has a private and an unsafe photo: it alone sees these."""
    monkeypatch.setenv("FLICKREXIF_STATE_DIR", str(tmp_path / "budgets"))
    in_month = [photo for photo in catalogue if f"{photo.taken:%Y-%m}" == "2020-01"]
    shy = next(photo.owner for photo in in_month if photo.owner.hides_exif)
    open_one = next(
        owner
        for owner in catalogue.owners()
        if not owner.hides_exif
        and sum(p.owner == owner and p.visible == "public" and p.has_exif for p in in_month) > 3
    )
    own = [photo.id for photo in in_month if photo.owner == open_one and photo.has_exif]
    changes = Changes(private={own[0]}, unsafe={own[1]: 1})
    folder = tmp_path / "tokens"
    for name, account in (("shy", shy), ("open", open_one)):
        with open_box(account=account.nsid, changes=changes) as (box, connection):
            login(KEY, API_SECRET, ask=read_code, endpoint=box.rest_url, folder=folder)
            token = stored_token(KEY, API_SECRET, endpoint=box.rest_url, folder=folder)
            nobody = replace(connection, api_key=KEY)
            crawl(tmp_path / name, PLAN, connection=replace(nobody, token=token))
            assert box.signed[SEARCH] > 0
            crawl(tmp_path / f"{name} anonymous", PLAN, connection=nobody)
        assert accepted(tmp_path / name) == accepted(tmp_path / f"{name} anonymous")
        assert accepted(tmp_path / name)
