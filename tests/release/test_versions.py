"""Which step of the version a difference asks for, and builds that keep the promise."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections import Counter
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.images import shard_name, write_shard
from flickrexif.corpus.rows import CandidateRow, Outcome, WaitingImage, WindowRow
from flickrexif.errors import UsageError
from flickrexif.exif import RawRecord
from flickrexif.labels import label
from flickrexif.release import (
    AttributeDiff,
    BuildPlan,
    ReleaseDiff,
    build,
    diff,
    next_version,
    read_manifest,
    required_bump,
    verify,
)
from flickrexif.release.versions import BUMPS, numbers, refuse_small_step
from flickrexif.sandbox import Catalogue

FIRST_ID = 50_000_000_000
METADATA = BuildPlan("1.0.0", "metadata")


def small_jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(stream, "JPEG")
    return stream.getvalue()


JPEG = small_jpeg()


def ids(*photos: int) -> pl.Series:
    return pl.Series("photo_id", photos, dtype=pl.Int64)


NOTHING = ReleaseDiff("1.4.2", "1.5.0", photos_added=ids(), photos_removed=ids())
SAME_ROWS = AttributeDiff(added=ids(), removed=ids(), relabelled=ids(), resplit=ids())


def of_attribute(**words: object) -> ReleaseDiff:
    return replace(NOTHING, attributes={"iso": replace(SAME_ROWS, **words)})


CASES = {
    "kind": (replace(NOTHING, words={"kind": ("masked", "images")}), "major"),
    "mask": (replace(NOTHING, words={"mask": ({"ratio": 0.9}, {"ratio": 0.5})}), "major"),
    "columns": (replace(NOTHING, columns={"photos": {"lens": "added"}}), "major"),
    "relabelled": (of_attribute(relabelled=ids(7)), "major"),
    "re-split": (of_attribute(resplit=ids(7)), "major"),
    "class added": (of_attribute(classes_added=("3200",)), "major"),
    "class removed": (of_attribute(classes_removed=("50",)), "major"),
    "classes in another order": (of_attribute(recoded=("50", "100")), "major"),
    "attribute removed": (replace(NOTHING, attributes_removed={"iso": 9}), "major"),
    "images": (replace(NOTHING, images_changed=ids(7)), "major"),
    "photos added": (replace(NOTHING, photos_added=ids(7)), "minor"),
    "rows added": (of_attribute(added=ids(7)), "minor"),
    "attribute added": (replace(NOTHING, attributes_added={"iso": 9}), "minor"),
    "photos removed": (replace(NOTHING, photos_removed=ids(7)), "patch"),
    "rows removed": (of_attribute(removed=ids(7)), "patch"),
    "metadata mended": (replace(NOTHING, metadata_changed={"license": ids(7)}), "patch"),
    "description": (replace(NOTHING, words={"iso.description": ("", "speed")}), "patch"),
    "images as before": (replace(NOTHING, images_changed=ids()), None),
    "nothing": (NOTHING, None),
}
NEXT = {"major": "2.0.0", "minor": "1.5.0", "patch": "1.4.3", None: "1.4.2"}


@pytest.mark.parametrize("case", CASES)
def test_the_step_that_each_difference_asks_for(case):
    difference, bump = CASES[case]
    assert required_bump(difference) == bump
    assert next_version("1.4.2", difference) == NEXT[bump]
    assert bool(difference) == (bump is not None)


def test_the_largest_step_counts():
    both = replace(CASES["photos removed"][0], photos_added=ids(8))
    assert required_bump(both) == "minor"
    assert required_bump(replace(both, columns={"iso": {"x": "removed"}})) == "major"


VERSIONS = st.tuples(*[st.integers(0, 30)] * 3).map(lambda three: ".".join(map(str, three)))


@given(VERSIONS, VERSIONS, st.sampled_from(sorted(CASES)))
def test_a_version_fits_when_it_steps_far_enough(before, version, case):
    """Written down by numbers: the first one that changes must be that of the step or before it."""
    difference, bump = CASES[case]
    difference = replace(difference, before=before)
    old, new = numbers(before), numbers(version)
    first = next((place for place in range(3) if old[place] != new[place]), 3)
    fits = new > old and (bump is None or first <= BUMPS.index(bump))
    if fits:
        refuse_small_step(version, difference)
    else:
        with pytest.raises(UsageError, match=version.replace(".", r"\.")):
            refuse_small_step(version, difference)
    if bump is not None:
        refuse_small_step(next_version(before, difference), difference)


# Builds after another


@pytest.fixture
def first(releases):
    return releases["metadata"]


def relabelled(corpus, folder, change):
    """A copy of a corpus whose labels went through ``change``."""
    shutil.copytree(corpus, folder)
    labels = pl.read_parquet(folder / "labels.parquet")
    change(labels).select(labels.columns).write_parquet(folder / "labels.parquet")
    return folder


def one_other_class(labels):
    """The first two photos of iso, both in train, take each other's class."""
    swap = {"100": "200", "200": "100"}
    is_one = (pl.col("attribute") == "iso") & pl.col("photo_id").is_in(
        labels.filter(pl.col("attribute") == "iso")["photo_id"].head(2).to_list()
    )
    now = pl.when(is_one).then(pl.col("label").replace(swap)).otherwise("label")
    return labels.with_columns(label=now)


