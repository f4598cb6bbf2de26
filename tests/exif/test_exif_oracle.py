"""Real files of many cameras against exiftool's reading of them; ``pytest -s`` shows the scorecard.

Every file is compared. Where exiftool and independent parsers agree on the whole file, the truth is
called solid; the few other files are damaged or odd, and there the truth is what exiftool makes of
them. In a damaged file exiftool may stop at the first broken tag, where this reader takes the sound
ones behind it: such values count as ``more``, and none may stand in a file without a fault.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import asdict, dataclass

import polars as pl
import pytest

from flickrexif.exif import Part, Reading, inspect_exif, needs_more, read_exif
from flickrexif.exif.flash import FLASH_WORDS
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize

TRUTH_COLUMNS = {
    "make": "make",
    "model": "model",
    "exposure": "exposure_time_print",
    "aperture": "f_number_print",
    "iso_speed": "iso",
    "focal_length": "focal_length_print",
    "focal_length_35mm": "focal_length_35mm",
    "flash": "flash_print",
    "date": "datetime_original",
}
ZEROS = {"0", "0.00", "0.0 mm"}
"""What exiftool prints for a zero; here it is unknown."""
MISSING_ALLOWED = 1
"""Per tag: one file keeps its EXIF behind the bytes that are stored of it."""


@dataclass(frozen=True)
class Verdict:
    name: str
    group: str
    tag: str
    kind: str
    want: object
    got: object
    reading: Reading


def truths(oracle):
    with (oracle / "exif" / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content(oracle, row):
    return (oracle / "exif" / "files" / row["name"]).read_bytes()


def wanted(row, tag):
    text = row[TRUTH_COLUMNS[tag]].strip()
    if tag == "flash" and text.startswith("Unknown ("):  # two values: the first one counts
        return FLASH_WORDS[int(text.removeprefix("Unknown (").split()[0])]
    return None if text in ZEROS or not text else text


def labels(records):
    """One mapping a record: what is printed for it, and the raw date."""
    table = normalize(pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA))
    for record, row in zip(records, table.iter_rows(named=True), strict=True):
        mm = row["focal_length_35mm"]
        yield row | {"focal_length_35mm": mm and str(mm), "date": record.date_time_original}


def group_of(row):
    if row["gt_solid"] != "true":
        return "damaged or odd"
    return "sound JPEG" if row["type"] in ("JPEG", "MPO") else "sound, other kinds"


def kind_of(want, got):
    if got == want:
        return "equal"
    if got is None:
        return "missing"
    return "more" if want is None else "wrong"


@pytest.fixture(scope="module")
def verdicts(oracle):
    rows = truths(oracle)
    readings = [inspect_exif(content(oracle, row)) for row in rows]
    found = []
    printed = labels([reading.record for reading in readings])
    for row, reading, got in zip(rows, readings, printed, strict=True):
        for tag in TRUTH_COLUMNS:
            want = wanted(row, tag)
            kind = kind_of(want, got[tag])
            verdict = Verdict(row["name"], group_of(row), tag, kind, want, got[tag], reading)
            found.append(verdict)
    return found


def scorecard(verdicts):
    lines = []
    for group in dict.fromkeys(one.group for one in verdicts):
        of_group = [one for one in verdicts if one.group == group]
        files = len({one.name for one in of_group})
        lines.append(f"\n{group}, {files} files{'equal':>10}{'missing':>9}{'wrong':>7}{'more':>6}")
        for tag in TRUTH_COLUMNS:
            tally = Counter(one.kind for one in of_group if one.tag == tag)
            lines.append(
                f"  {tag:26}{tally['equal']:5}{tally['missing']:9}{tally['wrong']:7}"
                f"{tally['more']:6}"
            )
    faults = Counter(one.reading.fault for one in verdicts if one.tag == "make")
    lines.append(f"\nfaults: {', '.join(f'{code} {n}' for code, n in faults.most_common())}")
    return "\n".join(lines)


def test_the_scorecard(verdicts):
    print(scorecard(verdicts))
    assert len({one.name for one in verdicts}) > 300
    wrong = [one for one in verdicts if one.kind == "wrong"]
    assert not wrong, wrong
    unasked = [one for one in verdicts if one.kind == "more" and one.reading.fault is None]
    assert not unasked, unasked
    for group in {one.group for one in verdicts}:
        for tag in TRUTH_COLUMNS:
            missing = [
                one for one in verdicts if (one.group, one.tag, one.kind) == (group, tag, "missing")
            ]
            assert len(missing) <= MISSING_ALLOWED, missing


def test_what_is_missing_is_known_to_be(verdicts):
    for one in verdicts:
        if one.kind == "missing":
            assert one.reading.fault == "truncated", one


def test_exact_values_are_exiftools(oracle):
    rows = truths(oracle)
    printed = labels([read_exif(content(oracle, row)) for row in rows])
    pairs = {"exposure_seconds": "exposure_time", "f_number": "f_number"}
    for row, got in zip(rows, printed, strict=True):
        for name, column in pairs.items():
            if got[name] is not None and row[column]:
                assert got[name] == pytest.approx(float(row[column]), rel=1e-9), row["name"]


@pytest.mark.parametrize("size", [512, 4096, 65536])
def test_a_head_never_says_otherwise_and_knows_what_it_needs(oracle, size):
    for row in truths(oracle):
        data = content(oracle, row)
        whole, head = read_exif(data), data[:size]
        for name, value in asdict(read_exif(head)).items():
            assert value in (None, getattr(whole, name)), row["name"]
        assert by_ranges(data, size) == whole, row["name"]
        for _ in range(6):
            reach = needs_more(head)
            if reach is None or len(head) == len(data):
                break
            assert reach > len(head)
            head = data[:reach]
        assert read_exif(head) == whole, row["name"]


def by_ranges(data, size):
    """The record by asking for the head and then for each range that is needed."""
    parts = []
    reading = inspect_exif(data[:size])
    while reading.needs and reading.needs.start < len(data):
        assert len(parts) < 6
        needs = reading.needs
        parts.append(Part(needs.start, data[needs.start : needs.end]))
        reading = inspect_exif(data[:size], parts=parts)
    return reading.record


def test_most_heads_of_64_kib_are_enough_at_once(oracle):
    rows = [row for row in truths(oracle) if row["type"] == "JPEG"]
    datas = [content(oracle, row) for row in rows]
    enough = sum(read_exif(data[:65536]) == read_exif(data) for data in datas)
    assert enough >= 0.98 * len(datas)
