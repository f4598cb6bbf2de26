"""The size control: what a photo's original width and height alone tell of its camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from flickrexif.probing.embeddings import Embeddings

if TYPE_CHECKING:
    from flickrexif.probing.release_data import ReleaseData

COLUMNS = ["photo_id", "width", "height"]


def size_embeddings(release: ReleaseData) -> Embeddings | None:
    """Log width, log height and log aspect of the photos as fetched; None where not published."""
    files = release.files("photos")
    if not files or not set(COLUMNS) <= set(pq.read_schema(files[0]).names):
        return None
    table = pa.concat_tables([pq.read_table(file, columns=COLUMNS) for file in files])
    table = table.drop_null().sort_by("photo_id")
    if not len(table):
        return None
    logs = np.log(np.stack([table[c].to_numpy().astype(np.float32) for c in COLUMNS[1:]], axis=1))
    vectors = np.concatenate([logs, logs[:, :1] - logs[:, 1:]], axis=1)
    photo_ids = table["photo_id"].to_numpy().astype(np.int64)
    return Embeddings("size", {"weights": "none"}, photo_ids, torch.from_numpy(vectors))
