"""Our files in the hands of the study's released scripts: split files and embeddings go together.

These scripts take a safetensors file per encoder, with ``image_embeddings`` (N x D) and
``Flickr ID`` (N) row by row, and a JSON file of splits per attribute; they look every id of the
JSON up among the embeddings, and an id that is not there ends them. Of camera pairs they take
``subject`` and ``model`` row by row, of processed images ``label``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tiny_releases import photo, png

from flickrexif.imaging import decode_rgb
from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name, read_splits, splits_of, write_splits
from flickrexif.probing import EmbedPlan, ProbePlan, embed, probe
from flickrexif.probing.embedding.photos import photos_at
from flickrexif.probing.embedding.store import Shards
from flickrexif.probing.encoders import encoder_named

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

SPLITS = {"train": "train", "val": "validation", "test": "test"}


@dataclass
class Loaded:
    """One split as the released scripts have it in memory."""

    vectors: Tensor
    labels: Tensor


def load(embeddings: Path, splits: Path) -> dict[str, Loaded]:
    """Read both files as the released scripts do: by id, with no check of ours."""
    opened = load_file(embeddings)
    vectors, ids = opened["image_embeddings"], opened["Flickr ID"]
    assert vectors.dim() == 2
    assert ids.shape == vectors.shape[:1]
    rows = {photo_id: row for row, photo_id in enumerate(ids.tolist())}
    told = json.loads(splits.read_text())
    return {
        split: Loaded(
            vectors[[rows[photo_id] for photo_id in told[f"{split}_ids"]]],
            torch.tensor(told[f"encoded_{split}_labels"]),
        )
        for split in SPLITS
    }


def nearest_accuracy(train: Loaded, test: Loaded) -> float:
    """By the nearest class mean of standardised vectors."""
    mean, spread = train.vectors.mean(0), train.vectors.std(0) + 1e-6
    known, asked = ((one.vectors - mean) / spread for one in (train, test))
    centres = torch.stack([known[train.labels == c].mean(0) for c in train.labels.unique()])
    said = torch.cdist(asked, centres).argmin(1)
    return float((said == test.labels).float().mean())


@pytest.fixture(scope="module")
def files(release: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Embeddings that a probe wrote of a release, and the release's splits as published ones."""
    out = tmp_path_factory.mktemp("interop")
    probe(release, ProbePlan(attributes=("iso",), shuffles=1, resamples=100), out=out)
    path = out / file_name(attribute("iso"))
    write_splits(path, splits_of(labels_of(release), attribute("iso")))
    return out / "embeddings" / "residual.safetensors", path


def labels_of(release: Path) -> pl.DataFrame:
    """The rows of ``iso`` as a corpus's labels.parquet has them."""
    names = dict(enumerate(("100", "800", "6400")))
    return pl.concat(
        pl.read_parquet(release / "iso" / f"{split}-*.parquet").select(
            "photo_id",
            pl.col("label").replace_strict(names).alias("label"),
            pl.lit(split).alias("split"),
            pl.lit("iso").alias("attribute"),
        )
        for split in SPLITS.values()
    )


def test_both_files_have_the_shapes_that_the_scripts_read(files: tuple[Path, Path]):
    embeddings, splits = files
    opened = load_file(embeddings)
    assert opened["image_embeddings"].dtype == torch.float32
    assert opened["Flickr ID"].dtype == torch.int64
    assert opened["image_embeddings"].is_contiguous()
    told = json.loads(splits.read_text())
    assert splits.name == "split_data_target_attribute=ISO Speed.json"
    assert told["target_attribute"] == "ISO Speed"
    assert told["label_encoder_classes"] == ["100", "6400", "800"]


def test_every_id_of_the_splits_has_its_own_row(files: tuple[Path, Path]):
    loaded = load(*files)
    assert {split: len(one.labels) for split, one in loaded.items()} == {
        "train": 72,
        "val": 24,
        "test": 48,
    }
    assert len(loaded["train"].vectors.unique(dim=0)) == 72


def test_rows_and_labels_go_together(files: tuple[Path, Path]):
    """The noise is read from the right rows; from rows of other photos it is not."""
    loaded = load(*files)
    assert nearest_accuracy(loaded["train"], loaded["test"]) > 0.7
    astray = Loaded(loaded["test"].vectors.roll(17, 0), loaded["test"].labels)
    assert nearest_accuracy(loaded["train"], astray) < 0.6


def test_the_published_ids_find_their_rows_in_our_files(oracle: Path, tmp_path: Path):
    """Real ids, up to 11 digits: a vector that is told by its id comes back by it."""
    published = sorted((oracle / "splits").glob("split_data_target_attribute=*.json"))
    if not published:
        pytest.skip("the oracle has no published split files (../shared/oracle/splits)")
    for path in published:
        told = read_splits(path)
        ids = np.unique([i for members in told.splits.values() for i in members.photo_ids])
        mixed = np.random.default_rng(0).permutation(ids)
        store = Shards(tmp_path / path.stem, "own", {}, {}, 5_000)
        for part in np.array_split(mixed, 7):
            store.add(part.tolist(), digits(torch.from_numpy(part)))
        store.finish(lambda _: {}, {})
        loaded = load(store.target, path)
        for split, ours in SPLITS.items():
            wanted = torch.tensor(told.splits[ours].photo_ids)  # type: ignore[index]
            assert torch.equal(loaded[split].vectors, digits(wanted))
            assert loaded[split].labels.tolist() == list(told.splits[ours].codes)


