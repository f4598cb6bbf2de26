from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.association import contingency, cramers_v
from flickrexif.auditing import audit
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=2, max_size=5
    ).map(lambda rows: np.asarray(rows, dtype=np.int64))
)


def write_release(path: Path, attributes: dict[str, pl.DataFrame], photos: pl.DataFrame) -> Path:
    for name, table in attributes.items():
        (path / name).mkdir(parents=True)
        half = len(table) // 2
        table[:half].write_parquet(path / name / "train-00000-of-00001.parquet")
        table[half:].write_parquet(path / name / "test-00000-of-00001.parquet")
    (path / "photos").mkdir(parents=True)
    photos.write_parquet(path / "photos" / "train-00000-of-00001.parquet")
    manifest = {"version": "1.0.0", "attributes": {name: {} for name in attributes}}
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Makes that have a size of their own, months that mean nothing, and a flash by make."""
    random = np.random.default_rng(0)
    ids = np.arange(400)
    make = ids % 4
    photos = pl.DataFrame(
        {
            "photo_id": random.permutation(ids),
            "month": random.choice(["2020-01", "2020-02", "2020-03"], 400),
            "jpeg_quality": [None] * 400,
        }
    ).sort("photo_id")
    photos = photos.with_columns(
        width=pl.Series(np.array([1024, 1024, 1024, 768])[make]),
        height=pl.Series(np.array([683, 768, 576, 1024])[make]),
        jpeg_tables=pl.Series(np.array(["be1681c084d44cc7", "12b8f7f3adac6ce4"])[make % 2]),
    )
    attributes = {
        "make": pl.DataFrame({"photo_id": ids, "label": make}),
        "flash": pl.DataFrame({"photo_id": ids[:200], "label": make[:200] // 2}),
    }
    return write_release(tmp_path / "Audited", attributes, photos)


def test_what_goes_with_an_attribute_is_told_and_what_does_not_is_near_zero(release: Path):
    found = {(a.attribute, a.with_what): a for a in audit(release).associations}
    assert found["make", "size"].cramers_v > 0.99
    assert found["make", "aspect"].levels == 4
    assert found["make", "month"].cramers_v < 0.1
    assert found["make", "flash"].photos == 200
    assert found["flash", "make"].cramers_v > 0.99
    assert math.isnan(found["make", "jpeg_quality"].cramers_v)
    assert found["make", "jpeg_tables"].cramers_v > 0.99
    assert found["make", "jpeg_tables"].levels == 2


def test_the_strongest_stand_first_and_the_undefined_last(release: Path):
    for name in ("make", "flash"):
        values = [a.cramers_v for a in audit(release).associations if a.attribute == name]
        defined = [v for v in values if not math.isnan(v)]
        assert defined == sorted(defined, reverse=True)
        assert values[: len(defined)] == defined


def test_lines_and_json_tell_every_association(release: Path):
    report = audit(release)
    assert len(report.lines()) == 2 + len(report.associations)
    assert report.lines()[0].startswith("Audited 1.0.0")
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert len(told["associations"]) == len(report.associations)


def test_labels_that_stand_alone_are_told_as_such(tmp_path: Path):
    labels = pl.DataFrame({"photo_id": [1, 2, 3, 4], "label": [0, 1, 0, 1]})
    release = write_release(tmp_path / "set", {"jpeg": labels}, pl.DataFrame({"photo_id": [1]}))
    report = audit(release)
    assert report.associations == ()
    assert report.lines()[1:] == ["nothing is told of its images besides one label"]


def test_a_folder_that_is_no_release_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="is no release"):
        audit(tmp_path)


def test_a_release_without_attributes_is_refused(tmp_path: Path):
    (tmp_path / "manifest.json").write_text('{"attributes": {}}')
    with pytest.raises(UsageError, match="no attributes"):
        audit(tmp_path)


def test_a_release_that_lost_files_is_refused(release: Path):
    for file in (release / "flash").iterdir():
        file.unlink()
    with pytest.raises(UsageError, match="no files of 'flash'"):
        audit(release)


@settings(max_examples=100, deadline=None)
@given(counts=tables)
def test_v_lies_between_0_and_1_and_does_not_depend_on_order(counts):
    value = cramers_v(counts)
    assert math.isnan(value) or 0 <= value <= 1
    turned = cramers_v(counts.T[::-1, ::-1])
    assert turned == pytest.approx(value, nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(levels=st.integers(2, 6), each=st.integers(20, 50))
def test_the_same_labelling_has_v_1(levels: int, each: int):
    assert cramers_v(np.eye(levels, dtype=np.int64) * each) == pytest.approx(1.0, abs=0.05)


def test_correction_takes_away_what_chance_gives():
    random = np.random.default_rng(1)
    pairs = [(random.integers(0, 10, 200), random.integers(0, 10, 200)) for _ in range(200)]
    corrected = [cramers_v(contingency(*pair)) for pair in pairs]
    assert float(np.mean(corrected)) < 0.06


def test_v_of_a_table_worked_by_hand():
    # chi squared is 40 · (15·15 - 5·5)² / 20⁴ = 10, phi squared 0.25; corrected by 1/39
    expected = math.sqrt((0.25 - 1 / 39) / (1 - 1 / 39))
    assert cramers_v(np.array([[15, 5], [5, 15]])) == pytest.approx(expected)