@pytest.mark.parametrize("kind", ["metadata", "images"])
def test_too_small_a_step_is_refused_before_anything_is_there(kind, corpus, releases, tmp_path):
    other = relabelled(corpus, tmp_path / "corpus", one_other_class)
    told = (
        r"version '1\.1\.0' is too small a step from '1\.0\.0' \(iso: 2 photos relabelled\): "
        r"that is a major change, use '2\.0\.0'"
    )
    words = {"out": tmp_path / "next", "previous": releases[kind]}
    with pytest.raises(UsageError, match=told):
        build(other, replace(METADATA, version="1.1.0", kind=kind), **words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]
    build(other, replace(METADATA, version="2.0.0", kind=kind), **words)
    assert diff(releases[kind], tmp_path / "next").attributes["iso"].relabelled.len() == 2


def test_photos_added_are_no_patch(corpus, tmp_path):
    fewer = shutil.copytree(corpus, tmp_path / "fewer")
    gone = [FIRST_ID + 7 * number for number in range(5)]
    with Corpus.open(fewer).state() as state, state.transaction():
        state.remove(gone, "taken_down")
    build(fewer, METADATA, out=tmp_path / "first")
    words = {"out": tmp_path / "next", "previous": tmp_path / "first"}
    with pytest.raises(UsageError, match=r"5 photos added.*minor change, use '1\.1\.0'"):
        build(corpus, replace(METADATA, version="1.0.1"), **words)
    assert not (tmp_path / "next.partial").exists()
    build(corpus, replace(METADATA, version="1.1.0"), **words)
    assert read_manifest(tmp_path / "next")["previous"] == "1.0.0"
    assert verify(tmp_path / "next") == []


def test_photos_removed_are_a_patch_and_a_larger_step_is_fine(corpus, first, tmp_path):
    fewer = shutil.copytree(corpus, tmp_path / "fewer")
    with Corpus.open(fewer).state() as state, state.transaction():
        state.remove([FIRST_ID], "taken_down")
    for version in ("1.0.1", "1.3.0", "4.0.0"):
        out = tmp_path / version
        build(fewer, replace(METADATA, version=version), out=out, previous=first)
        assert required_bump(diff(first, out)) == "patch"
        assert "- 0 photos added, 1 removed." in (out / "CHANGELOG.md").read_text()


def test_a_class_that_went_is_a_major_change(corpus, first, tmp_path):
    without = pl.col("label") != "200"
    fewer = relabelled(corpus, tmp_path / "corpus", lambda labels: labels.filter(without))
    words = {"out": tmp_path / "next", "previous": first}
    with pytest.raises(UsageError, match=r"iso: other classes.*major change, use '2\.0\.0'"):
        build(fewer, replace(METADATA, version="1.1.0"), **words)
    build(fewer, replace(METADATA, version="2.0.0"), **words)
    change = diff(first, tmp_path / "next").attributes["iso"]
    assert (change.classes_removed, change.recoded) == (("200",), ("400", "800"))
    assert change.relabelled.is_empty()
    assert change.removed.len() == 30