def digits(photo_ids: Tensor) -> Tensor:
    """An id in four numbers that float32 holds exactly."""
    return torch.stack([photo_ids // 1000**place % 1000 for place in range(4)], dim=1).float()


# Camera pairs

KEYS = ("Flickr ID", "subject", "model")


def written(path: Path, rows: list[dict[str, Any]], parts: int = 2) -> Path:
    """Tables in the published form of a set of pairs, whose images differ."""
    path.mkdir()
    size = -(-len(rows) // parts)
    for part in range(parts):
        those = range(part * size, min(len(rows), part * size + size))
        table = [{"image": {"bytes": image(n), "path": None}} | rows[n] for n in those]
        pq.write_table(pa.Table.from_pylist(table), path / f"train-{part}.parquet")
    return path


def image(number: int) -> bytes:
    return png(photo(number, noise=3, side=32))


def embedded(images: Path, out: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What the released scripts find in the file, and what its metadata tells."""
    embed(images, EmbedPlan(("pixels",), crop=32), out=out)
    file = out / "embeddings" / "pixels.safetensors"
    with safe_open(file, "pt") as opened:
        return load_file(file), opened.metadata()


def row_of(content: bytes, found: dict[str, Tensor]) -> int:
    """Where an image stands among the embeddings, by its pixels alone."""
    pixels = torch.from_numpy(np.array(decode_rgb(content))).permute(2, 0, 1)[None]
    (vector,) = encoder_named("pixels")(pixels, torch.ones(32, 32, dtype=torch.bool))
    apart = (found["image_embeddings"] - vector).norm(dim=1)
    assert apart.min() < 1e-4 < apart.sort().values[1]
    return int(apart.argmin())


def test_pairs_have_subject_and_model_as_the_scripts_read_them(tmp_path: Path):
    rows = [
        {"subject_idx": subject, "model": model}
        for subject in (30, 7, 112)
        for model in ("XT1032", "iPhone 12")
    ]
    found, about = embedded(written(tmp_path / "pairs", rows), tmp_path / "out")
    assert set(found) == {"image_embeddings", "Flickr ID", "subject", "model"}
    assert found["subject"].dtype == found["model"].dtype == torch.int64
    assert found["subject"].shape == found["model"].shape == found["image_embeddings"].shape[:1]
    models = json.loads(about["models"])
    assert models == ["XT1032", "iPhone 12"]
    assert "subjects" not in about
    for number, told in enumerate(rows):
        row = row_of(image(number), found)
        assert found["subject"][row] == told["subject_idx"]
        assert models[found["model"][row]] == told["model"]


def test_subjects_that_are_no_numbers_are_told_in_the_metadata(tmp_path: Path):
    """ "007" is not 7, and what a table does not tell is -1."""
    told = [("7", "a"), ("007", None), ("é", "a"), (None, "b"), ("7", "b")]
    rows = [{"subject_idx": subject, "model": model} for subject, model in told]
    found, about = embedded(written(tmp_path / "pairs", rows), tmp_path / "out")
    subjects, models = json.loads(about["subjects"]), json.loads(about["models"])
    assert (subjects, models) == (["007", "7", "é"], ["a", "b"])
    places = [row_of(image(number), found) for number in range(len(rows))]
    assert found["subject"][places].tolist() == [1, 0, 2, -1, 1]
    assert found["model"][places].tolist() == [0, -1, 0, 1, 1]


def test_labels_stand_beside_subjects(tmp_path: Path):
    rows = [{"subject_idx": n, "model": "m", "label": f"{n % 2}"} for n in range(4)]
    found, about = embedded(written(tmp_path / "pairs", rows), tmp_path / "out")
    places = [row_of(image(number), found) for number in range(len(rows))]
    assert found["label"][places].tolist() == [0, 1, 0, 1]
    assert json.loads(about["classes"]) == ["0", "1"]


def test_a_set_without_both_columns_has_no_pairs(tmp_path: Path):
    rows = [{"subject_idx": n} for n in range(4)]
    assert photos_at(written(tmp_path / "some", rows)).pairs is None
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "1.png").write_bytes(image(1))
    assert photos_at(tmp_path / "files").pairs is None


def test_a_release_of_pairs_is_embedded_with_its_subjects(tmp_path: Path):
    pytest.importorskip("cv2", reason="pairs are built by OpenCV")
    from paircams.releasing import PairsPlan, build
    from paircams.sandbox import simulate

    simulate(tmp_path / "set", pairs=3, longest_px=480)
    build(tmp_path / "set", PairsPlan("1.0.0"), out=tmp_path / "release")
    (file,) = (tmp_path / "release" / "pairs").glob("*.parquet")
    table = pl.read_parquet(file, columns=["subject_idx", "model"])
    found, about = embedded(tmp_path / "release", tmp_path / "out")
    names = pl.read_parquet(tmp_path / "out" / "photos.parquet")
    rows = {f"pairs/{file.name}:{n}": row for n, row in enumerate(table.iter_rows())}
    subjects = json.loads(about["subjects"]) if "subjects" in about else None
    by_id = dict(zip(names["photo_id"], names["name"], strict=True))
    assert len(found["subject"]) == len(rows) == 6
    for photo_id, code, model in zip(*(found[k].tolist() for k in KEYS), strict=True):
        subject, wanted = rows[by_id[photo_id]]
        assert (subjects[code] if subjects else str(code)) == subject
        assert json.loads(about["models"])[model] == wanted
