"""Decode images, mask them, and take their metadata away."""

from flickrexif.imaging.decode import Interpolation, UnreadableImage, decode_rgb, resize_and_crop
from flickrexif.imaging.mask import MaskSpec, achieved_ratio, apply, visible
from flickrexif.imaging.preview import mask_preview
from flickrexif.imaging.strip import is_stripped, strip_metadata

__all__ = [
    "Interpolation",
    "MaskSpec",
    "UnreadableImage",
    "achieved_ratio",
    "apply",
    "decode_rgb",
    "is_stripped",
    "mask_preview",
    "resize_and_crop",
    "strip_metadata",
    "visible",
]
