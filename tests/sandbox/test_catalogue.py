"""The catalogue: the same for everyone, searched exactly, uneven as people are."""

from __future__ import annotations

import pickle
from collections import Counter
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.sandbox.catalogue import SORTS, Catalogue, CataloguePlan

FIRST, LAST = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-04-30")
PERMISSIVE = (4, 5, 7, 8, 9, 10, 11, 12)


@pytest.fixture(scope="module")
def whole() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="module")
def small() -> Catalogue:
    return Catalogue(3, 600, 40, first_month="2020-01", last_month="2020-04")


def test_the_same_plan_gives_the_same_photos():
    one, other = (Catalogue(5, 300, 20) for _ in range(2))
    assert list(one) == list(other)
    assert list(one)[:50] != list(Catalogue(6, 300, 20))[:50]


def test_a_plan_opens_its_catalogue_once():
    plan = CataloguePlan(5, 300, 20)
    assert plan.open() is CataloguePlan(5, 300, 20).open()
    assert plan.open().plan == plan


def test_photos_are_pickled_and_hashed(small):
    for photo in small.search()[:20]:
        assert pickle.loads(pickle.dumps(photo)) == photo
        assert hash(photo) == hash(small.photo(photo.id))


def test_ids_rise_with_upload_in_flickrs_range(whole):
    ids = whole.listing.ids
    assert (np.diff(ids) > 0).all()
    assert (np.diff(whole.listing.uploaded) >= 0).all()
    assert 46_000_000_000 < ids[0] < ids[-1] < 56_000_000_000


def test_uploads_follow_the_capture_by_minutes_to_weeks(whole):
    delay = whole.listing.uploaded - whole.listing.captured
    assert delay.min() > -10 * 3600, "a time zone at most"
    assert delay.max() < 60 * 86_400
    assert 3600 < np.median(delay) < 3 * 86_400


def test_shares_are_those_of_the_plan(whole):
    listing = whole.listing
    assert 0.55 < np.isin(listing.license, PERMISSIVE).mean() < 0.75
    assert 0.04 < listing.unknown.mean() < 0.09
    assert 0.05 < (listing.origin > 0).mean() < 0.11
    assert 0.002 < (listing.granularity > 0).mean() < 0.03
    assert 0.01 < (listing.visible == 1).mean() < 0.02
    assert 0.002 < (listing.visible == 2).mean() < 0.008
    assert 0.03 < np.mean([owner.hides_exif for owner in whole.owners()]) < 0.10


def test_no_licence_of_2025_before_its_day(whole):
    assert whole.listing.license.max() <= 10
    late = Catalogue(0, 2000, 40, first_month="2025-08", last_month="2025-10")
    assert {11, 12} <= set(late.listing.license.tolist())
    assert not set(late.listing.license.tolist()) & {1, 2, 3, 4, 5, 6}


def test_a_few_owners_shoot_most(whole):
    counts = np.sort(np.bincount(whole.listing.owner))[::-1]
    assert counts[:40].sum() > 0.35 * len(whole)
    assert np.median(counts) < 0.8 * counts.mean()


def test_makes_are_all_well_represented(whole):
    cameras = whole.cameras()
    assert 28 <= len(cameras) <= 40
    assert len({(camera.make, camera.model) for camera in cameras}) == len(cameras)
    used = whole.listing.camera[whole.listing.camera >= 0]
    makes = Counter(cameras[number].make for number in used.tolist())
    assert len(makes) == 9
    assert min(makes.values()) > 1000
    assert sum(camera.model.startswith("iPhone") for camera in cameras) >= 5


def test_no_camera_is_used_before_it_was_released(whole):
    listing = whole.listing
    released = np.array([camera.released for camera in whole.cameras()])
    year = listing.captured.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
    known = listing.camera >= 0
    assert (released[listing.camera[known]] <= year[known]).all()


def test_phones_get_commoner_with_the_years(whole):
    listing = whole.listing
    phone = np.array([camera.is_phone for camera in whole.cameras()])
    year = listing.captured.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
    share = {
        y: phone[listing.camera[(year == y) & (listing.camera >= 0)]].mean() for y in set(year)
    }
    assert share[2024] > share[2019] + 0.05


def test_every_owner_has_one_to_three_cameras(whole):
    kits = [len(who.kit()) for who in whole.habits if not who.owner.floods]
    assert set(kits) == {1, 2, 3}


