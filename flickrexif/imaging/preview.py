"""A contact sheet: one photo under several mask ratios."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import resize_and_crop
from flickrexif.imaging.fill import apply
from flickrexif.imaging.mask import MaskSpec, achieved_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 8
_CAPTION = 20


def mask_preview(
    image: Image.Image,
    ratios: Sequence[float],
    *,
    spec: MaskSpec | None = None,
    crop: int = 224,
    photo_id: int = 0,
) -> Image.Image:
    """``image`` cropped to ``crop`` and masked at each of ``ratios``, side by side with captions.

    The captions tell the ratio asked for and the one achieved. ``spec`` gives all but the ratio.
    """
    if not ratios:
        raise UsageError("a mask preview needs at least one ratio, such as 0.9")
    spec = spec or MaskSpec()
    pixels = np.asarray(resize_and_crop(image.convert("RGB"), crop))
    width = _GAP + len(ratios) * (crop + _GAP)
    sheet = Image.new("RGB", (width, crop + 2 * _GAP + _CAPTION), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for index, ratio in enumerate(ratios):
        masked = replace(spec, ratio=ratio)
        left = _GAP + index * (crop + _GAP)
        sheet.paste(Image.fromarray(apply(pixels, masked, photo_id)), (left, _GAP))
        achieved = achieved_ratio(masked, crop, crop, photo_id)
        caption = f"{ratio:.0%} asked, {achieved:.2%} hidden"
        draw.text((left, crop + 2 * _GAP), caption, fill="black", font=font)
    return sheet
