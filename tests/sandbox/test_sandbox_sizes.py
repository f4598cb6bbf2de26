from __future__ import annotations

from dataclasses import replace

from flickrexif.sandbox import Catalogue
from flickrexif.sandbox.answers import Places, search_row


def test_the_sizes_above_1024_have_secrets_of_their_own_and_are_withheld_with_the_original():
    catalogue = Catalogue(0, photos=20, owners=2)
    photo = replace(catalogue.search()[0], width=4000, height=3000)
    extras = [f"url_{letter}" for letter in "nmzclhk"]
    row = search_row(photo, extras, Places("http://i.test"))
    assert [row[f"width_{letter}"] for letter in "nmzclhk"] == [
        320,
        500,
        640,
        800,
        1024,
        1600,
        2048,
    ]
    secrets = {letter: row[f"url_{letter}"].split("_")[1] for letter in "mlhk"}
    assert secrets["m"].removesuffix(".jpg") == secrets["l"] == photo.secret
    assert len({photo.secret, photo.original_secret, secrets["h"], secrets["k"]}) == 4
    reserved = search_row(photo, extras, Places("http://i.test"), withheld=True)
    assert row.keys() - reserved.keys() == {
        f"{field}_{letter}" for field in ("url", "width", "height") for letter in "hk"
    }
