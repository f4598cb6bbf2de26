"""Our files in the hands of the study's released scripts: split files and embeddings go together.

These scripts take a safetensors file per encoder, with ``image_embeddings`` (N x D) and
``Flickr ID`` (N) row by row, and a JSON file of splits per attribute; they look every id of the
JSON up among the embeddings, and an id that is not there ends them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name, read_splits, splits_of, write_splits
from flickrexif.probing import ProbePlan, probe
from flickrexif.probing.embedding.store import Shards

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
