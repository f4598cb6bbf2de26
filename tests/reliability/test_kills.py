"""Two hundred SIGKILLs at random moments: each corpus ends as if nothing had happened."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from contextlib import closing
from random import Random

import pytest
from corpus_worth import asked_of, worth_of
from lives import wait_until

from flickrexif.crawling import CrawlPlan, status
from flickrexif.sandbox import Catalogue

KILLS = 34
"""Of each of the six cases."""
IN_FLIGHT = 8
"""The concurrency of an embedded connection."""


def catalogue(seed, photos, owners, months=("2020-01", "2020-02")):
    return Catalogue(seed, photos, owners, first_month=months[0], last_month=months[-1])


# name: (catalogue, plan, further words of the sandbox)
CASES = {
    "two months": (catalogue(0, 240, 20), CrawlPlan("2020-01..2020-02", per_user_month=4), {}),
    "without images": (
        catalogue(1, 400, 30, ("2020-01", "2020-04")),
        CrawlPlan("2020-01..2020-04", size="none"),
        {},
    ),
    "crowded": (
        catalogue(2, 1_500, 30, ("2020-01",)),
        CrawlPlan("2020-01", per_user_month=3, size="original"),
        {"result_cap": 300},
    ),
    "by the API": (catalogue(3, 240, 20), CrawlPlan("2020-01..2020-02", exif_from="api"), {}),
    "another seed": (
        catalogue(4, 300, 25),
        CrawlPlan("2020-01..2020-02", licenses="all", per_user_month=6, size="medium", seed=7),
        {},
    ),
    "sampled": (
        catalogue(5, 900, 40, ("2020-01", "2020-02")),
        CrawlPlan("2020-01..2020-02", per_month=40),
        {},
    ),
}


class Killer:
    """Kills lives at moments drawn from a seed and counts in which phase it hit."""

    def __init__(self, seed, phases):
        self._rng, self._phases = Random(seed), phases
        self.kills = 0
        self.hit = Counter()

    @property
    def is_done(self) -> bool:
        """True after enough kills, when every phase was hit, or is out of reach."""
        return self.kills >= (2 * KILLS if self._missed else KILLS)

    @property
    def _missed(self) -> list[str]:
        return [phase for phase in self._phases if not self.hit[phase]]

    def strike(self, life, box, corpus) -> bool:
        """Kill the life unless it ends before the moment comes; whether it was killed."""
        rng = self._rng
        moments = self._missed if self.kills >= KILLS else ["clock", "requests", *self._phases]
        match rng.choice(moments):
            case "clock":
                time.sleep(rng.uniform(0, 0.2))
            case "closing":
                wait_until(lambda: any(corpus.glob("images/.*.partial")), life)
                time.sleep(rng.uniform(0, 0.004))
            case "settling":
                before = set(corpus.glob("images/*.parquet"))
                wait_until(lambda: set(corpus.glob("images/*.parquet")) - before, life)
                time.sleep(rng.uniform(0, 0.001))
            case "listing" if self.kills >= KILLS:  # it is short, and few kills hit it
                wait_until(lambda: is_listing(life.phase), life)
                time.sleep(rng.uniform(0, 0.02))
            case "second pass":
                wait_until(lambda: "again" in life.phase, life)
                time.sleep(rng.uniform(0, 0.1))
            case _:
                wanted = box.requests.total() + rng.randint(1, 40)
                wait_until(lambda: box.requests.total() >= wanted, life)
        if life.end() != -signal.SIGKILL:
            return False
        self.kills += 1
        self.hit[phase_of_death(corpus, life.phase)] += 1
        return True


def phases_of(plan) -> list[str]:
    closing = [] if plan.size == "none" else ["closing", "settling"]
    again = ["second pass"] if plan.per_month is None else []
    return ["listing", *again, "looking", *closing]


def phase_of_death(corpus, told) -> str:
    """In which phase a process died, from what it left on the disk and what it told last."""
    if any(corpus.glob("images/.*.partial")):
        return "closing"
    shards = {file.name for file in corpus.glob("images/*.parquet")}
    if shards and shards - recorded_shards(corpus):
        return "settling"
    if not told:
        return "starting"
    if "again" in told:
        return "second pass"
    return "listing" if is_listing(told) else "looking"


def is_listing(told) -> bool:
    return told.startswith(("listing", "sampling")) and "again" not in told


def recorded_shards(corpus) -> set[str]:
    """The shards that the state knows, read from a copy, so that the state stays as it died."""
    with tempfile.TemporaryDirectory() as folder:
        for file in corpus.glob("state.sqlite*"):
            shutil.copy(file, folder)
        with closing(sqlite3.connect(f"{folder}/state.sqlite")) as sql:
            return {name for (name,) in sql.execute("SELECT name FROM shards")}


LONG = ("crowded", "without images", "by the API", "another seed")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in CASES],
)
def test_killed_at_random_moments_it_ends_the_same(name, clean_run, open_box, begin, tmp_path):
    catalogue, plan, words = CASES[name]
    expected, asked_once = clean_run(catalogue, plan, **words)
    assert len(expected["accepted"]) > 40
    phases = phases_of(plan)
    killer, number, repeated = Killer(name, phases), 0, 0
    while not killer.is_done:
        number += 1
        corpus = tmp_path / f"corpus-{number}"
        with open_box(catalogue, **words) as (box, connection):
            while not killer.is_done:
                life = begin(corpus, connection, plan)
                if not killer.strike(life, box, corpus):
                    assert life.wait() == 0, life.message
                    break
                if killer.kills % 3 == 0 and (corpus / "corpus.toml").exists():
                    assert len(status(corpus).months) == len(plan.each_month)
            assert begin(corpus, connection, plan).wait() == 0
            repeated += (asked_of(box) - asked_once).total()
        assert worth_of(corpus) == expected
    assert killer.kills >= KILLS
    assert repeated <= killer.kills * IN_FLIGHT, killer.hit
    assert all(killer.hit[phase] for phase in phases), killer.hit
