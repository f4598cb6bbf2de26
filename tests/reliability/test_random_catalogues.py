"""What is accepted, and looked at, is what greed by seeded hash names, whatever the catalogue."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from foretold import foretell
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from small_flickr import OpenBox

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.sandbox import Catalogue, Faults

LONGEST = {"large": 801, "medium": 800, "original": 0, "none": 0}
"""The least longest edge of an original of which Flickr makes the size."""

PLANS = st.builds(
    CrawlPlan,
    months=st.sampled_from(["2020-01", "2020-01..2020-02"]),
    licenses=st.sampled_from(["permissive", "all", "4", "5,9"]),
    per_user_month=st.integers(1, 12),
    per_month=st.none() | st.integers(1, 60),
    passes=st.integers(1, 2),
    size=st.sampled_from(["none", "none", "medium", "large", "original"]),
    exif_from=st.sampled_from(["auto", "api"]),
    seed=st.integers(-(2**70), 2**70),
)
CATALOGUES = st.builds(
    Catalogue,
    seed=st.integers(0, 10**6),
    photos=st.integers(1, 250),
    owners=st.integers(1, 40),
    first_month=st.just("2020-01"),
    last_month=st.just("2020-02"),
)


ARCHIVE = {
    "catalogue": Catalogue(3, 3_000, 21, first_month="2020-01", last_month="2020-01"),
    "plan": CrawlPlan("2020-01", licenses="7", per_user_month=2, size="none"),
}
"""A month in which one owner has many scans and no photo with EXIF."""


@example(**ARCHIVE, concurrency=8, faults=0.2)
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    catalogue=CATALOGUES,
    plan=PLANS,
    concurrency=st.integers(1, 8),
    faults=st.sampled_from([0.0, 0.0, 0.2]),
)
def test_a_crawl_accepts_and_looks_at_what_greed_names(catalogue, plan, concurrency, faults):
    words = {"faults": Faults.everywhere(faults, slow_s=0.01)}
    with tempfile.TemporaryDirectory() as folder, OpenBox(catalogue, **words) as (box, connection):
        corpus = Path(folder) / "corpus"
        crawl(corpus, plan, connection=replace(connection, concurrency=concurrency))
        accepted = Corpus.open(corpus).accepted()["photo_id"].to_list()
    told = foretell(catalogue, plan, longest=LONGEST[plan.size])
    assert accepted == sorted(told.accepted)
    assert looked_at(box) == told.looked_at


def looked_at(box) -> set[int]:
    """The photos for which anything was asked but a search."""
    files = (re.search(r"/(\d+)_[0-9a-f]+(?:_\w)?\.", path) for path, _ in box.log)
    asked = (query["photo_id"] for _, query in box.log if "photo_id" in query)
    return {int(file[1]) for file in files if file} | {int(photo_id) for photo_id in asked}
