"""What the camera leaves in a picture outlives the paper's preparation: 224 pixels, 90 % hidden.

Twelve scenes are taken by several cameras and settings, so content cannot tell them apart; a
nearest-centre classifier over a handful of residual statistics of the visible frame learns from
half of the scenes and is asked about the other half.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image

from flickrexif.sandbox.cameras import cameras
from flickrexif.sandbox.photos import Camera, Settings
from flickrexif.sandbox.render import SERVICE_RESAMPLING, take
from flickrexif.sandbox.scene import make_scene

SCENES = 12
RING, CROP, LARGE = 6, 224, 1024
BASE = Settings((1, 250), (80, 10), 200, (50, 1), None, 16, 3, 5)


@dataclass(frozen=True)
class Shot:
    camera: Camera
    settings: Settings


def shot(model: str, **changes) -> Shot:
    camera = next(camera for camera in cameras() if camera.model == model)
    return Shot(camera, replace(BASE, **changes))


SHOTS = {
    "nikon": shot("NIKON D750"),
    "nikon at ISO 6400": shot("NIKON D750", iso=6400),
    "nikon with flash": shot("NIKON D750", flash=9),
    "nikon at f/22": shot("NIKON D750", f_number=(22, 1)),
    "nikon at f/4": shot("NIKON D750", f_number=(40, 10)),
    "sony": shot("ILCE-7M3"),
    "olympus": shot("E-M10MarkII"),
    "apple": shot("iPhone 11", focal_length=(425, 100), f_number=(18, 10), iso=100),
}
MAKERS = ["nikon", "sony", "olympus", "apple"]
LUMA_FINE, LUMA_COARSE, CORNERS = 3, 15, -1
"""Columns of the statistics: luma bends over one and four pixels (quantile 0.6), corner falloff."""


def ring_statistics(picture: Image.Image) -> np.ndarray:
    """Shrink, crop, keep six pixels at the border; return spreads of what no content explains."""
    scale = LARGE / max(picture.size)
    large = picture.resize([round(edge * scale) for edge in picture.size], SERVICE_RESAMPLING)
    file = io.BytesIO()
    large.save(file, "JPEG", quality=90, subsampling="4:2:0")
    large = Image.open(file).convert("RGB")
    scale = CROP / min(large.size)
    small = large.resize([round(edge * scale) for edge in large.size], Image.Resampling.BICUBIC)
    left, top = (small.width - CROP) // 2, (small.height - CROP) // 2
    pixels = np.asarray(small.crop((left, top, left + CROP, top + CROP)), dtype=float)
    luma = pixels @ [0.299, 0.587, 0.114]
    planes = np.stack([luma, pixels[..., 0] - luma, pixels[..., 2] - luma], axis=-1)
    sides = [planes[:RING], planes[-RING:], planes[:, :RING], planes[:, -RING:]]
    sides = [side if len(side) == RING else side.transpose(1, 0, 2) for side in sides]
    found = []
    for lag in (1, 2, 4):
        bends = [s[:, 2 * lag :] - 2 * s[:, lag:-lag] + s[:, : -2 * lag] for s in sides]
        size = np.abs(np.concatenate([bend.reshape(-1, 3) for bend in bends]))
        found.append(np.log(0.05 + np.quantile(size, (0.3, 0.6), axis=0)).ravel())
    level = np.log(5 + np.array([side[..., 0].mean(axis=0) for side in sides]))
    corners = (level[:, :30].mean() + level[:, -30:].mean()) / 2 - level[:, 90:130].mean()
    return np.concatenate([*found, [corners]])


@pytest.fixture(scope="module")
def statistics() -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {name: [] for name in SHOTS}
    for seed in range(SCENES):
        for name, taken in SHOTS.items():
            size = taken.camera.frame
            picture = take(make_scene(seed, *size), taken.camera, taken.settings, size, seed)
            found[name].append(ring_statistics(picture))
    return {name: np.array(rows) for name, rows in found.items()}


def accuracy(statistics, names, shuffle=None) -> float:
    """Return the share of unseen scenes' pictures told right by discriminant analysis."""
    rows = np.concatenate([statistics[name] for name in names])
    labels = np.repeat(np.arange(len(names)), SCENES)
    learn = np.tile(np.arange(SCENES) % 2 == 0, len(names))
    if shuffle is not None:
        labels = labels.copy()
        labels[learn] = np.random.default_rng(shuffle).permutation(labels[learn])
    centres = np.stack([rows[learn & (labels == k)].mean(axis=0) for k in range(len(names))])
    spread = rows[learn] - centres[labels[learn]]
    whiten = np.linalg.inv(spread.T @ spread / len(spread) + 0.02 * np.eye(rows.shape[1]))
    away = rows[~learn][:, None] - centres[None]
    told = np.einsum("nki,ij,nkj->nk", away, whiten, away).argmin(axis=1)
    return float((told == np.repeat(np.arange(len(names)), SCENES)[~learn]).mean())


def test_more_iso_leaves_more_residual(statistics):
    assert (statistics["nikon at ISO 6400"] > statistics["nikon"])[:, LUMA_FINE].mean() > 0.95
    assert accuracy(statistics, ["nikon", "nikon at ISO 6400"]) > 0.85


def test_the_flash_darkens_the_corners(statistics):
    assert (statistics["nikon with flash"] < statistics["nikon"])[:, CORNERS].mean() > 0.9


def test_diffraction_dims_the_finest_detail(statistics):
    finest = {name: rows[:, LUMA_FINE] - rows[:, LUMA_COARSE] for name, rows in statistics.items()}
    assert (finest["nikon at f/22"] < finest["nikon"]).mean() > 0.8


def test_an_open_lens_darkens_the_corners(statistics):
    assert (statistics["nikon at f/4"] < statistics["nikon"])[:, CORNERS].mean() > 0.9


def test_makers_are_told_from_the_frame(statistics):
    assert accuracy(statistics, MAKERS) > 0.5


def test_a_phone_is_told_from_the_frame(statistics):
    assert accuracy(statistics, ["nikon", "apple"]) > 0.8


def test_shuffled_labels_are_not_learnt(statistics):
    scores = [accuracy(statistics, MAKERS, shuffle=seed) for seed in range(12)]
    assert np.mean(scores) == pytest.approx(1 / len(MAKERS), abs=0.08)
