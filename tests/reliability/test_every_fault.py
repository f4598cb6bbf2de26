"""Every fault at a fifth of all requests costs requests and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from corpus_worth import worth_of
from small_flickr import PLAN

from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.sandbox import Catalogue, Faults
from flickrexif.sandbox.faults import Fault

SHARE = 0.2
OF_THE_API = {Fault.UNAVAILABLE, Fault.SERVICE_DOWN, Fault.SEARCH_DOWN}


def only(kind, seed=0):
    """Faults of one kind, wherever it can occur."""
    rate = {kind: SHARE}
    return Faults(
        rates={} if kind is Fault.PLACEHOLDER else rate,
        image_rates={} if kind in OF_THE_API else rate,
        slow_s=0.02,
        seed=seed,
    )


def all_at_once(seed):
    return Faults.everywhere(SHARE, seed=seed, slow_s=0.02)


@pytest.fixture
def crowd():
    return Catalogue(2, 2_400, 40, first_month="2020-01", last_month="2020-01")


@pytest.mark.parametrize("kind", Fault)
def test_one_kind_of_fault_changes_nothing_but_the_cost(kind, clean_run, open_box, tmp_path):
    with open_box(faults=only(kind)) as (box, connection):
        crawl(tmp_path / "corpus", PLAN, connection=connection)
        assert box.faults_met[kind] >= 2
        assert set(box.faults_met) == {kind}
    assert worth_of(tmp_path / "corpus") == clean_run(box.catalogue)[0]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]
)
def test_all_faults_together_change_nothing_but_the_cost(seed, clean_run, open_box, tmp_path):
    with open_box(faults=all_at_once(seed)) as (box, connection):
        summary = crawl(tmp_path / "corpus", PLAN, connection=connection)
        assert len(box.faults_met) >= 8
    assert worth_of(tmp_path / "corpus") == clean_run(box.catalogue)[0]
    assert summary.failed == 0


@pytest.mark.long
def test_faults_in_a_month_that_must_be_split(crowd, clean_run, open_box, tmp_path):
    plan = CrawlPlan("2020-01", per_user_month=3)
    with open_box(crowd, faults=all_at_once(5), result_cap=300) as (_, connection):
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
    assert worth_of(tmp_path / "corpus") == clean_run(crowd, plan, result_cap=300)[0]
    assert worth_of(tmp_path / "corpus") == clean_run(crowd, plan)[0]
    assert summary.windows["split"] > 3


def test_faults_in_a_sampled_month(clean_run, open_box, tmp_path):
    crowd = Catalogue(2, 1_500, 30, first_month="2020-01", last_month="2020-01")
    plan = CrawlPlan("2020-01", per_month=30)
    with open_box(crowd, faults=all_at_once(6)) as (_, connection):
        crawl(tmp_path / "corpus", plan, connection=replace(connection, concurrency=3))
    worth = worth_of(tmp_path / "corpus")
    assert worth == clean_run(crowd, plan)[0]
    assert len(worth["accepted"]) == 30
