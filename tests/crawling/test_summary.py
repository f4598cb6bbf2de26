"""What a crawl is told to have come to."""

from __future__ import annotations

import json

import pytest
from small_states import accepted
from standing_candidates import add_candidates

from flickrexif.console import to_json
from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.rows import WindowRow
from flickrexif.crawling.summary import Baseline, summarize

YEARS = CrawlPlan("2020-01..2023-12")
MONTH = CrawlPlan("2020-01")


@pytest.fixture
def state(tmp_path):
    with Corpus.create(tmp_path, YEARS, endpoint="here").state() as state:
        yield state


def told(state, plan=MONTH, **words):
    return "\n".join(summarize(state, plan, **words).lines())


def test_every_candidate_stands_in_one_column(state):
    with state.transaction():
        add_candidates(state, "2020-01", "accepted", number=4)
        add_candidates(state, "2020-01", "rejected", "no_exif", number=3)
        add_candidates(state, "2020-01", "failed", "http_500", number=2)
        add_candidates(state, "2020-01", "removed")
        add_candidates(state, "2020-01", number=5)
    summary = summarize(state, MONTH)
    (month,) = summary.months
    assert (month.accepted, month.rejected, month.failed, month.removed) == (4, 3, 2, 1)
    assert (month.unneeded, month.listed) == (5, 15)
    assert (summary.accepted, summary.failed, summary.removed) == (4, 2, 1)
    assert summary.rejected == {"no_exif": 3}
    assert "accepted 4 photos of 15 listed, 2 failed for now" in summary.lines()
    assert "photos removed later: 1" in summary.lines()


def test_four_years_are_an_aligned_table_with_every_month(state):
    with state.transaction():
        add_candidates(state, "2021-05", "accepted", number=12)
    lines = summarize(state, YEARS).lines()[:49]
    assert lines[0].split()[:3] == ["month", "listed", "accepted"]
    assert [line[:7] for line in lines[1:]] == [str(month) for month in YEARS.each_month]
    ends = {line.index(cell) + len(cell) for line, cell in zip(lines, ["accepted"], strict=False)}
    assert all(line[end - 1].strip() for line in lines for end in ends)
    assert max(map(len, lines)) < 80


def test_completeness_stands_with_its_interval(state):
    with state.transaction():
        add_candidates(state, "2020-01", number=60)
        add_candidates(state, "2020-01", number=20, sweeps=(1,))
        add_candidates(state, "2020-01", number=15, sweeps=(2,))
    (month,) = summarize(state, MONTH).months
    assert month.completeness.listed == 95
    assert month.completeness.low < month.completeness.share < month.completeness.high
    assert told(state).splitlines()[1].endswith("  95.1 % (89.6-100.0)")


def test_one_pass_tells_no_completeness_and_a_sample_says_so(state):
    with state.transaction():
        add_candidates(state, "2020-01", number=60, sweeps=(1,))
    assert told(state).splitlines()[1].split()[-1] == "-"
    sampled = CrawlPlan("2020-01", per_month=5)
    assert told(state, sampled).splitlines()[1].split()[-1] == "sampled"
    assert summarize(state, sampled).is_sampled


def test_requests_are_told_by_cause_for_each_accepted_photo(state):
    with state.transaction():
        add_candidates(state, "2020-01", "accepted", number=1000)
        state.add_calls({"api search": 85, "api exif": 129, "api recheck": 900, "api info": 90})
        state.add_calls({"image head": 940, "image large": 1000, "retry http_429": 3})
    lines = summarize(state, MONTH).lines()
    assert "API calls per accepted photo: 0.214 (exif 0.129, search 0.085)" in lines
    assert "image requests per accepted photo: 1.94 (large 1.00, head 0.94)" in lines
    assert "repeated after: http_429 3" in lines
    assert summarize(state, MONTH).calls_per_accepted == pytest.approx(0.214)


def test_without_accepted_photos_requests_are_only_counted(state):
    with state.transaction():
        state.add_calls({"api search": 85})
    lines = summarize(state, MONTH).lines()
    assert "API calls: search 85" in lines
    assert "image requests: none" in lines
    assert summarize(state, MONTH).calls_per_accepted is None


def test_a_window_that_was_cut_is_told_plainly_and_once(state):
    first, last = "2020-01-05 10:00:00", "2020-01-05 10:00:59"
    with state.transaction():
        for sweep in (1, 2):
            state.add_window(WindowRow("2020-01", 4, first, last, sweep, "cut", 9000, 4000, 0), [])
    summary = summarize(state, MONTH)
    assert summary.windows == {"cut": 2}
    assert summary.cut_windows == 1
    assert "windows that hold more than Flickr tells: 1 " in told(state)


def test_the_same_image_under_two_owners_is_counted(state):
    with state.transaction():
        (one,) = add_candidates(state, "2020-01", owner="1@N00")
        (other,) = add_candidates(state, "2020-01", owner="2@N00")
        for photo, owner in ((one, "1@N00"), (other, "2@N00")):
            state.add_outcome(accepted(photo, owner, content=b"the same"))
    assert summarize(state, MONTH).duplicates == 2
    assert "photos whose image another owner has too: 2" in told(state)


def test_a_run_tells_what_it_has_added_itself(state):
    with state.transaction():
        add_candidates(state, "2020-01", "accepted", number=3)
        state.add_calls({"api search": 4, "image large": 3})
    before = Baseline.of(state)
    with state.transaction():
        add_candidates(state, "2020-01", "accepted", number=1200)
        state.add_calls({"api search": 10, "image large": 1200, "image head": 900})
    summary = summarize(state, MONTH, before=before)
    assert summary.lines()[-1] == (
        "this run: +1,200 accepted, +10 API calls, +2,100 image requests"
    )
    assert summary == summarize(state, MONTH)


def test_the_summary_is_plain_json(state):
    with state.transaction():
        add_candidates(state, "2020-01", "accepted", number=3)
    found = json.loads(to_json(summarize(state, MONTH)))
    assert found["months"][0]["completeness"]["share"] == 1
    assert found["run"] == {"accepted": 3, "api_calls": 0, "image_requests": 0}
