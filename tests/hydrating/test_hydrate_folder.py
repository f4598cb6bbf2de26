"""The plain layout beside the corpus: one file per photo, as published scripts read it."""

from __future__ import annotations

import pytest
from told_photos import images_in

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.hydrating import HydratePlan, hydrate
from flickrexif.upkeep import takedown


@pytest.fixture
def plan(tmp_path):
    return HydratePlan(folder=tmp_path / "plain" / "images")


def files_in(folder):
    return {int(path.stem): path.read_bytes() for path in folder.iterdir()}


def test_each_image_is_a_file_of_its_own(imported, plan, open_box):
    with open_box() as (_, connection):
        summary = hydrate(imported, plan, connection=connection)
    assert files_in(plan.folder) == images_in(imported)
    assert all(path.suffix == ".jpg" for path in plan.folder.iterdir())
    assert summary.files == 36
    assert f"{plan.folder}: 36 files written" in summary.lines()


def test_it_is_filled_from_images_that_are_there_already(imported, plan, open_box):
    with open_box() as (box, connection):
        hydrate(imported, connection=connection)
        count = box.requests.total()
        summary = hydrate(imported, plan, connection=connection)
        assert box.requests.total() == count
    assert (summary.saved, summary.files) == (0, 36)
    assert files_in(plan.folder) == images_in(imported)


def test_files_that_are_right_stay_and_others_are_written_anew(imported, plan, open_box):
    with open_box() as (_, connection):
        hydrate(imported, plan, connection=connection)
        paths = sorted(plan.folder.iterdir())
        before = {path: path.stat().st_ino for path in paths}
        paths[0].unlink()
        paths[1].write_bytes(paths[1].read_bytes()[:-1])
        paths[2].write_bytes(bytes(paths[2].stat().st_size))
        (plan.folder / "notes.txt").write_text("mine")
        summary = hydrate(imported, plan, connection=connection)
    assert summary.files == 3
    assert (plan.folder / "notes.txt").read_text() == "mine"
    (plan.folder / "notes.txt").unlink()
    assert files_in(plan.folder) == images_in(imported)
    assert all(path.stat().st_ino == before[path] for path in paths[3:])


def test_the_file_of_a_photo_that_was_taken_down_goes_too(imported, plan, photos, open_box):
    with open_box() as (_, connection):
        hydrate(imported, plan, connection=connection)
        takedown(imported, photos=[str(photos[2].id)])
        hydrate(imported, plan, connection=connection)
    assert files_in(plan.folder).keys() == {one.id for one in photos} - {photos[2].id}


def test_a_file_in_its_place_is_refused_before_anything(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=r"'.*file' is a file: name a folder for the images"):
        HydratePlan(folder=tmp_path / "file")


def test_a_damaged_shard_is_named(imported, plan, open_box):
    with open_box() as (_, connection):
        hydrate(imported, connection=connection)
        shard = next((imported / "images").iterdir())
        shard.write_bytes(b"PAR1 nonsense PAR1")
        with pytest.raises(FlickrexifError, match=f"{shard.name}' is damaged"):
            hydrate(imported, plan, connection=connection)
