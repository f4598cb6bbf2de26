from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import torch

from flickrexif.probing.nuisance import MOST_VALUES, Facts
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.references import References
from flickrexif.probing.release_data import AttributeData, ReleaseData, Split

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PLAN = ProbePlan(resamples=100, device="cpu")
COUNT = 240


def photos(**columns: object) -> pl.DataFrame:
    """The published facts of 240 photos that tell nothing of one another."""
    random = np.random.default_rng(0)
    words: dict[str, object] = {
        "photo_id": np.arange(COUNT),
        "width": np.full(COUNT, 1024, np.int32),
        "height": random.choice([683, 768], COUNT).astype(np.int32),
        "jpeg_quality": random.choice([88, 92, 95], COUNT),
        "chroma_subsampling": random.choice(["4:2:0", "4:4:4"], COUNT).tolist(),
        "month": random.choice(["2019-12", "2020-01", "2020-02"], COUNT).tolist(),
        "license": random.choice(["CC0-1.0", "CC-BY-2.0"], COUNT).tolist(),
    }
    return pl.DataFrame(words | columns)


def written(folder: Path, table: pl.DataFrame) -> ReleaseData:
    (folder / "photos").mkdir(parents=True)
    cut = len(table) // 2  # two files, not in order
    table[cut:].write_parquet(folder / "photos" / "train-00000-of-00002.parquet")
    table[:cut].write_parquet(folder / "photos" / "train-00001-of-00002.parquet")
    return ReleaseData(folder, {})


def attribute(name: str, labels: NDArray[np.int64], ids: NDArray[np.int64] | None = None):
    ids = np.arange(COUNT) if ids is None else ids
    owners = np.array([f"o{photo_id}" for photo_id in ids])
    cuts = [slice(0, 140), slice(140, 180), slice(180, COUNT)]
    splits = [Split(ids[cut], labels[cut], owners[cut]) for cut in cuts]
    return AttributeData(name, ("a", "b"), False, *splits)


COIN = np.random.default_rng(1).integers(0, 2, COUNT)


def told(facts: Facts, of: AttributeData) -> float | None:
    return References.of(of, {}, facts, PLAN).nuisance


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("height", np.where(COIN, 683, 576)),
        ("width", np.where(COIN, 3000, 4000)),
        ("jpeg_quality", np.where(COIN, 90, 91)),
        ("chroma_subsampling", ["4:2:2" if c else None for c in COIN]),
        ("month", [f"20{20 + c:02}-0{1 + p % 3}" for p, c in enumerate(COIN)]),
        ("license", ["PDM" if c else "CC0-1.0" for c in COIN]),
    ],
)
def test_any_one_fact_that_gives_the_label_away_is_seen(tmp_path: Path, column: str, values):
    facts = Facts.read(written(tmp_path, photos(**{column: values})))
    assert told(facts, attribute("make", COIN)) > 0.95
    plain = Facts.read(written(tmp_path / "plain", photos()))
    assert 0.25 < told(plain, attribute("make", COIN)) < 0.75


def test_the_month_is_not_told_to_a_probe_of_the_year(tmp_path: Path):
    months = [f"20{20 + c:02}-01" for c in COIN]
    facts = Facts.read(written(tmp_path, photos(month=months)))
    assert told(facts, attribute("make", COIN)) == 1
    year = References.of(attribute("year", COIN), {}, facts, PLAN)
    assert year.nuisance < 0.8
    assert "month" not in year.nuisance_columns
    assert "license" in year.nuisance_columns


def test_the_month_is_read_from_the_time_where_it_stands_nowhere_else(tmp_path: Path):
    taken = np.where(COIN, np.datetime64("2020-02-05", "ms"), np.datetime64("2020-01-05", "ms"))
    table = photos(taken_at=taken).drop("month")
    facts = Facts.read(written(tmp_path, table))
    assert told(facts, attribute("make", COIN)) == 1
    assert "month" in facts.columns("make")


def test_what_is_told_is_by_photo_whatever_the_order(tmp_path: Path):
    facts = Facts.read(written(tmp_path, photos()))
    forwards = attribute("make", COIN)
    backwards = attribute("make", COIN[::-1], np.arange(COUNT)[::-1])
    one, other = facts.embeddings(forwards), facts.embeddings(backwards)
    assert one.photo_ids.tolist() == other.photo_ids.tolist() == list(range(COUNT))
    assert torch.equal(one.vectors, other.vectors)
    assert one.vectors.dtype == torch.float32
    assert bool(one.vectors.isfinite().all())


def test_sizes_that_are_not_known_stand_in_the_middle(tmp_path: Path):
    table = photos(width=[None, *[1024] * (COUNT - 1)], height=[None, *[683] * (COUNT - 1)])
    vectors = Facts.read(written(tmp_path, table)).embeddings(attribute("make", COIN)).vectors
    assert bool(vectors.isfinite().all())
    torch.testing.assert_close(vectors[0, -3:], vectors[1, -3:])


def test_values_beyond_the_commonest_are_not_told_apart(tmp_path: Path):
    qualities = np.minimum(np.arange(COUNT), MOST_VALUES + 20)
    table = photos(jpeg_quality=qualities).select("photo_id", "jpeg_quality")
    vectors = Facts.read(written(tmp_path, table)).embeddings(attribute("make", COIN)).vectors
    assert vectors.shape == (COUNT, MOST_VALUES)
    assert float(vectors[-1].sum()) == 1
    assert int((vectors.sum(1) == 0).sum()) == 21


def test_a_release_that_tells_nothing_has_no_such_control(tmp_path: Path):
    assert Facts.read(ReleaseData(tmp_path, {})) is None
    assert Facts.read(written(tmp_path, photos().select("photo_id"))) is None
    none = References.of(attribute("make", COIN), {}, None, PLAN)
    assert (none.nuisance, none.nuisance_columns) == (None, ())


def test_photos_that_the_release_tells_nothing_of_are_left_out(tmp_path: Path):
    facts = Facts.read(written(tmp_path, photos()))
    strangers = attribute("make", COIN, np.arange(1000, 1000 + COUNT))
    assert facts.embeddings(strangers) is None
    assert told(facts, strangers) is None
