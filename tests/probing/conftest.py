from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tiny_releases import TinyRelease, photo, png
from torchvision_ops import name_torchvision_ops

from flickrexif.imaging.mask import MaskSpec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

name_torchvision_ops()

PER_CLASS = {"train": 24, "validation": 8, "test": 16}
NOISES = (2.0, 3.5, 6.0)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three noise levels as the ordinal ``iso``, and ``coin``, which the pixels know nothing of."""
    random = np.random.default_rng(0)
    mask = MaskSpec()
    images, sizes = {}, {}
    iso: dict[str, list[tuple[int, int, str]]] = {}
    coin: dict[str, list[tuple[int, int, str]]] = {}
    photo_id = 1000
    for split, count in PER_CLASS.items():
        iso[split], coin[split] = [], []
        for level, noise in enumerate(NOISES):
            for place in range(count):
                photo_id += 1
                owner = f"{split}-{place % 7}@N00"
                images[photo_id] = png(photo(photo_id, noise=noise, mask=mask))
                sizes[photo_id] = (1024, 683 if random.random() < 0.5 else 768)
                iso[split].append((photo_id, level, owner))
                coin[split].append((photo_id, int(random.integers(2)), owner))
    path = tmp_path_factory.mktemp("releases") / "Tiny"
    return TinyRelease(path, mask).write(
        {"iso": ["100", "800", "6400"], "coin": ["heads", "tails"]},
        {"iso": iso, "coin": coin},
        images,
        ordinal=("iso",),
        sizes=sizes,
    )
