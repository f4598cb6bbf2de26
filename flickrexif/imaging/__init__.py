"""Decode images, mask them, and take their metadata away."""

from flickrexif.imaging.crop import ENCODER_CROPS, Crop, Interpolation, resize_and_crop
from flickrexif.imaging.decode import REFUSALS, Refusal, UnreadableImage, decode_rgb
from flickrexif.imaging.fill import apply
from flickrexif.imaging.mask import MaskSpec, achieved_ratio, visible
from flickrexif.imaging.normalise import Normalisation
from flickrexif.imaging.prepare import masked_crop
from flickrexif.imaging.preview import mask_preview
from flickrexif.imaging.reading import Reader, exact_reader, fast_reader
from flickrexif.imaging.strip import is_stripped, strip_metadata

__all__ = [
    "ENCODER_CROPS",
    "REFUSALS",
    "Crop",
    "Interpolation",
    "MaskSpec",
    "Normalisation",
    "Reader",
    "Refusal",
    "UnreadableImage",
    "achieved_ratio",
    "apply",
    "decode_rgb",
    "exact_reader",
    "fast_reader",
    "is_stripped",
    "mask_preview",
    "masked_crop",
    "resize_and_crop",
    "strip_metadata",
    "visible",
]