def test_another_kind_is_a_major_change(corpus, first, tmp_path):
    with pytest.raises(UsageError, match=r"kind is another.*use '2\.0\.0'"):
        build(corpus, BuildPlan("1.9.0", crop=32), out=tmp_path / "next", previous=first)


def test_rows_that_only_the_images_decide_on_are_refused_before_files(
    corpus_writer, corpus, tmp_path
):
    """A photo could not be read in the first release, and can now: rows came, no photo did."""
    damaged = corpus_writer(tmp_path / "damaged", images={17: b"<html>gone</html>"})
    build(damaged, replace(METADATA, kind="images"), out=tmp_path / "first")
    words = {"out": tmp_path / "next", "previous": tmp_path / "first"}
    with pytest.raises(UsageError, match=r"rows added.*minor change, use '1\.1\.0'"):
        build(corpus, replace(METADATA, kind="images", version="1.0.1"), **words)
    assert not (tmp_path / "next").exists()
    assert not list((tmp_path / "next.partial").rglob("*.parquet"))


def test_a_photo_that_still_cannot_be_read_is_no_row_that_came(corpus_writer, tmp_path):
    damaged = corpus_writer(tmp_path / "damaged", images={17: b"<html>gone</html>"})
    images = replace(METADATA, kind="images")
    build(damaged, images, out=tmp_path / "first")
    build(damaged, replace(images, version="1.0.1"), out=tmp_path / "next",
          previous=tmp_path / "first")  # fmt: skip
    assert diff(tmp_path / "first", tmp_path / "next", images=True).lines() == [
        "1.0.0 to 1.0.1: no difference"
    ]


def test_a_damaged_release_before_is_refused(corpus, first, tmp_path):
    damaged = shutil.copytree(first, tmp_path / "damaged")
    text = (damaged / "manifest.json").read_text().replace('"kind": "metadata"', '"kind": "odd"')
    (damaged / "manifest.json").write_text(text)
    with pytest.raises(UsageError, match=r"kind 'odd' is unknown.*flickrexif verify"):
        build(corpus, replace(METADATA, version="1.0.1"), out=tmp_path / "n", previous=damaged)


# Splits


def crawled(folder, photos, months):
    """A corpus of these photos of a catalogue, as the crawl of ``months`` leaves it."""
    corpus = Corpus.create(folder, CrawlPlan(f"{months[0]}..{months[-1]}", seed=3), endpoint="x")
    corpus.images_folder.mkdir()
    for month in months:
        of_month = [photo for photo in photos if f"{photo.captured:%Y-%m}" == month]
        window = WindowRow(month, 4, f"{month}-01 00:00:00", f"{month}-28 23:59:59", 1, "listed",
                           len(of_month), len(of_month), 0)  # fmt: skip
        with corpus.state() as state, state.transaction():
            state.add_window(window, [candidate(photo, month) for photo in of_month])
            for photo in of_month:
                state.add_outcome(
                    Outcome(photo.id, photo.owner.nsid, "accepted", exif=exif_of(photo),
                            image=image_of(photo))
                )  # fmt: skip
            waiting = state.waiting(month)
            target = corpus.images_folder / shard_name(month, 0)
            state.close_photos(waiting, write_shard(target, waiting, state.images))
    return folder


def image_of(photo):
    """The same small JPEG file for all, with the photo's id behind its end."""
    content = JPEG + str(photo.id).encode()
    return WaitingImage(content, hashlib.sha256(content).hexdigest(), 8, 8, "image/jpeg")


def candidate(photo, month):
    return CandidateRow(
        photo_id=photo.id,
        rank=photo.id,
        month=month,
        owner_id=photo.owner.nsid,
        owner_name=photo.owner.username,
        license_id=4,
        taken_at=f"{photo.taken:%Y-%m-%d %H:%M:%S}",
        uploaded_at=photo.uploaded,
        page_url=f"https://www.flickr.test/photos/x/{photo.id}",
        original_url=None,
        image_url=f"https://live.flickr.test/{photo.id}_b.jpg",
    )


