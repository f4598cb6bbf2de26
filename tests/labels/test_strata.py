"""Flash in the paper preset: balanced over six of Flickr's strings, merged into two classes."""

from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.exif.flash import FLASH_FIRED
from flickrexif.labels.attributes import PUBLISHED_FLASH, attribute
from flickrexif.labels.label import label_photos
from flickrexif.labels.proof import prove
from flickrexif.labels.select import Rules

STRINGS = [*PUBLISHED_FLASH, "Auto, Fired, Red-eye reduction"]
RULES = Rules("paper", min_photos=20, min_owners=4)
COUNTS = st.lists(
    st.lists(st.integers(0, 9), min_size=len(STRINGS), max_size=len(STRINGS)),
    min_size=12,
    max_size=60,
)


def photos_of(counts):
    """A photos table of nothing but flash strings, from a matrix of owners by `STRINGS`."""
    rows = [
        (f"o{owner}", STRINGS[column])
        for owner, of_owner in enumerate(counts)
        for column, count in enumerate(of_owner)
        for _ in range(count)
    ]
    frame = pl.DataFrame(rows, schema={"owner_id": pl.String, "flash": pl.String}, orient="row")
    texts = ("make", "model", "make_canonical", "exposure", "aperture", "iso_speed", "focal_length")
    return frame.with_row_index("photo_id").with_columns(
        pl.col("photo_id").cast(pl.Int64),
        *(pl.lit(None, pl.String).alias(name) for name in texts),
        is_smartphone=pl.lit(None, pl.Boolean),
        year=pl.lit(None, pl.Int16),
        duplicate_of=pl.lit(None, pl.Int64),
    )


def by_string(labels, photos):
    """Photos by split, class and string."""
    joined = labels.join(photos.select("photo_id", "flash"), on="photo_id")
    return Counter(joined.select("split", "label", "flash").iter_rows())


def test_the_strings_are_three_to_a_class_and_mean_what_they_say():
    assert Counter(PUBLISHED_FLASH.values()) == {"without flash": 3, "with flash": 3}
    for words, name in PUBLISHED_FLASH.items():
        assert FLASH_FIRED[words] == (name == "with flash")


def test_the_published_counts_are_three_times_the_usual_ones():
    train, validation, test = attribute("flash").published_per_class
    assert (train // 3, validation // 3, test // 3) == (4636, 200, 500)
    assert (train % 3, validation % 3, test % 3) == (0, 0, 0)


@settings(max_examples=30)
@given(COUNTS, st.integers(0, 99))
def test_strings_and_classes_are_balanced_whatever_comes(counts, seed):
    photos = photos_of(counts)
    labels, summary = label_photos(photos, RULES, seed)
    assert prove(labels) == []
    if "flash" in summary.left_out:
        assert labels.is_empty()
        return
    found = by_string(labels, photos)
    for split in ("train", "validation", "test"):
        sizes = {words: found[split, name, words] for words, name in PUBLISHED_FLASH.items()}
        kept = {words: size for words, size in sizes.items() if size}
        assert len(set(kept.values())) == 1
        assert set(Counter(PUBLISHED_FLASH[words] for words in kept).values()) == {len(kept) / 2}
    dropped = set(summary.attributes["flash"].dropped)
    assert {words for _, _, words in found} | dropped >= {
        words for words in PUBLISHED_FLASH if words in photos["flash"].to_list()
    }


def test_large_strings_give_the_published_caps():
    photos = photos_of([[30] * len(STRINGS)] * 300)
    labels, _ = label_photos(photos, RULES, 0)
    found = by_string(labels, photos)
    for words, name in PUBLISHED_FLASH.items():
        assert found["validation", name, words] == 200
        assert found["test", name, words] == 500
    assert not any("Red-eye" in words for _, _, words in found)


def test_a_string_without_a_match_on_the_other_side_is_dropped():
    with_one_fired = [[6, 5, 4, 6, 0, 0, 0]] * 40
    photos = photos_of(with_one_fired)
    labels, summary = label_photos(photos, RULES, 0)
    assert set(photos.join(labels, on="photo_id")["flash"]) == {"Off, Did not fire", "Fired"}
    dropped = summary.attributes["flash"].dropped
    assert set(dropped) == {"No Flash", "Auto, Did not fire"}
    assert dropped["No Flash"].size.photos == 200
    assert "other class" in dropped["No Flash"].reason
    kept = summary.attributes["flash"].kept
    assert {name: size.photos for name, size in kept.items()} == {
        "with flash": 240,
        "without flash": 240,
    }


def test_one_side_alone_is_left_out():
    labels, summary = label_photos(photos_of([[6, 5, 4, 0, 0, 0, 3]] * 40), RULES, 0)
    assert labels.is_empty()
    assert "1 class" in summary.left_out["flash"]
    coverage = summary.each["flash"].coverage
    assert coverage.unlabelled["not among the published words"] == 120
    assert coverage.photos == 720


def test_auto_balances_the_two_classes_alone():
    photos = photos_of([[9, 1, 0, 5, 0, 1, 1]] * 40)
    labels, summary = label_photos(photos, Rules("auto", min_photos=20, min_owners=4), 0)
    assert prove(labels) == []
    assert summary.attributes["flash"].classes == ("without flash", "with flash")
    found = by_string(labels, photos)
    assert (
        found["train", "without flash", "Off, Did not fire"]
        > found["train", "without flash", "No Flash"]
    )
