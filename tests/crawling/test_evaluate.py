from __future__ import annotations

import asyncio
from itertools import product

import pytest

from flickrexif.corpus import CrawlPlan
from flickrexif.corpus.rows import OpenPhoto
from flickrexif.crawling.evaluate import Evaluator, exif_route, is_final, tells_capture
from flickrexif.errors import AccessError
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.images import FetchedImage

TOLD = RawRecord("api", make="Pictor", iso_text="100")
READ = RawRecord("file", make="Pictor", iso=100)
PHOTO = OpenPhoto(7, "1@N00", "https://o", "https://b", None)
GONE = Failure("refused", "gone", status=404)
HIDDEN = Failure("api", "Permission denied", code=2)
DOWN = Failure("status", "", status=502)


class Flickr:
    """Client and image host in one; answers what it is given, or fails with it."""

    def __init__(self, *, exif=TOLD, head=b"head", image=b"image") -> None:
        self.answers = {"exif": exif, "head": head, "image": image}
        self.asked = []

    def _answer(self, what):
        self.asked.append(what)
        answer = self.answers[what]
        if isinstance(answer, Failure):
            raise RequestFailed(answer)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def exif(self, photo_id):
        return self._answer("exif")

    async def head(self, url):
        return self._answer("head")

    async def image(self, url, *, size):
        return FetchedImage(self._answer("image"), "00", 4, 3)

    def look_at(self, photo=PHOTO, *, consent=None, **words):
        plan = CrawlPlan("2020-01", **words)
        evaluator = Evaluator(plan, self, self, read_exif=lambda content: READ)
        return asyncio.run(evaluator.evaluate(photo, consent=consent))


@pytest.mark.parametrize("consent", [None, "given", "hidden"])
@pytest.mark.parametrize("has_original", [True, False])
def test_hidden_exif_is_never_read_from_a_file_unless_it_was_said(consent, has_original):
    for exif_from in ("auto", "api"):
        route = exif_route(exif_from, consent=consent, has_original=has_original)
        assert route == "api" or (exif_from, consent, has_original) == ("auto", "given", True)


def test_the_first_photo_of_an_owner_is_asked_for():
    flickr = Flickr()
    outcome = flickr.look_at()
    assert (outcome.verdict, outcome.exif, outcome.consent) == ("accepted", TOLD, "given")
    assert outcome.image.content == b"image"
    assert flickr.asked == ["exif", "image"]


def test_further_photos_are_read_from_their_files():
    flickr = Flickr()
    outcome = flickr.look_at(consent="given")
    assert (outcome.verdict, outcome.exif) == ("accepted", READ)
    assert flickr.asked == ["head", "image"]


def test_an_original_is_fetched_once_for_both():
    flickr = Flickr()
    assert flickr.look_at(consent="given", size="original").verdict == "accepted"
    assert flickr.asked == ["image"]


def test_without_images_none_is_fetched():
    flickr = Flickr()
    photo = OpenPhoto(7, "1@N00", "https://o", None, None)
    outcome = flickr.look_at(photo, consent="given", size="none")
    assert (outcome.verdict, outcome.image) == ("accepted", None)
    assert flickr.asked == ["head"]


def test_exif_of_an_earlier_run_is_not_fetched_again():
    flickr = Flickr()
    outcome = flickr.look_at(OpenPhoto(7, "1@N00", "https://o", "https://b", TOLD))
    assert (outcome.verdict, outcome.exif) == ("accepted", TOLD)
    assert flickr.asked == ["image"]


@pytest.mark.parametrize(
    ("answers", "consent", "verdict", "reason", "asked"),
    [
        ({"exif": HIDDEN}, None, "rejected", "exif_hidden", ["exif"]),
        ({"exif": Failure("api", "gone", code=1)}, None, "rejected", "gone", ["exif"]),
        ({"exif": Failure("api", "odd", code=99)}, None, "failed", "code_99", ["exif"]),
        ({"exif": DOWN}, None, "failed", "http_502", ["exif"]),
        ({"exif": TypeError("odd")}, None, "failed", "unexpected_TypeError", ["exif"]),
        ({"exif": RawRecord("api")}, None, "rejected", "no_exif", ["exif"]),
        ({"image": GONE}, None, "rejected", "image_gone", ["exif", "image"]),
        ({"image": DOWN}, None, "failed", "http_502", ["exif", "image"]),
        (
            {"image": Failure("body", "truncated")},
            None,
            "rejected",
            "image_truncated",
            ["exif", "image"],
        ),
        ({"head": GONE}, "given", "accepted", None, ["head", "exif", "image"]),
        ({"head": GONE, "exif": HIDDEN}, "given", "rejected", "exif_hidden", ["head", "exif"]),
        ({"head": DOWN}, "given", "failed", "http_502", ["head"]),
    ],
)
def test_what_goes_wrong_is_an_outcome(answers, consent, verdict, reason, asked):
    flickr = Flickr(**answers)
    outcome = flickr.look_at(consent=consent)
    assert (outcome.verdict, outcome.reason) == (verdict, reason)
    assert flickr.asked == asked
    assert outcome.image is None or verdict == "accepted"


def test_a_failed_image_keeps_the_exif():
    assert Flickr(image=DOWN).look_at().exif == TOLD


def test_hiding_is_told_as_the_owners_wish():
    assert Flickr(exif=HIDDEN).look_at().consent == "hidden"


def test_a_refused_key_is_raised():
    with pytest.raises(AccessError):
        Flickr(exif=AccessError("no")).look_at()


def test_a_capture_has_a_make_and_a_setting():
    settings = ("exposure_text", "aperture_text", "iso_text", "focal_length_text")
    assert not tells_capture(RawRecord("api", make="Pictor", model="One"))
    for source, setting in product(("api", "file"), settings):
        assert tells_capture(RawRecord(source, make="Pictor", **{setting: "1"}))
        assert not tells_capture(RawRecord(source, model="One", **{setting: "1"}))
    for setting in ("exposure_num", "aperture_num", "iso", "focal_length_num"):
        assert tells_capture(RawRecord("file", make="Pictor", **{setting: 1}))


def test_an_outage_judges_no_photo():
    assert not is_final(DOWN)
    assert not is_final(Failure("transport", "no answer (ReadTimeout)"))
    assert not is_final(Failure("body", "unparseable"))
    assert is_final(GONE)
