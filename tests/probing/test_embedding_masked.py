"""Photos that are masked already, in tables that are no release with attributes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file
from tiny_releases import photo, png
from torch import nn

from flickrexif import EmbedPlan, PreprocessSpec, embed, module_encoder
from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec, achieved_ratio, apply
from flickrexif.probing.embeddings import IDS, VECTORS
from flickrexif.probing.encoders import embed_masked, encoder_named
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from command_line import CommandLine
    from numpy.typing import NDArray

SIDE = 48
CENTER = MaskSpec(ratio=0.8)
PATCHES = MaskSpec("random_patches", 0.5, patch=8)


def about(mask: MaskSpec, *, side: int = SIDE) -> dict[str, Any]:
    """As releases of pairs tell it."""
    return {"kind": "pairs", "mask": mask.words(), "crop": {"size": side}}


def table(
    file: Path, words: dict[str, Any], mask: MaskSpec, *, ids: range | None = None
) -> list[NDArray[np.uint8]]:
    """Write four photos, masked by their ids or, without, by 0; returns their pixels."""
    names = [0] * 4 if ids is None else list(ids)
    pixels = [apply(photo(n, noise=4, side=SIDE), mask, names[n]) for n in range(4)]
    columns: dict[str, Any] = {"image": [{"bytes": png(each), "path": None} for each in pixels]}
    if ids is not None:
        columns["photo_id"] = list(ids)
    file.parent.mkdir(parents=True, exist_ok=True)
    made = pa.table(columns).replace_schema_metadata({"flickrexif": json.dumps(words)})
    pq.write_table(made, file)
    return pixels


def vectors(out: Path, encoder: str = "residual") -> dict[int, NDArray[np.float32]]:
    found = load_file(out / "embeddings" / f"{encoder}.safetensors")
    return dict(zip(found[IDS].tolist(), found[VECTORS], strict=True))


@pytest.mark.parametrize(
    "words",
    [
        about(CENTER),
        {"kind": "masked", "mask": CENTER.words(), "crop": SIDE},
        {
            "kind": "treated",
            "treatment": {"does": "mask", "mask": CENTER.words(), "crop": {"size": SIDE}},
        },
    ],
    ids=["pairs", "a config of a release", "a treated set"],
)
@pytest.mark.parametrize("where", ["folder", "file"])
def test_tables_of_masked_photos_are_seen_as_they_are(tmp_path: Path, words, where):
    file = tmp_path / "set" / "train.parquet"
    pixels = table(file, words, CENTER)
    encoder = encoder_named("residual")
    report = embed(file if where == "file" else file.parent, EmbedPlan(), out=tmp_path / "out")
    (row,) = report.rows
    assert (row.crop, row.hidden) == (SIDE, achieved_ratio(CENTER, SIDE, SIDE))
    found = vectors(tmp_path / "out")
    for number, each in enumerate(pixels):
        image = torch.from_numpy(each.transpose(2, 0, 1).copy())[None]
        wanted = embed_masked(encoder, image, CENTER, [0])[0].numpy()
        name = f"{file.name}:{number}"
        np.testing.assert_allclose(found[row_id(name)], wanted, rtol=1e-5, atol=1e-6)


def test_masks_that_differ_by_photo_are_known_by_photo_ids(tmp_path: Path):
    pixels = table(tmp_path / "set" / "a.parquet", about(PATCHES), PATCHES, ids=range(4))
    embed(tmp_path / "set", EmbedPlan(), out=tmp_path / "out")
    image = torch.from_numpy(pixels[3].transpose(2, 0, 1).copy())[None]
    wanted = embed_masked(encoder_named("residual"), image, PATCHES, [3])[0].numpy()
    np.testing.assert_allclose(vectors(tmp_path / "out")[3], wanted, rtol=1e-5, atol=1e-6)


def test_masks_that_nothing_tells_are_refused(tmp_path: Path):
    table(tmp_path / "set" / "a.parquet", about(PATCHES), PATCHES)
    with pytest.raises(UsageError, match="hides pixels of its own, and no photo_id tells which"):
        embed(tmp_path / "set", EmbedPlan(), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tables_that_are_masked_otherwise_are_no_set(tmp_path: Path):
    table(tmp_path / "set" / "a.parquet", about(CENTER), CENTER)
    table(tmp_path / "set" / "b.parquet", {"kind": "pairs"}, CENTER)
    with pytest.raises(UsageError, match=r"a\.parquet' and .*b\.parquet' are not masked alike"):
        embed(tmp_path / "set", EmbedPlan(), out=tmp_path / "out")


def test_an_encoder_of_another_crop_than_the_photos_is_refused(tmp_path: Path):
    table(tmp_path / "set" / "a.parquet", about(CENTER), CENTER)
    module = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    large = module_encoder(module, PreprocessSpec(64), name="large")
    with pytest.raises(UsageError, match="takes 64 px, and the photos are masked at 48 px"):
        embed(tmp_path / "set", EmbedPlan((large,)), out=tmp_path / "out")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--ratio 0.5", "the photos are masked already: give no mask of your own"),
        ("--crop 32", "the photos are masked at 48 px already, not 32: leave the crop out"),
    ],
)
def test_a_mask_or_a_crop_over_masked_photos_is_one_line(run: CommandLine, here: Path, words, told):
    table(here / "set" / "a.parquet", about(CENTER), CENTER)
    assert told in run.refused("embed", "set", "--out", "out", *words.split())


def test_a_masked_release_of_pairs_is_embedded_as_it_was_masked(tmp_path: Path):
    pytest.importorskip("cv2", reason="pairs are built by OpenCV")
    from paircams.releasing import PairsPlan, build
    from paircams.sandbox import simulate

    simulate(tmp_path / "set", pairs=2, longest_px=320)
    build(tmp_path / "set", PairsPlan("1.0.0", kind="masked"), out=tmp_path / "release")
    (row,) = embed(tmp_path / "release", EmbedPlan(), out=tmp_path / "out").rows
    assert (row.crop, row.photos) == (224, 4)
    assert row.hidden == achieved_ratio(MaskSpec(), 224, 224)
    (file,) = (tmp_path / "release" / "pairs").glob("*.parquet")
    content = pq.read_table(file)["image"][0].as_py()["bytes"]
    pixels = np.asarray(Image.open(io.BytesIO(content)))
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
    wanted = embed_masked(encoder_named("residual"), image, MaskSpec(), [0])[0].numpy()
    found = vectors(tmp_path / "out")[row_id(f"pairs/{file.name}:0")]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