def exif_of(photo):
    return RawRecord(
        source="api",
        make=photo.camera.make,
        model=photo.camera.model,
        exposure_num=photo.settings.exposure[0],
        exposure_den=photo.settings.exposure[1],
        iso=photo.settings.iso,
        flash=photo.settings.flash,
    )


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """A labelled corpus of seven months, and the same with one month more."""
    folder = tmp_path_factory.mktemp("growing")
    months = [f"2020-{month:02}" for month in range(1, 9)]
    catalogue = Catalogue(5, photos=4000, owners=150, first_month=months[0], last_month=months[-1])
    photos = [photo for photo in catalogue if photo.camera and photo.settings]
    for name, of in (("before", months[:-1]), ("after", months)):
        label(crawled(folder / name, photos, of))
    return folder / "before", folder / "after"


STAY = ("is_smartphone", "iso", "flash")


@pytest.fixture(scope="module")
def grown(growing, tmp_path_factory):
    """Releases of both, the second one built as a minor version after the first."""
    folder = tmp_path_factory.mktemp("grown")
    plan = replace(METADATA, attributes=STAY)
    build(growing[0], plan, out=folder / "1.0.0")
    build(growing[1], replace(plan, version="1.1.0"), out=folder / "1.1.0",
          previous=folder / "1.0.0")  # fmt: skip
    return folder / "1.0.0", folder / "1.1.0"


def dealt(release, rows_of, attribute):
    parts = [
        rows_of(release, attribute, split).select("photo_id", "owner_id", split=pl.lit(split))
        for split in ("train", "validation", "test")
    ]
    return pl.concat(parts)


@pytest.mark.parametrize("attribute", STAY)
def test_no_photo_changes_its_split_when_a_corpus_grows(attribute, grown, growing, rows_of):
    """Classes stay; rows may leave, owners may not move. The labels alone would move some."""
    before, after = (dealt(release, rows_of, attribute) for release in grown)
    both = before.join(after, on="photo_id", suffix="_now")
    assert both.height > 0.9 * before.height
    assert (both["split"] == both["split_now"]).all()
    owners = before.join(after, on="owner_id", suffix="_now")
    assert (owners["split"] == owners["split_now"]).all()
    labels = pl.read_parquet(growing[1] / "labels.parquet").filter(pl.col("attribute") == attribute)
    moved = before.join(labels, on="photo_id", suffix="_now").filter(
        pl.col("split") != pl.col("split_now")
    )
    assert moved.height
    labelled = labels.height
    print(f"{attribute}: {moved.height} would move, {after.height} of {labelled} rows are left")
    assert after.height > 0.9 * labelled


def test_the_minor_version_is_sound_and_told_as_such(grown):
    assert verify(grown[1]) == []
    difference = diff(*grown)
    assert required_bump(difference) == "minor"
    assert not any(one.resplit.len() for one in difference.attributes.values())
    assert difference.photos_added.len() > 300
    assert difference.photos_removed.len() == 0


def test_a_new_major_version_is_dealt_as_labelled(growing, grown, tmp_path, rows_of):
    plan = replace(METADATA, version="2.0.0", attributes=STAY)
    build(growing[1], plan, out=tmp_path / "2.0.0", previous=grown[0])
    labels = pl.read_parquet(growing[1] / "labels.parquet")
    told = Counter()
    for attribute in STAY:
        rows = dealt(tmp_path / "2.0.0", rows_of, attribute).join(
            labels.filter(pl.col("attribute") == attribute), on="photo_id", suffix="_told"
        )
        assert (rows["split"] == rows["split_told"]).all()
        told[attribute] = rows.height
    difference = diff(grown[0], tmp_path / "2.0.0")
    assert required_bump(difference) == "major"
    assert all(difference.attributes[name].resplit.len() for name in STAY)
    text = (tmp_path / "2.0.0" / "CHANGELOG.md").read_text()
    assert "photos re-split, into another split than before." in text
