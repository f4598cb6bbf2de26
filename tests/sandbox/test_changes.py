"""What happened to photos since the crawl is seen alike wherever the sandbox is asked."""

from __future__ import annotations

import httpx
import pytest
from flat_renderer import FlatRenderer

from flickrexif.errors import UsageError
from flickrexif.sandbox import Catalogue, Changes, Quirks, Sandbox

KEY = "0123456789abcdef0123456789abcdef"
ABOUT_ONE = ("getInfo", "getSizes", "getExif")


@pytest.fixture(scope="module")
def before():
    return Catalogue(4, photos=400, owners=12)


@pytest.fixture(scope="module")
def photos(before):
    """Public photos of owners who show their EXIF."""
    public = [photo for photo in before if photo.visible == "public"]
    return [photo for photo in public if not photo.owner.hides_exif]


def ask(box, method, **words):
    arguments = {
        "api_key": KEY,
        "format": "json",
        "nojsoncallback": 1,
        "method": f"flickr.{method}",
    }
    return httpx.get(box.rest_url, params=arguments | words).json()


def found(box, photo, **words):
    told = ask(box, "photos.search", user_id=photo.owner.nsid, per_page=500, **words)
    return {int(row["id"]): row for row in told["photos"]["photo"]}


def file_of(box, photo):
    address = f"{box.image_base}/{photo.server}/{photo.id}_{photo.secret}_b.jpg"
    return httpx.get(address, follow_redirects=False).status_code


def opened(before, changes):
    renderer = FlatRenderer()
    return Sandbox(
        catalogue=before, changes=changes, quirks=Quirks.none(), renderer=renderer, workers=0
    )


@pytest.mark.parametrize("word", ["deleted", "private"])
def test_a_photo_that_went_is_found_nowhere(word, before, photos):
    gone, stays = photos[0], photos[1]
    with opened(before, Changes(**{word: {gone.id}})) as box:
        assert gone.id not in found(box, gone)
        assert stays.id in found(box, stays)
        for method in ABOUT_ONE:
            assert ask(box, f"photos.{method}", photo_id=gone.id)["code"] == 1
            assert ask(box, f"photos.{method}", photo_id=stays.id)["stat"] == "ok"
        assert file_of(box, gone) in (302, 404, 410)
        assert file_of(box, stays) == 200


def test_another_licence_is_told_and_searched_by(before, photos):
    photo = next(photo for photo in photos if photo.license == 4)
    with opened(before, Changes(relicensed={photo.id: 0})) as box:
        assert found(box, photo, extras="license")[photo.id]["license"] == 0
        assert photo.id in found(box, photo, license=0)
        assert photo.id not in found(box, photo, license=4)
        assert ask(box, "photos.getInfo", photo_id=photo.id)["photo"]["license"] == 0


def test_an_unsafe_photo_is_not_searched_and_says_so(before, photos):
    photo = photos[0]
    with opened(before, Changes(unsafe={photo.id: 2})) as box:
        assert photo.id not in found(box, photo)
        assert ask(box, "photos.getInfo", photo_id=photo.id)["photo"]["safety_level"] == 2


def test_a_closed_account_takes_its_photos_along(before, photos):
    photo = photos[0]
    other = next(one for one in photos if one.owner != photo.owner)
    with opened(before, Changes(closed={photo.owner.nsid})) as box:
        assert ask(box, "photos.search", user_id=photo.owner.nsid)["code"] == 2
        assert ask(box, "photos.getInfo", photo_id=photo.id)["code"] == 1
        assert other.id in found(box, other)


def test_the_catalogue_given_stays_as_it_was(before, photos):
    ids = {photo.id for photo in photos[:9]}
    after = Changes(deleted=ids, closed={photos[20].owner.nsid}).applied_to(before)
    assert [photo for photo in before if photo.id in ids] == photos[:9]
    assert {after.photo(photo_id).visible for photo_id in ids} == {"deleted"}
    assert before.owner(photos[20].owner.nsid) == photos[20].owner
    assert after.owner(photos[20].owner.nsid) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"deleted": {5}}, "photo 5 is not in the catalogue"),
        ({"relicensed": {10**17: 4}}, "is not in the catalogue"),
        ({"closed": {"nobody@N00"}}, "account 'nobody@N00' is not in the catalogue"),
        ({"relicensed": {1: 17}}, "cannot change to 17: use a number from 0 to 16"),
        ({"unsafe": {1: 3}}, "cannot change to 3: use a number from 0 to 2"),
    ],
)
def test_what_cannot_change_is_refused(changes, told, before):
    with pytest.raises(UsageError, match=told):
        Changes(**changes).applied_to(before)
