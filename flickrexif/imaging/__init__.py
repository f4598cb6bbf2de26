"""Decode images, mask, process and degrade them, and take their metadata away."""

from flickrexif.imaging.canonical import CANONICALISERS, Canonicaliser, canonicaliser
from flickrexif.imaging.crop import ENCODER_CROPS, Crop, Interpolation, resize_and_crop
from flickrexif.imaging.decode import REFUSALS, Refusal, UnreadableImage, decode_rgb
from flickrexif.imaging.fill import apply
from flickrexif.imaging.image_set import ImageSet, SetImage
from flickrexif.imaging.mask import MaskSpec, achieved_ratio, visible
from flickrexif.imaging.normalise import Normalisation
from flickrexif.imaging.optics import Defocus, Diffraction
from flickrexif.imaging.prepare import masked_crop
from flickrexif.imaging.preview import mask_preview
from flickrexif.imaging.processing import FAMILIES, Family, draw_class, process
from flickrexif.imaging.reading import Reader, exact_reader, fast_reader
from flickrexif.imaging.sensor import SWEEPS, Degradation, Sensor, degrade, sweep
from flickrexif.imaging.strip import is_stripped, strip_metadata

__all__ = [
    "CANONICALISERS",
    "ENCODER_CROPS",
    "FAMILIES",
    "REFUSALS",
    "SWEEPS",
    "Canonicaliser",
    "Crop",
    "Defocus",
    "Degradation",
    "Diffraction",
    "Family",
    "ImageSet",
    "Interpolation",
    "MaskSpec",
    "Normalisation",
    "Reader",
    "Refusal",
    "Sensor",
    "SetImage",
    "UnreadableImage",
    "achieved_ratio",
    "apply",
    "canonicaliser",
    "decode_rgb",
    "degrade",
    "draw_class",
    "exact_reader",
    "fast_reader",
    "is_stripped",
    "mask_preview",
    "masked_crop",
    "process",
    "resize_and_crop",
    "strip_metadata",
    "sweep",
    "visible",
]
