"""How a recheck asks: many photos by one search, the rest one by one, never much dearer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.rows import AcceptedPhoto
from flickrexif.crawling.halt import Halt
from flickrexif.errors import UpstreamError
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.info import PhotoInfo
from flickrexif.flickr.search import Candidate, SearchPage
from flickrexif.progress import Silent
from flickrexif.upkeep.agenda import Agenda
from flickrexif.upkeep.inspector import Inspector
from flickrexif.upkeep.summary import RecheckCount

START = datetime(2020, 1, 1)  # noqa: DTZ001 - the camera's clock
GONE = Failure("api", "Photo not found", code=1)
DOWN = Failure("status", "", status=502)
OWNER = "1@N00"


def accepted(photo_id, minute, owner=OWNER):
    taken = f"{START + timedelta(minutes=minute)}"
    return AcceptedPhoto(photo_id, owner, 4, "2020-01", taken, 1_578_000_000, None)


@dataclass
class FakeFlickr:
    """Owners' photos as (id, minute), pages of ``per_page``; counts what it is asked."""

    photos: dict[str, list[tuple[int, int]]]
    per_page: int = 5
    licenses: dict[int, int] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    failures: dict[object, Failure] = field(default_factory=dict)
    searches: int = 0
    infos: list[int] = field(default_factory=list)
    connection = SimpleNamespace(jobs=1)

    async def search(self, query, page):
        assert page == 1
        self.searches += 1
        if failure := self.failures.get(query.owner_id):
            raise RequestFailed(failure)
        moments = [
            (START + timedelta(minutes=minute), photo_id)
            for photo_id, minute in self.photos[query.owner_id]
            if photo_id not in self.hidden
        ]
        found = sorted(one for one in moments if query.taken_from <= one[0] <= query.taken_to)
        shown = [self.row(query.owner_id, *one) for one in found[: self.per_page]]
        pages = -(-len(found) // self.per_page)
        return SearchPage(1, pages, self.per_page, len(found), tuple(shown), 0)

    def row(self, owner, taken, photo_id):
        return Candidate(
            photo_id, owner, None, None, self.licenses.get(photo_id, 4), taken, True, 0, 1,
            "photo", None, None, None, None, None,
        )  # fmt: skip

    async def info(self, photo_id):
        self.infos.append(photo_id)
        owners = [owner for owner, photos in self.photos.items() if photo_id in dict(photos)]
        if failure := self.failures.get(photo_id):
            raise RequestFailed(failure)
        if not owners:
            raise RequestFailed(GONE)
        license_id = self.licenses.get(photo_id, 4)
        return PhotoInfo(
            photo_id, owners[0], license_id, True, 0, "photo", None, True, 0, None, None
        )


@dataclass
class FakeState:
    photos: list[AcceptedPhoto]
    checked: list[int] = field(default_factory=list)
    removed: dict[int, str] = field(default_factory=dict)
    relicensed: dict[int, int] = field(default_factory=dict)

    def accepted_photos(self, *, checked_before):
        return iter(sorted(self.photos, key=lambda photo: (photo.owner_id, photo.photo_id)))

    def accepted_among(self, photo_ids):
        by_id = {photo.photo_id: photo for photo in self.photos}
        return [by_id[photo_id] for photo_id in photo_ids]

    def set_checked(self, photo_ids, at):
        self.checked += photo_ids

    def remove(self, photo_ids, reason):
        self.removed |= dict.fromkeys(photo_ids, reason)

    def set_license(self, photo_id, license_id):
        self.relicensed[photo_id] = license_id


def inspect(flickr, photos, **words):
    state, count = FakeState(photos), RecheckCount()

    async def save(write):
        write()

    ledger = SimpleNamespace(state=state, save=save)
    inspector = Inspector(
        ledger=ledger,
        client=flickr,
        wanted=frozenset({4, 9}),
        halt=Halt(),
        progress=Silent(),
        count=count,
        checked_before=0,
        clock=lambda: 0.0,
        **words,
    )
    try:
        asyncio.run(inspector.run())
    finally:
        assert sorted(state.checked) == sorted(set(state.checked))
        assert count.checked == len(state.checked)
    return state, count


LIBRARIES = st.dictionaries(st.integers(1, 10**6), st.integers(0, 300), min_size=1, max_size=60)


@given(LIBRARIES, st.data())
def test_everything_is_found_out_for_at_most_one_call_more_than_one_each(library, data):
    ids = sorted(library)
    due = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=1))
    gone = set(data.draw(st.lists(st.sampled_from(due), unique=True)))
    hidden = frozenset(data.draw(st.lists(st.sampled_from(due), unique=True))) - gone
    moved = dict.fromkeys(data.draw(st.lists(st.sampled_from(due), unique=True)), 9)
    there = [(photo_id, minute) for photo_id, minute in library.items() if photo_id not in gone]
    flickr = FakeFlickr({OWNER: there}, hidden=hidden, licenses=moved)
    state, count = inspect(flickr, [accepted(photo_id, library[photo_id]) for photo_id in due])
    assert sorted(state.checked) == sorted(due)
    assert state.removed == dict.fromkeys(gone, "gone")
    assert state.relicensed == {id_: 9 for id_ in moved if id_ not in gone}
    assert set(flickr.infos) >= gone | hidden | set(state.relicensed)
    assert flickr.searches + len(flickr.infos) <= len(due) + 1
    assert count.failed == 0


