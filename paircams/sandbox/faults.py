"""Every fault of a set of pairs that can be planted, and the check that is to find it."""

from __future__ import annotations

from dataclasses import replace

import piexif
from PIL import Image, ImageOps

from flickrexif.sandbox.exposure import FIRED_FORCED
from paircams.sandbox import retakes
from paircams.sandbox.fault import Fault
from paircams.sandbox.plan import Row, Spoilt
from paircams.sandbox.view import View

_TAGS, _EXIF, _GPS = piexif.ImageIFD, piexif.ExifIFD, piexif.GPSIFD
_PLACE = ((35, 1), (41, 1), (22, 1))
_EDITOR = b"Adobe Photoshop Lightroom 6.0 (Windows)"

_COPIED = frozenset({"same-file"})
"""Found by equal bytes alone."""
_IN_EXIF = frozenset(
    (
        "same-camera",
        "swapped-sides",
        "cropped",
        "low-resolution",
        "clock",
        "exposure",
        "flash",
        "edited",
        "thumbnail",
    )
)
"""Found by what EXIF tells alone."""

_TABLE: tuple[Fault, ...] = (
    Fault(
        "missing",
        "missing",
        "The camera's photo is not there.",
        lambda pair: (replace(retakes.sound(pair), camera=None),),
    ),
    Fault(
        "third-photo",
        "surplus",
        "There are two photos on the camera's side.",
        lambda pair: (
            replace(retakes.sound(pair), third=replace(pair.camera, view=View(), noise_seed=1)),
        ),
    ),
    Fault(
        "empty",
        "undecodable",
        "The file holds 0 bytes.",
        lambda p: retakes.spoilt(p, lambda _: b""),
    ),
    Fault(
        "truncated",
        "undecodable",
        "The file ends after two thirds.",
        lambda pair: retakes.spoilt(pair, lambda file: file[: len(file) * 2 // 3]),
    ),
    Fault(
        "no-picture",
        "undecodable",
        "The file is a text.",
        lambda pair: retakes.spoilt(pair, lambda _: b"a text where a photo should be\n"),
    ),
    Fault(
        "swapped",
        "swapped",
        "The camera's photos of two subjects are exchanged.",
        retakes.exchanged,
        2,
    ),
    Fault(
        "other-subject",
        "subject",
        "The camera's photo shows something else.",
        retakes.other_subject,
    ),
    Fault(
        "same-file",
        "identical",
        "The phone's file stands on both sides.",
        lambda pair: (replace(retakes.sound(pair), camera=pair.phone),),
    ),
    Fault(
        "re-encoded",
        "re-encoded",
        "The phone's photo, saved again, stands on the camera's side.",
        lambda pair: (
            replace(retakes.sound(pair), camera=Spoilt(pair.phone, retakes.saved_again)),
        ),
    ),
    Fault(
        "near-duplicate",
        "near-duplicate",
        "A subject is in the set a second time, from the same spot.",
        retakes.same_subject_again,
        2,
    ),
    Fault(
        "same-camera", "same-camera", "Both photos were taken with the phone.", retakes.by_the_phone
    ),
    Fault(
        "swapped-sides",
        "swapped-sides",
        "The photos stand on each other's side.",
        lambda pair: (Row(pair.subject_idx, pair.camera, pair.phone),),
    ),
    Fault(
        "rotated-90",
        "rotated",
        "The camera's photo lies on its side, a quarter turn to the left.",
        lambda pair: retakes.retouched(pair, retakes.turned(Image.Transpose.ROTATE_90)),
    ),
    Fault(
        "rotated-180",
        "rotated",
        "The camera's photo is upside down.",
        lambda pair: retakes.retouched(pair, retakes.turned(Image.Transpose.ROTATE_180)),
    ),
    Fault(
        "rotated-270",
        "rotated",
        "The camera's photo lies on its side, a quarter turn to the right.",
        lambda pair: retakes.retouched(pair, retakes.turned(Image.Transpose.ROTATE_270)),
    ),
    Fault(
        "mirrored",
        "mirrored",
        "The camera's photo is mirrored.",
        lambda pair: retakes.retouched(pair, ImageOps.mirror),
    ),
    Fault(
        "zoomed",
        "framing",
        "The camera's photo was taken at twice the focal length.",
        retakes.closer,
    ),
    Fault(
        "tilted",
        "framing",
        f"The camera was rolled by {retakes.ROLLED_DEG:.0f} degrees.",
        lambda pair: retakes.retaken(
            pair, view=replace(pair.camera.view, roll_deg=retakes.ROLLED_DEG)
        ),
    ),
    Fault(
        "cropped",
        "cropped",
        "The camera's photo was cut to another aspect.",
        lambda pair: retakes.retouched(pair, retakes.cut),
    ),
    Fault(
        "low-resolution",
        "resolution",
        "The camera's photo was reduced to a third of its size.",
        lambda pair: retakes.retouched(pair, retakes.small),
    ),
    Fault(
        "clock",
        "capture-gap",
        "The camera's photo was taken 50 minutes late.",
        lambda pair: retakes.retaken(pair, taken=pair.camera.taken + retakes.LATE),
    ),
    Fault(
        "exposure",
        "exposure",
        f"The camera saw {retakes.DARKER_EV:.0f} EV less light.",
        retakes.darker,
    ),
    Fault(
        "flash",
        "flash",
        "The camera's flash fired.",
        lambda pair: retakes.set_otherwise(pair, flash=FIRED_FORCED),
    ),
    Fault(
        "edited",
        "edited",
        "An editor wrote the camera's file.",
        lambda pair: retakes.retaken(pair, tags=(("0th", _TAGS.Software, _EDITOR),)),
    ),
    Fault(
        "gps",
        "private-tags",
        "The phone's file tells the place.",
        lambda pair: retakes.phone_tells(pair, "GPS", _GPS.GPSLatitude, _PLACE),
    ),
    Fault(
        "serial",
        "private-tags",
        "The phone's file tells a serial number.",
        lambda pair: retakes.phone_tells(pair, "Exif", _EXIF.BodySerialNumber, b"SN4711"),
    ),
    Fault(
        "owner",
        "private-tags",
        "The phone's file tells a name.",
        lambda pair: retakes.phone_tells(pair, "0th", _TAGS.Artist, b"Jane Roe"),
    ),
    Fault(
        "thumbnail",
        "private-tags",
        "The camera's file holds a small picture besides.",
        lambda pair: retakes.retaken(pair, has_thumbnail=True),
    ),
    Fault(
        "stripped-side",
        "telltale",
        "All files of the camera's side are without EXIF.",
        lambda row: retakes.all_cameras(row, has_exif=False),
        subjects=0,
        hides=_COPIED | _IN_EXIF,
    ),
    Fault(
        "encoder-side",
        "telltale",
        "All files of the camera's side are written at another JPEG quality.",
        lambda row: retakes.all_cameras(row, quality=80),
        subjects=0,
        hides=_COPIED,
    ),
)

FAULTS: dict[str, Fault] = {fault.kind: fault for fault in _TABLE}
"""All kinds, in the order of the table."""
