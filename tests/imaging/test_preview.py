from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec, mask_preview, visible


def test_each_ratio_has_its_tile():
    sheet = np.asarray(
        mask_preview(Image.new("RGB", (100, 80), (200, 30, 30)), [0, 0.5, 1], crop=64)
    )
    tiles = [sheet[8:72, 8 + 72 * index : 72 + 72 * index] for index in range(3)]
    assert sheet.shape == (64 + 16 + 20, 8 + 3 * 72, 3)
    assert (tiles[0] == (200, 30, 30)).all()
    assert ((tiles[1] == 0).all(axis=2) == ~visible(MaskSpec(ratio=0.5), 64, 64)).all()
    assert (tiles[2] == 0).all()


def test_captions_are_drawn():
    sheet = np.asarray(mask_preview(Image.new("RGB", (64, 64), "white"), [0], crop=64))
    assert (sheet[72:] < 128).any()


def test_no_ratio_is_refused():
    with pytest.raises(UsageError, match="at least one ratio"):
        mask_preview(Image.new("RGB", (64, 64)), [])