def test_photos_far_apart_cost_one_search_each_and_nothing_between_is_paged_through():
    photos = [(number, number) for number in range(1, 1001)]
    flickr = FakeFlickr({OWNER: photos})
    inspect(flickr, [accepted(number, number) for number in (1, 2, 3, 500, 501, 999, 1000)])
    assert (flickr.searches, flickr.infos) == (3, [])


def test_a_photo_alone_is_asked_for_by_itself():
    flickr = FakeFlickr({OWNER: [(1, 1)]})
    inspect(flickr, [accepted(1, 1)])
    assert (flickr.searches, flickr.infos) == (0, [1])


def test_an_owner_hidden_from_searches_is_searched_once():
    photos = [(number, number) for number in range(1, 31)]
    flickr = FakeFlickr({OWNER: photos}, hidden=frozenset(range(1, 31)))
    state, _ = inspect(flickr, [accepted(*photo) for photo in photos])
    assert (flickr.searches, len(flickr.infos), state.removed) == (1, 30, {})


def test_each_photo_can_be_asked_for_by_itself():
    """As a search may go on listing what is gone."""
    listed = [(1, 1), (2, 2), (3, 3)]
    flickr = FakeFlickr({OWNER: listed}, failures={2: GONE})
    assert inspect(flickr, [accepted(*photo) for photo in listed])[0].removed == {}
    state, _ = inspect(flickr, [accepted(*photo) for photo in listed], each=True)
    assert state.removed == {2: "gone"}


@pytest.mark.parametrize("code", [2, 5])
def test_the_photos_of_a_closed_account_are_asked_for_before_they_go(code):
    closed = Failure("api", "Unknown user", code=code)
    flickr = FakeFlickr({"2@N00": [(3, 3)]}, failures={OWNER: closed})
    state, count = inspect(flickr, [accepted(1, 1), accepted(2, 2), accepted(3, 3, "2@N00")])
    assert state.removed == {1: "gone", 2: "gone"}
    assert (flickr.searches, flickr.infos, count.failed) == (1, [1, 2, 3], 0)


def test_a_failed_question_drops_nothing_and_marks_nothing():
    flickr = FakeFlickr({OWNER: [(1, 1), (2, 2)], "2@N00": [(3, 3)]}, failures={OWNER: DOWN})
    state, count = inspect(flickr, [accepted(1, 1), accepted(2, 2), accepted(3, 3, "2@N00")])
    assert (state.checked, state.removed, count.failed) == ([3], {}, 2)
    flickr = FakeFlickr({OWNER: [(1, 1)]}, failures={1: DOWN})
    state, count = inspect(flickr, [accepted(1, 1)])
    assert (state.checked, state.removed, count.failed) == ([], {}, 1)


def test_an_outage_ends_the_recheck():
    owners = [f"{number:02}@N00" for number in range(20)]
    photos = [accepted(number, number, owner) for number, owner in enumerate(owners, start=1)]
    flickr = FakeFlickr(
        {photo.owner_id: [(photo.photo_id, 1)] for photo in photos},
        failures={photo.photo_id: DOWN for photo in photos},
    )
    with pytest.raises(UpstreamError, match=r"does not answer \(http_502, 8 times in a row\)"):
        inspect(flickr, photos)
    assert len(flickr.infos) == 8


def test_owner_after_owner_without_a_photo_left_looks_like_a_fault_of_flickr():
    photos = [accepted(number, number, f"{number:03}@N00") for number in range(1, 100)]
    flickr = FakeFlickr({})
    with pytest.raises(UpstreamError, match="knows no photo of 25 owners in a row"):
        inspect(flickr, photos)
    assert len(flickr.infos) == 25


def test_photos_without_a_taken_date_are_asked_for_by_themselves():
    undated = AcceptedPhoto(7, OWNER, 4, "2020-01", None, 1_578_000_000, None)
    flickr = FakeFlickr({OWNER: [(1, 1), (2, 2), (7, 0)]})
    state, _ = inspect(flickr, [accepted(1, 1), accepted(2, 2), undated])
    assert (flickr.searches, flickr.infos, sorted(state.checked)) == (1, [7], [1, 2, 7])


@given(st.lists(st.integers(1, 7), max_size=12), st.integers(1, 9))
def test_an_agenda_keeps_owners_together_and_loses_nobody(sizes, size):
    photos = [
        accepted(100 * owner + number, number, f"{owner:03}@N00")
        for owner, count in enumerate(sizes)
        for number in range(1, count + 1)
    ]
    agenda = Agenda.of(photos)
    parts = list(agenda.parts(size))
    assert [id_ for part in parts for id_ in part] == [photo.photo_id for photo in photos]
    assert len(agenda) == len(photos)
    assert all(len(part) >= size for part in parts[:-1])
    owners = [{id_ // 100 for id_ in part} for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners))
