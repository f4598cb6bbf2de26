"""Stopping a crawl in every way a process can be stopped."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from flickrexif.corpus import Corpus

CRAWL_ONCE = Path(__file__).with_name("crawl_once.py")
IN_FLIGHT = 8
"""The concurrency of an embedded connection."""


def start(corpus, connection):
    words = [str(corpus), connection.rest_url, connection.image_base]
    command = [sys.executable, str(CRAWL_ONCE), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def stop_after(box, requests, process, number):
    wanted = box.requests.total() + requests
    while box.requests.total() < wanted and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(number)
    told, _ = process.communicate(timeout=30)
    return told


def result(corpus):
    made = Corpus.open(corpus)
    shards = [(shard.name, hashlib.sha256(shard.read_bytes())) for shard in made.image_shards()]
    return made.accepted().rows(), [(name, sha256.hexdigest()) for name, sha256 in shards]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, catalogue):
    from small_renderer import SmallRenderer

    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    corpus = tmp_path_factory.mktemp("whole") / "corpus"
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        with start(corpus, Connection.embedded(box.rest_url, box.image_base)) as process:
            process.communicate()
        assert process.returncode == 0
        return result(corpus), box.requests.total()


def test_killed_again_and_again_it_ends_the_same(whole, open_box, tmp_path):
    expected, requests = whole
    corpus, kills = tmp_path / "corpus", 0
    with open_box() as (box, connection):
        for share in (0.03, 0.2, 0.3, 0.25):
            with start(corpus, connection) as process:
                stop_after(box, int(requests * share), process, signal.SIGKILL)
            kills += process.returncode == -signal.SIGKILL
        with start(corpus, connection) as process:
            process.communicate()
        assert process.returncode == 0
        again = Counter((path, tuple(sorted(query.items()))) for path, query in box.log)
    assert kills == 4
    assert result(corpus) == expected
    files = Counter({asked: n for asked, n in again.items() if not dict(asked[1]).get("page")})
    assert sum(n - 1 for n in files.values()) <= kills * IN_FLIGHT + 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_saves_what_is_in_flight(number, whole, open_box, tmp_path):
    expected, requests = whole
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        with start(corpus, connection) as process:
            told = stop_after(box, requests // 2, process, number)
        assert process.returncode == 130
        assert told == "interrupted; to resume run the same command\n"
        before = box.requests.total()
        with start(corpus, connection) as process:
            process.communicate()
        assert process.returncode == 0
        assert before + 20 < box.requests.total() <= requests + 4
    assert result(corpus) == expected


def test_a_second_crawl_is_refused_while_one_runs(open_box, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection), start(corpus, connection) as first:
        while not box.requests.total():
            time.sleep(0.002)
        with start(corpus, connection) as second:
            told, _ = second.communicate()
        assert (second.returncode, "another crawl is running" in told) == (2, True)
        first.kill()
