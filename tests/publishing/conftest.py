from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from flickrexif.imaging import Crop, MaskSpec
from flickrexif.publishing import FolderShelf
from flickrexif.treating import Masking, TreatPlan, treat

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def release_of(tmp_path_factory):
    """A small release: its version, how many images it has, and how they are masked."""
    made: dict[tuple, Path] = {}

    def make(version: str, images: int = 12, ratio: float = 0.5) -> Path:
        key = (version, images, ratio)
        if key not in made:
            place = tmp_path_factory.mktemp("made")
            for number in range(images):
                split = ("train", "train", "validation", "test")[number % 4]
                file = (
                    place / "set" / split / ("cat" if number % 8 < 4 else "dog") / f"{number}.png"
                )
                file.parent.mkdir(parents=True, exist_ok=True)
                dice = np.random.default_rng(number)
                pixels = dice.integers(1, 256, (40, 40, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(file)
            plan = TreatPlan("Small", version, images_per_file=2)
            treatment = Masking(MaskSpec(ratio=ratio), Crop(32))
            treat(place / "set", treatment, plan, out=place / "release")
            made[key] = place / "release"
        return made[key]

    return make


@pytest.fixture
def shelf(tmp_path) -> FolderShelf:
    return FolderShelf(tmp_path / "shelf")
