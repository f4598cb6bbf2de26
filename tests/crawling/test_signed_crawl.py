"""A crawl in somebody's name: by the commands, over real sockets, and of no other photos."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.flickr.login import login
from flickrexif.flickr.tokens import stored_token
from flickrexif.sandbox import API_SECRET, Changes

SCRIPT = Path(sys.executable).with_name("flickrexif")
KEY = "00112233445566778899aabbccddeeff"
SEARCH = "flickr.photos.search"
PLAN = CrawlPlan("2020-01")


@pytest.fixture
def environment(tmp_path):
    return {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "FLICKREXIF_STATE_DIR": str(tmp_path / "budgets"),
        "FLICKR_API_KEY": KEY,
        "FLICKR_API_SECRET": API_SECRET,
    }


@pytest.fixture
def run(environment, tmp_path):
    def run(*words, ask=None, **variables):
        """Exit code, standard output, standard error; ``ask`` makes a line of input of a line."""
        with subprocess.Popen(
            [SCRIPT, *map(str, words)],
            cwd=tmp_path,
            env=environment | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            typed = ""
            if ask:
                running.stderr.readline()
                typed = ask(running.stderr.readline().strip())
            out, err = running.communicate(typed, timeout=120)
        assert not [secret for secret in (KEY, API_SECRET) if secret in out + err]
        return running.returncode, out, err

    return run


def read_code(address):
    return re.search(r'class="code">([^<]+)<', httpx.get(address, timeout=20).text)[1] + "\n"


def accepted(path):
    return Corpus.open(path).accepted().drop("raw_exif", "exif_source").rows()


def test_login_crawl_forget(open_box, run, tmp_path):
    with open_box() as (box, _):
        there = ("--endpoint", box.rest_url)
        who = box.catalogue.owners()[0]
        code, out, err = run("login", *there, ask=read_code)
        assert (code, err) == (0, "")
        assert out.startswith(f"logged in as {who.username} ({who.nsid}), read only; token kept")

        words = ("--months", "2020-01", "--per-user-month", 2, "--passes", 1, *there)
        code, _, err = run("crawl", tmp_path / "signed", *words)
        assert code == 0, err
        assert err.count(f"searches are signed: logged in as {who.username} ({who.nsid})\n") == 1
        searched = box.requests[SEARCH]
        assert box.signed == {SEARCH: searched}
        assert searched > 0
        asked = [query for _, query in box.log if query.get("method") == SEARCH]
        assert {(query["safe_search"], query["privacy_filter"]) for query in asked} == {("1", "1")}

        code, _, err = run("crawl", tmp_path / "anonymous", *words, "--anonymous")
        assert (code, "signed" in err) == (0, False)
        code, _, err = run("crawl", tmp_path / "no secret", *words, FLICKR_API_SECRET="")
        assert (code, "signed" in err) == (0, False)
        assert run("login", "--show", *there)[1] == out
        assert run("login", "--forget", *there) == (0, "the token is removed\n", "")
        code, _, err = run("crawl", tmp_path / "nobody", *words)
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


def test_a_login_taken_back_stops_the_crawl_and_it_resumes_without(open_box, run, tmp_path):
    with open_box() as (box, _):
        words = ("crawl", tmp_path / "corpus", "--months", "2020-01", "--endpoint", box.rest_url)
        assert run("login", "--endpoint", box.rest_url, ask=read_code)[0] == 0
        box.revoke_logins()
        code, out, err = run(*words)
        assert (code, out) == (4, "")
        assert err.splitlines()[-1] == (
            "error: Flickr refused the login (code 98: Invalid auth token): "
            "run flickrexif login again, or crawl with --anonymous"
        )
        assert box.requests[SEARCH] <= 8  # those under way
        assert run(*words, "--anonymous")[0] == 0


def test_a_token_file_nobody_can_use_stops_the_crawl(open_box, run, tmp_path):
    path = tmp_path / "home" / ".flickr" / "oauth-tokens.sqlite"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with open_box() as (box, _):
        words = ("crawl", tmp_path / "corpus", "--months", "2020-01", "--endpoint", box.rest_url)
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert str(path) in err
        assert not (tmp_path / "corpus").exists()
        assert run(*words, "--anonymous")[0] == 0


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
