"""What a reader asks for when it has only some bytes of a file, and what it says with them."""

from __future__ import annotations

from random import Random

import pytest
from exif_files import FILES, FULL, TRUTH, XMP, app1, jpeg, segment

from flickrexif.exif import (
    ByteRange,
    Part,
    RawRecord,
    inspect_exif,
    inspect_exif_file,
    needs_more,
    read_exif,
)

MOST_REQUESTS = 6


def fetched(whole, begin):
    """(reading, bytes) by asking a host for the head and then for what is needed."""
    head, parts = whole[:begin], []
    reading = inspect_exif(head)
    while reading.needs and reading.needs.start < len(whole):
        needs = reading.needs
        parts.append(Part(needs.start, whole[needs.start : needs.end]))
        assert len(parts) <= MOST_REQUESTS, needs
        reading = inspect_exif(head, parts=parts)
    return reading, len(head) + sum(len(part.content) for part in parts)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("begin", [12, 64, 200, 1000, 4096, 65536])
def test_a_few_ranges_end_at_the_truth(name, begin):
    reading, _ = fetched(FILES[name], begin)
    assert reading.record == TRUTH


@pytest.mark.parametrize("name", ["tiff-pixels-first", "heic-far", "webp-far"])
def test_what_stands_between_is_not_asked_for(name):
    reading, size = fetched(FILES[name], 4096)
    assert reading.record == TRUTH
    assert size < len(FILES[name]) / 2


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("begin", [32, 200, 4096, 65536])
def test_reading_on_ends_at_the_truth_too(name, begin):
    whole = FILES[name]
    head = whole[:begin]
    for _ in range(20):
        reach = needs_more(head)
        if reach is None or len(head) == len(whole):
            break
        assert reach > len(head)
        head = whole[:reach]
    assert read_exif(head) == TRUTH


def test_a_cut_segment_is_asked_for_exactly():
    data = jpeg(XMP, app1(FULL)) + b"pixels" * 1000
    end = len(jpeg(XMP, app1(FULL))) - 6
    assert inspect_exif(data[: end - 10]).needs == ByteRange(end - 10, end)
    assert needs_more(data[: end - 10]) == end
    assert inspect_exif(data[:end]).needs is None
    assert needs_more(data[:end]) is None


def test_what_a_head_shows_to_be_absent_is_not_asked_for():
    assert needs_more(jpeg(XMP)) is None
    assert needs_more(FILES["jpeg"][: len(FILES["jpeg"]) - 6]) is None
    far = jpeg(segment(0xE2, b"x" * 60_000), app1(FULL))
    assert inspect_exif(far[:1000]).needs == ByteRange(60_006, 60_006 + 65_537)


def test_the_ranges_of_a_file_that_was_cut_lie_behind_its_end():
    cut = FILES["tiff-pixels-first"][:1000]
    reading = inspect_exif(cut, size=1000)
    assert (reading.record, reading.fault) == (RawRecord("file"), "truncated")
    assert reading.needs == ByteRange(300_000, 304_096)


def test_parts_may_come_in_any_order_and_overlap():
    whole = FILES["tiff-pixels-first"]
    chance = Random(3)
    starts = [0, *(chance.randrange(len(whole)) for _ in range(200))]
    parts = [Part(start, whole[start : start + 9000]) for start in starts]
    chance.shuffle(parts)
    parts.append(Part(299_000, whole[299_000:]))
    parts.append(Part(199_000, whole[199_000:202_000]))
    assert inspect_exif(whole[:10], parts=parts).record == TRUTH


@pytest.mark.parametrize("name", FILES)
def test_a_file_on_a_disk_is_read_by_parts(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    reading = inspect_exif_file(path)
    assert (reading.record, reading.fault, reading.needs) == (TRUTH, None, None)


def test_a_cut_file_on_a_disk_tells_what_it_lacks(tmp_path):
    path = tmp_path / "cut.heic"
    path.write_bytes(FILES["heic-far"][:70_000])
    reading = inspect_exif_file(path)
    assert reading.fault == "truncated"
    assert reading.needs == ByteRange(500_107, len(FILES["heic-far"]))


def test_a_file_that_names_ever_more_parts_is_given_up(tmp_path):
    """Segments that each end at the start of the next one, far apart."""
    path = tmp_path / "long.jpg"
    path.write_bytes(b"\xff\xd8" + segment(0xE2, b"x" * 65_000) * 200 + app1(FULL) + b"\xff\xd9")
    assert inspect_exif_file(path).record in (TRUTH, RawRecord("file"))
