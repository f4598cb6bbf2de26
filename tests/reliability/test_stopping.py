"""Every way to stop a crawl but a SIGKILL, and what a second crawl meets."""

from __future__ import annotations

import signal
import socket
import time
from random import Random

import pytest
from corpus_worth import asked_of, worth_of
from lives import wait_until

from flickrexif.corpus import Corpus
from flickrexif.crawling import status
from flickrexif.sandbox import Faults

IN_FLIGHT = 8
"""Photos under way at once."""
CALLS_OF_A_PHOTO = 2
"""Its EXIF and its image; both are saved when both are there."""
INTERRUPTED, USAGE = 130, 2
SLOW = Faults(rates={"slow": 1.0}, image_rates={"slow": 1.0}, persistence=10**6, slow_s=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "requests", [0, 40, *(pytest.param(count, marks=pytest.mark.long) for count in (3, 90))]
)
def test_asked_to_stop_it_saves_what_is_in_flight(
    number, requests, clean_run, open_box, begin, tmp_path
):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        expected, asked = clean_run(box.catalogue)
        life = begin(corpus, connection)
        wait_until(lambda: life.phase and box.requests.total() >= requests, life)
        life.send(number)
        assert life.wait() == INTERRUPTED
        assert life.message.startswith("interrupted; to resume run the same command")
        assert len(life.message.splitlines()) == 1
        assert begin(corpus, connection).wait() == 0
        assert (asked_of(box) - asked).total() <= (0 if requests > 20 else 2)
    assert worth_of(corpus) == expected


def test_asked_twice_it_stops_at_once(clean_run, open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box(faults=SLOW) as (box, connection):
        life = begin(corpus, connection)
        wait_until(lambda: box.requests.total() >= 3, life)
        life.send(signal.SIGINT)
        time.sleep(0.2)
        life.send(signal.SIGINT)
        assert life.wait(30) == INTERRUPTED
        assert len(life.message.strip().splitlines()) == 1
    with open_box() as (box, connection):
        assert begin(corpus, connection).wait() == 0
    assert worth_of(corpus) == clean_run(box.catalogue)[0]


def test_a_closed_terminal_leaves_a_state_that_resumes(clean_run, open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        expected, asked = clean_run(box.catalogue)
        for requests in (30, 60):
            life = begin(corpus, connection)
            wait_until(lambda least=requests: box.requests.total() > least, life)
            life.send(signal.SIGHUP)
            assert life.wait() in (INTERRUPTED, -signal.SIGHUP)
        assert begin(corpus, connection).wait() == 0
        assert (asked_of(box) - asked).total() <= 2 * IN_FLIGHT * CALLS_OF_A_PHOTO
    assert worth_of(corpus) == expected


def test_halted_and_continued_it_ends_the_same(clean_run, open_box, begin, tmp_path):
    corpus, rng = tmp_path / "corpus", Random(1)
    with open_box() as (box, connection):
        expected, asked = clean_run(box.catalogue)
        life = begin(corpus, connection)
        while life.is_alive:
            time.sleep(rng.uniform(0, 0.06))
            life.send(signal.SIGSTOP)
            time.sleep(rng.uniform(0.01, 0.1))
            life.send(signal.SIGCONT)
        assert life.wait() == 0
        assert asked_of(box) == asked
    assert worth_of(corpus) == expected


def test_a_machine_that_slept_finds_its_connections_gone(clean_run, open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box(port=free_port()) as (box, connection):
        life = begin(corpus, connection)
        for _ in range(3):
            before = box.requests.total()
            wait_until(lambda least=before: box.requests.total() > least + 20, life)
            life.send(signal.SIGSTOP)
            box.close()
            box.start()
            life.send(signal.SIGCONT)
        assert life.wait() == 0, life.message
    assert worth_of(corpus) == clean_run(box.catalogue)[0]


def test_being_looked_at_changes_nothing(clean_run, open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        expected, asked = clean_run(box.catalogue)
        life = begin(corpus, connection)
        wait_until((corpus / "state.sqlite").exists, life)
        seen = []
        while life.is_alive:
            seen.append(status(corpus).accepted)
            Corpus.open(corpus).accepted()
        assert life.wait() == 0, life.message
        assert asked_of(box) == asked
    assert len(set(seen)) > 3
    assert seen == sorted(seen)
    assert worth_of(corpus) == expected


def test_a_second_crawl_is_refused_and_the_first_unharmed(clean_run, open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        expected, asked = clean_run(box.catalogue)
        first = begin(corpus, connection)
        wait_until(lambda: box.requests.total() > 5, first)
        first.send(signal.SIGSTOP)
        second = begin(corpus, connection)
        assert second.wait() == USAGE
        assert "another crawl is running" in second.message
        first.send(signal.SIGCONT)
        assert first.wait() == 0
        assert asked_of(box) == asked
    assert worth_of(corpus) == expected


def test_a_killed_crawl_leaves_no_lock(open_box, begin, tmp_path):
    corpus = tmp_path / "corpus"
    with open_box() as (box, connection):
        first = begin(corpus, connection)
        wait_until(lambda: box.requests.total() > 5, first)
        first.end()
        assert begin(corpus, connection).wait() == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