def test_an_archive_floods_single_days_with_scans(whole):
    archives = [owner for owner in whole.owners() if owner.floods]
    assert len(archives) == 2
    for archive in archives:
        photos = whole.search(owner=archive.nsid)
        days = Counter(photo.uploaded // 86_400 for photo in photos)
        assert max(days.values()) > 50
        assert all(photo.origin == "scan" and photo.camera is None for photo in photos[:20])


def test_outings_burst_on_single_days(whole):
    listing = whole.listing
    days = Counter(zip(listing.owner.tolist(), (listing.captured // 86_400).tolist(), strict=True))
    assert max(days.values()) > 15
    assert sum(count for count in days.values() if count > 3) > 0.4 * len(whole)


def test_unknown_dates_are_no_capture_dates(small):
    unknown = [photo for photo in small if photo.taken_unknown]
    assert unknown
    assert sum(photo.taken != photo.captured for photo in unknown) > 0.8 * len(unknown)
    known = [photo for photo in small if not photo.taken_unknown and not photo.taken_granularity]
    assert all(photo.taken == photo.captured for photo in known)
    for photo in small:
        if photo.taken_granularity == 6:
            assert (photo.taken.month, photo.taken.day, photo.taken.hour) == (1, 1, 0)


def test_months_count_every_photo_once(small):
    months = small.months()
    assert sum(months.values()) == len(small) == 600
    assert list(months) == sorted(months)
    assert {"2020-01", "2020-02", "2020-03", "2020-04"} <= set(months)


def test_photo_finds_holes_too_and_nothing_else(small):
    ids = small.listing.ids.tolist()
    assert [small.photo(number).id for number in ids] == ids
    assert {small.photo(number).visible for number in ids} >= {"public", "deleted"}
    assert small.photo(ids[0] - 1) is None
    assert small.photo(ids[-1] + 1) is None


def test_owners_are_found_by_any_name(small):
    for owner in small.owners():
        assert small.owner(owner.nsid) == owner
    named = next(owner for owner in small.owners() if owner.path_alias)
    assert small.owner(named.path_alias) == named
    assert small.owner("nobody@N00") is None
    assert len(small.search(owner="nobody@N00")) == 0


moments = st.datetimes(min_value=FIRST, max_value=LAST).map(lambda m: m.replace(microsecond=0))


@given(
    taken=st.tuples(st.none() | moments, st.none() | moments),
    uploaded=st.tuples(st.none() | moments, st.none() | moments),
    licenses=st.none() | st.sampled_from([0, 4, 5]) | st.frozensets(st.integers(0, 10), min_size=1),
    owner=st.none() | st.integers(0, 39),
    sort=st.sampled_from(SORTS),
)
@settings(max_examples=30, deadline=None)
def test_search_is_what_a_plain_filter_finds(taken, uploaded, licenses, owner, sort):
    catalogue = CataloguePlan(3, 300, 40, "2020-01", "2020-04").open()
    seconds = [None if m is None else int(np.datetime64(m, "s").astype(int)) for m in uploaded]
    nsid = None if owner is None else catalogue.owners()[owner].nsid
    allowed = {licenses} if isinstance(licenses, int) else licenses

    def fits(photo):
        return (
            (taken[0] is None or photo.taken >= taken[0])
            and (taken[1] is None or photo.taken <= taken[1])
            and (seconds[0] is None or photo.uploaded >= seconds[0])
            and (seconds[1] is None or photo.uploaded <= seconds[1])
            and (allowed is None or photo.license in allowed)
            and (nsid is None or photo.owner.nsid == nsid)
        )

    found = catalogue.search(
        taken_from=taken[0],
        taken_to=taken[1],
        uploaded_from=seconds[0],
        uploaded_to=seconds[1],
        license=licenses,
        owner=nsid,
        sort=sort,
    )
    assert sorted(found.ids) == [photo.id for photo in everything(catalogue) if fits(photo)]
    if sort.startswith("date-"):
        column = "uploaded" if "posted" in sort else "taken"
        dates = [getattr(photo, column) for photo in found]
        assert dates == sorted(dates, reverse=sort.endswith("desc"))


def test_intervals_are_closed_at_both_ends(small):
    for photo in small.search()[:50]:
        same_second = small.search(taken_from=photo.taken, taken_to=photo.taken)
        assert photo.id in same_second.ids
        same_second = small.search(uploaded_from=photo.uploaded, uploaded_to=photo.uploaded)
        assert photo.id in same_second.ids


def everything(catalogue, kept={}):  # noqa: B006 - kept over the examples on purpose
    return kept.setdefault(catalogue.plan, list(catalogue))


def test_a_search_is_a_sequence(small):
    found = small.search(sort="date-posted-asc")
    assert [photo.id for photo in found[10:13]] == found.ids[10:13]
    assert found[-1].id == found.ids[-1]
    assert len(found[595:700]) == 5
    with pytest.raises(IndexError):
        found[600]


def test_bad_words_are_refused(small):
    with pytest.raises(UsageError, match="'newest'"):
        small.search(sort="newest")
    with pytest.raises(UsageError, match="2020-13"):
        Catalogue(first_month="2020-13")
    with pytest.raises(UsageError, match="no catalogue"):
        Catalogue(first_month="2020-02", last_month="2020-01")


def test_settings_agree_with_one_another_and_the_lens(whole):
    photos = [photo for photo in whole.search(sort="relevance")[:800] if photo.settings]
    for photo in photos:
        camera, chosen = photo.camera, photo.settings
        assert camera.focal_mm[0] <= chosen.focal_mm <= camera.focal_mm[1]
        assert chosen.aperture > camera.widest[0] * 0.96
        assert chosen.aperture <= max(camera.narrowest, camera.widest[1]) * 1.13
        assert chosen.iso <= camera.max_iso
        ev = np.log2(chosen.aperture**2 / chosen.exposure_s) - np.log2(chosen.iso / 100)
        assert -6 < ev < 18
    flashes = [photo.settings.flash_fired for photo in photos]
    assert 0.03 < np.mean(flashes) < 0.3
    dark = [photo for photo in photos if photo.settings.iso >= 1600]
    bright = [photo for photo in photos if photo.settings.iso <= 100]
    slow = [np.median([p.settings.exposure_s for p in group]) for group in (dark, bright)]
    assert slow[0] > slow[1], "where ISO is high the exposure is long"


def test_phones_have_fixed_lenses_and_odd_speeds(whole):
    photos = [photo for photo in whole.search(sort="relevance")[:1500] if photo.settings]
    phones = [photo for photo in photos if photo.camera.is_phone]
    for photo in phones:
        assert photo.settings.focal_mm == pytest.approx(photo.camera.focal_mm[0], abs=0.006)
    speeds = Counter(photo.settings.iso for photo in phones)
    assert {25, 32, 40, 50, 64, 80, 125, 320} <= set(speeds)
    tenths = [
        p for p in photos if p.camera.make == "NIKON CORPORATION" and p.settings.exposure_s < 0.2
    ]
    assert tenths
    assert all(photo.settings.exposure[0] == 10 for photo in tenths)
