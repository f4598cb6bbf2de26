"""Photos that left the corpus since it was labelled are in no release, however it is made."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace

import polars as pl
import pyarrow.parquet as pq
import pytest

from flickrexif.corpus import Corpus
from flickrexif.corpus.rows import Removal
from flickrexif.engine import InProcess
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.release import BuildPlan, build, read_manifest, verify

IMAGES = BuildPlan("1.0.0", "images")
SMALL = BuildPlan("1.0.0", crop=32)
FIRST_ID = 50_000_000_000
GONE = [FIRST_ID + 7 * number for number in (0, 3, 18, 45)]
"""Two of a train owner, one of a validation owner, one more."""


@pytest.fixture
def own_corpus(corpus, tmp_path):
    return shutil.copytree(corpus, tmp_path / "corpus")


def remove(corpus, photo_ids=GONE):
    with Corpus.open(corpus).state() as state, state.transaction():
        state.remove(photo_ids, "taken_down")


def shown_ids(release):
    files = sorted(release.rglob("*.parquet"))
    return {photo for file in files for photo in pq.read_table(file)["photo_id"].to_pylist()}


def shown_images(release):
    rows = [pq.read_table(file).to_pylist() for file in sorted(release.glob("[!p]*/*.parquet"))]
    return {row["photo_id"]: row["image"]["bytes"] for of_file in rows for row in of_file}


def everything(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("kind", ["masked", "images", "metadata"])
def test_a_build_without_labelling_again_leaves_them_out(kind, own_corpus, tmp_path):
    remove(own_corpus)
    summary = build(own_corpus, replace(SMALL, kind=kind), out=tmp_path / "release")
    assert not shown_ids(tmp_path / "release") & set(GONE)
    assert summary.left_out == {"removed since the corpus was labelled": 4}
    assert verify(tmp_path / "release") == []
    for words in read_manifest(tmp_path / "release")["attributes"].values():
        assert words["trimmed"]


def test_no_byte_of_them_is_left_in_any_file(own_corpus, tmp_path):
    build(own_corpus, IMAGES, out=tmp_path / "before")
    shown = shown_images(tmp_path / "before")
    removed = {photo_id: shown[photo_id] for photo_id in GONE}
    remove(own_corpus)
    build(own_corpus, IMAGES, out=tmp_path / "after")
    left = everything(tmp_path / "after")
    for photo_id, image in removed.items():
        assert image not in left
        assert hashlib.sha256(image).hexdigest().encode() not in left
        assert str(photo_id).encode() not in left
    kept = set(shown_images(tmp_path / "after").values())
    assert kept <= set(shown_images(tmp_path / "before").values())


def test_an_owner_taken_down_is_out_altogether(own_corpus, tmp_path):
    owner = "00000001@N00"
    with Corpus.open(own_corpus).state() as state, state.transaction():
        state.add_removal(Removal("owner", owner, "taken_down", 0, ""))
    build(own_corpus, SMALL, out=tmp_path / "release")
    assert owner.encode() not in everything(tmp_path / "release")
    assert verify(tmp_path / "release") == []


def test_a_photo_under_another_licence_waits_for_new_labels(own_corpus, tmp_path):
    with Corpus.open(own_corpus).state() as state, state.transaction():
        state.set_license(GONE[0], 9)
    summary = build(own_corpus, SMALL, out=tmp_path / "release")
    assert summary.left_out == {"under another licence since the corpus was labelled": 1}
    assert GONE[0] not in shown_ids(tmp_path / "release")


@dataclass
class StopsAfter:
    """An engine that loses heart after some shards."""

    shards: int
    done: list[int] = field(default_factory=list)

    def run(self, stage, tasks):
        for outcome in InProcess().run(stage, tasks):
            if len(self.done) == self.shards:
                raise KeyboardInterrupt
            self.done.append(outcome.index)
            yield outcome


@pytest.mark.parametrize("shards", [2, 8, 15])
def test_a_resumed_build_does_not_bring_them_back(shards, own_corpus, tmp_path, caplog):
    out = tmp_path / "release"
    with pytest.raises(KeyboardInterrupt):
        build(own_corpus, IMAGES, out=out, engine=StopsAfter(shards))
    remove(own_corpus)
    build(own_corpus, IMAGES, out=out)
    assert "it begins anew" in caplog.text
    assert not shown_ids(out) & set(GONE)
    assert not (tmp_path / "release.partial").exists()
    build(own_corpus, IMAGES, out=tmp_path / "whole")
    assert everything(out) == everything(tmp_path / "whole")


@dataclass
class Meanwhile:
    """An engine beside which somebody takes photos down."""

    corpus: object

    def run(self, stage, tasks):
        yield from InProcess().run(stage, tasks)
        if stage.name == "files":
            remove(self.corpus)


def test_photos_taken_down_during_a_build_stop_it_at_the_end(own_corpus, tmp_path):
    out = tmp_path / "release"
    with pytest.raises(FlickrexifError, match=r"left corpus .* run the same command again"):
        build(own_corpus, SMALL, out=out, engine=Meanwhile(own_corpus))
    assert not out.exists()
    build(own_corpus, SMALL, out=out)
    assert not shown_ids(out) & set(GONE)


def test_without_its_state_nothing_is_built(own_corpus, tmp_path):
    """Nobody would know what was taken down."""
    (own_corpus / "state.sqlite").unlink()
    with pytest.raises(UsageError, match=r"state\.sqlite"):
        build(own_corpus, SMALL, out=tmp_path / "release")
    assert not (own_corpus / "state.sqlite").exists()


def test_a_copy_is_told_of_the_first_photo_that_is_still_there(own_corpus, tmp_path):
    photos = pl.read_parquet(own_corpus / "photos.parquet")
    copies = photos["photo_id"].to_list()[:3]
    same = pl.col("photo_id").is_in(copies)
    changed = photos.with_columns(
        sha256=pl.when(same).then(pl.lit("f" * 64)),
        duplicate_of=pl.when(same & (pl.col("photo_id") != copies[0])).then(copies[0]),
    )
    changed.cast(photos.schema).write_parquet(own_corpus / "photos.parquet")
    remove(own_corpus, copies[:1])
    build(own_corpus, replace(SMALL, kind="metadata"), out=tmp_path / "release")
    (file,) = (tmp_path / "release" / "photos").glob("*.parquet")
    told = pq.read_table(file, columns=["photo_id", "duplicate_of"]).to_pylist()
    assert {row["photo_id"]: row["duplicate_of"] for row in told if row["duplicate_of"]} == {
        copies[2]: copies[1]
    }
    assert str(copies[0]).encode() not in everything(tmp_path / "release")
