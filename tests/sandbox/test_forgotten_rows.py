from __future__ import annotations

from dataclasses import replace

import httpx
from flat_renderer import FlatRenderer

from flickrexif.sandbox import Catalogue, Quirks, Sandbox
from flickrexif.sandbox.catalogue import SORTS

CATALOGUE = Catalogue(seed=3, photos=300, owners=20)


def found(quirks, sort="date-taken-asc"):
    """The ids that a search shows, and the total it tells."""
    arguments = {
        "method": "flickr.photos.search",
        "format": "json",
        "nojsoncallback": "1",
        "api_key": "0" * 32,
        "min_taken_date": "2019-01-01 00:00:00",
        "per_page": "500",
        "sort": sort,
    }
    box = Sandbox(catalogue=CATALOGUE, quirks=quirks, renderer=FlatRenderer(), workers=0)
    with box, httpx.Client(trust_env=False) as http:
        photos = http.get(box.rest_url, params=arguments).json()["photos"]
    return {photo["id"] for photo in photos["photo"]}, photos["total"]


def test_each_sort_order_forgets_its_own_share_of_the_photos():
    quirks = Quirks(forgotten_rows=0.1)
    forgotten = {
        sort: {photo for photo in range(5_000) if quirks.forgets(photo, sort, 0)} for sort in SORTS
    }
    assert all(430 < len(some) < 570 for some in forgotten.values())
    assert 25 < len(forgotten["date-taken-asc"] & forgotten["date-posted-desc"]) < 80
    assert not any(Quirks().forgets(photo, "date-taken-asc", 0) for photo in range(100))


def test_forgotten_photos_are_not_shown_though_the_total_counts_them():
    forgetful = replace(Quirks.none(), forgotten_rows=0.3)
    (shown, total), (some, told) = found(Quirks.none()), found(forgetful)
    others, _ = found(forgetful, sort="date-posted-desc")
    assert some < shown
    assert 0.55 < len(some) / len(shown) < 0.85
    assert told == total
    assert others != some
    assert len(some | others) > 0.8 * len(shown)
