"""The sandbox as the flickrapi package sees it: a client that knows nothing of it."""

from __future__ import annotations

import flickrapi
import pytest
from flat_renderer import FlatRenderer

from flickrexif.sandbox import Catalogue, Faults, Quirks, Sandbox

KEY = "fedcba9876543210fedcba9876543210"
QUARTER = {"min_taken_date": "2021-01-01 00:00:00", "max_taken_date": "2021-03-31 23:59:59"}


@pytest.fixture(scope="module")
def sandbox():
    catalogue = Catalogue(seed=8, photos=4000, owners=80)
    options = {"renderer": FlatRenderer(), "workers": 0}
    with Sandbox(catalogue=catalogue, quirks=Quirks(stale_rows=0), **options) as sandbox:
        yield sandbox


def client(sandbox: Sandbox, kind: str, key: str = KEY):
    class Client(flickrapi.FlickrAPI):
        REST_URL = sandbox.rest_url

    return Client(key, "0123456789abcdef", format=kind, store_token=False, timeout=20)


def public(sandbox: Sandbox, wanted=lambda photo: True):
    photos = (photo for photo in sandbox.catalogue if photo.visible == "public")
    return next(photo for photo in photos if wanted(photo))


def test_a_search_is_parsed_as_json(sandbox):
    answer = client(sandbox, "parsed-json").photos.search(
        **QUARTER, extras="license,date_taken,url_o", per_page=50, license="4"
    )
    assert answer["stat"] == "ok"
    rows = answer["photos"]["photo"]
    assert 0 < len(rows) <= 50
    assert all(int(row["license"]) == 4 for row in rows)
    assert all(QUARTER["min_taken_date"] <= row["datetaken"] for row in rows)
    assert all(row["url_o"].startswith(sandbox.image_base) for row in rows)


def test_a_walk_goes_over_all_pages(sandbox):
    quirks = Quirks(stale_rows=0, unstable_total=False, understated_total=False, missing_list=0)
    options = {"renderer": FlatRenderer(), "workers": 0}
    with Sandbox(catalogue=sandbox.catalogue, quirks=quirks, **options) as steady:
        words = {"per_page": 15, "sort": "date-posted-asc", "extras": "tags,description"}
        walked = list(client(steady, "etree").walk(**QUARTER, **words))
        assert steady.requests["flickr.photos.search"] > 1
    month = steady.catalogue.search(sort="date-posted-asc")
    inside = [p for p in month if p.visible == "public" and (p.taken.year, p.taken.month) in
              {(2021, 1), (2021, 2), (2021, 3)}]  # fmt: skip
    assert [int(photo.get("id")) for photo in walked] == [photo.id for photo in inside]
    assert all(photo.find("description") is not None for photo in walked)


def test_exif_is_read_in_both_formats(sandbox):
    photo = public(sandbox, lambda photo: photo.has_exif and not photo.owner.hides_exif)
    tree = client(sandbox, "etree").photos.getExif(photo_id=photo.id)
    told = {row.get("tag"): row.find("raw").text for row in tree.iter("exif")}
    assert (told["Make"], told["Model"]) == (photo.camera.make, photo.camera.model)
    answer = client(sandbox, "parsed-json").photos.getExif(photo_id=photo.id)
    rows = {row["tag"]: row["raw"]["_content"] for row in answer["photo"]["exif"]}
    assert {tag: str(raw) for tag, raw in rows.items()} == {
        tag: raw or "" for tag, raw in told.items()
    }


def test_sizes_info_and_licences_are_read(sandbox):
    photo = public(sandbox)
    api = client(sandbox, "parsed-json")
    sizes = api.photos.getSizes(photo_id=photo.id)["sizes"]["size"]
    assert sizes[0]["label"] == "Square"
    assert api.photos.getInfo(photo_id=photo.id)["photo"]["title"]["_content"] == photo.title
    assert len(api.photos.licenses.getInfo()["licenses"]["license"]) == 17
    assert len(list(client(sandbox, "etree").photos.licenses.getInfo().iter("license"))) == 17


@pytest.mark.parametrize("kind", ["etree", "parsed-json"])
def test_a_refusal_is_an_error_with_its_code(sandbox, kind):
    hidden = public(sandbox, lambda photo: photo.owner.hides_exif)
    with pytest.raises(flickrapi.FlickrError, match="Permission denied") as denied:
        client(sandbox, kind).photos.getExif(photo_id=hidden.id)
    assert int(denied.value.code) == 2
    with pytest.raises(flickrapi.FlickrError, match="not found") as missing:
        client(sandbox, kind).photos.getExif(photo_id=1)
    assert int(missing.value.code) == 1
    with pytest.raises(flickrapi.FlickrError, match="Parameterless") as pointless:
        client(sandbox, kind).photos.search()
    assert int(pointless.value.code) == 3


def test_the_key_is_taken_from_the_signature(sandbox):
    answer = client(sandbox, "parsed-json").test.echo(color="blue")
    assert answer["color"]["_content"] == "blue"
    with pytest.raises(flickrapi.FlickrError, match="Invalid API Key") as refused:
        client(sandbox, "parsed-json", key="not a key").test.echo()
    assert int(refused.value.code) == 100
    assert KEY not in str(sandbox.log)


def test_a_server_error_is_an_error(sandbox):
    faults = Faults(script=((0, "502"),))
    options = {"renderer": FlatRenderer(), "workers": 0}
    with Sandbox(catalogue=sandbox.catalogue, faults=faults, **options) as broken:
        api = client(broken, "parsed-json")
        with pytest.raises(flickrapi.FlickrError, match="502"):
            api.test.echo()
        assert api.test.echo()["stat"] == "ok"
