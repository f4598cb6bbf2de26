"""Tiny release folders, written as a build writes them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from flickrexif.imaging import MaskSpec, apply

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 224
SPLITS = ("train", "validation", "test")


@dataclass
class TinyRelease:
    """``labels[attribute][split]`` is a list of (photo id, label, owner id)."""

    path: Path
    mask: MaskSpec | None = field(default_factory=MaskSpec)
    kind: str = "masked"
    side: int = SIDE

    def write(
        self,
        classes: dict[str, list[str]],
        labels: dict[str, dict[str, list[tuple[int, int, str]]]],
        images: dict[int, bytes],
        *,
        ordinal: tuple[str, ...] = (),
        sizes: dict[int, tuple[int, int]] | None = None,
    ) -> Path:
        """Write attributes, manifest and, with ``sizes``, the photos config."""
        attributes: dict[str, Any] = {}
        for name, splits in labels.items():
            counts = {}
            for split in SPLITS:
                self._attribute_file(name, split, classes[name], splits[split], images)
                counts[split] = {"rows": len(splits[split])}
            attributes[name] = {
                "classes": classes[name],
                "ordinal": name in ordinal,
                "splits": counts,
            }
        if sizes is not None:
            self._photos_file(sizes)
        mask = None
        if self.mask is not None:
            mask = {"geometry": self.mask.geometry, "ratio": self.mask.ratio, "fill": "zero"}
        manifest = {
            "version": "1.2.3",
            "kind": self.kind,
            "crop": self.side,
            "mask": mask,
            "attributes": attributes,
        }
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "manifest.json").write_text(json.dumps(manifest))
        return self.path

    def _attribute_file(
        self,
        name: str,
        split: str,
        classes: list[str],
        rows: list[tuple[int, int, str]],
        images: dict[int, bytes],
    ) -> None:
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True)
        columns: dict[str, pa.Array] = {
            "image": pa.array(
                [{"bytes": images.get(i), "path": f"{i}.png"} for i, _, _ in rows],
                pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
            ),
            "label": pa.array([label for _, label, _ in rows], pa.int64()),
            "photo_id": pa.array([i for i, _, _ in rows], pa.int64()),
            "owner_id": pa.array([owner for _, _, owner in rows], pa.string()),
        }
        features = {"label": {"_type": "ClassLabel", "names": classes}}
        table = pa.table(columns).replace_schema_metadata(
            {"huggingface": json.dumps({"info": {"features": features}})}
        )
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")

    def _photos_file(self, sizes: dict[int, tuple[int, int]]) -> None:
        folder = self.path / "photos"
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.table(
            {
                "photo_id": pa.array(sizes, pa.int64()),
                "width": pa.array([w for w, _ in sizes.values()], pa.int32()),
                "height": pa.array([h for _, h in sizes.values()], pa.int32()),
            }
        )
        pq.write_table(table, folder / "train-00000-of-00001.parquet")


def png(pixels: NDArray[np.uint8]) -> bytes:
    """``pixels`` (H x W x 3) as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def photo(
    seed: int, *, noise: float, mask: MaskSpec | None = None, side: int = SIDE
) -> NDArray[np.uint8]:
    """A smooth random scene with white noise of that standard deviation, masked."""
    random = np.random.default_rng(seed)
    corners = random.uniform(60, 190, (4, 4, 3)).astype(np.uint8)
    scene = np.asarray(Image.fromarray(corners).resize((side, side), Image.Resampling.BICUBIC))
    noisy = scene + random.normal(0, noise, scene.shape)
    pixels = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return pixels if mask is None else apply(pixels, mask)
