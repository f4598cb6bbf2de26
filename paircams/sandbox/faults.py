"""Every fault of a set of pairs that can be planted, and the check that is to find it."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import piexif
from PIL import Image, ImageOps

from flickrexif.sandbox.exposure import FIRED_FORCED
from paircams.sandbox.plan import Pair, Row, Spoilt
from paircams.sandbox.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from paircams.sandbox.shot import IFD, Shot

LATE = timedelta(minutes=50)
DARKER_EV = 5.0
CLOSER, ROLLED_DEG = 2.0, 24.0
KEPT_WIDTH, KEPT_HEIGHT = 0.96, 0.72
REDUCED = 3
ANEW = View(right=0.002, down=0.001)
"""A second take from the same spot."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. ``plant`` takes so many pairs as ``subjects`` and returns as many rows.

    With ``subjects`` 0 it is a fault of the whole set: ``plant`` is applied to every pair.
    """

    kind: str
    check: str
    """The id of the check that finds it."""
    sentence: str
    plant: Callable[..., tuple[Row, ...]]
    subjects: int = 1


def sound(pair: Pair) -> Row:
    """Return the row of a pair without fault."""
    return Row(pair.subject_idx, pair.phone, pair.camera)


def _taken(pair: Pair, **changes: Any) -> tuple[Row]:
    """Return the pair with another way of taking or writing the camera's photo."""
    return (replace(sound(pair), camera=replace(pair.camera, **changes)),)


def _retouched(pair: Pair, *retouches: Callable[[Image.Image], Image.Image]) -> tuple[Row]:
    return _taken(pair, retouches=retouches)


def _set_otherwise(pair: Pair, **settings: Any) -> tuple[Row]:
    return _taken(pair, settings=replace(pair.camera.settings, **settings))


def _spoilt(pair: Pair, how: Callable[[bytes], bytes]) -> tuple[Row]:
    return (replace(sound(pair), camera=Spoilt(pair.camera, how)),)


def _phone_tells(pair: Pair, ifd: IFD, tag: int, value: Any) -> tuple[Row]:
    """Return the pair with a private tag in the phone's file."""
    return (replace(sound(pair), smartphone=replace(pair.phone, tags=((ifd, tag, value),))),)


def _closer(pair: Pair) -> tuple[Row]:
    numerator, denominator = pair.camera.settings.focal_length
    equivalent = pair.camera.settings.focal_35mm
    return _set_otherwise(
        pair,
        focal_length=(round(numerator * CLOSER), denominator),
        focal_35mm=None if equivalent is None else round(equivalent * CLOSER),
    )


def _darker(pair: Pair) -> tuple[Row]:
    """Return the pair with the camera set for much less light, as after a cloud or at dusk."""
    numerator, denominator = pair.camera.settings.exposure
    return _set_otherwise(pair, exposure=(numerator * round(2**DARKER_EV), denominator))


def _other_subject(pair: Pair) -> tuple[Row]:
    return _taken(pair, subject_seed=pair.camera.subject_seed + 1)


def _by_the_phone(pair: Pair) -> tuple[Row]:
    """Return the pair with both photos taken with the phone."""
    phone, taken = pair.phone, pair.camera.taken - timedelta(seconds=pair.outing.clock_s)
    return _taken(pair, camera=phone.camera, settings=phone.settings, taken=taken)


def _exchanged(first: Pair, second: Pair) -> tuple[Row, Row]:
    return (
        replace(sound(first), camera=second.camera),
        replace(sound(second), camera=first.camera),
    )


def _same_subject_again(first: Pair, second: Pair) -> tuple[Row, Row]:
    """Return two subjects of which the second shows the first one's, taken a little later."""
    phone = replace(second.phone, subject_seed=first.phone.subject_seed, view=ANEW)
    camera = replace(second.camera, subject_seed=first.camera.subject_seed, view=first.camera.view)
    again = Row(second.subject_idx, _framed_as(phone, first), _framed_as(camera, first))
    return sound(first), again


def _framed_as(shot: Shot, pair: Pair) -> Shot:
    return replace(shot, frame=pair.phone.frame, orientation=pair.phone.orientation)


def _saved_again(file: bytes) -> bytes:
    with Image.open(io.BytesIO(file)) as image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=70, exif=image.info["exif"])
    return buffer.getvalue()


def _cut(image: Image.Image) -> Image.Image:
    wide, tall = image.width * (1 - KEPT_WIDTH) / 2, image.height * (1 - KEPT_HEIGHT) / 2
    return image.crop(
        (round(wide), round(tall), round(image.width - wide), round(image.height - tall))
    )


def _small(image: Image.Image) -> Image.Image:
    return image.reduce(REDUCED)


def _turned(how: Image.Transpose) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.transpose(how)


_TAGS, _EXIF, _GPS = piexif.ImageIFD, piexif.ExifIFD, piexif.GPSIFD
_PLACE = ((35, 1), (41, 1), (22, 1))
_EDITOR = b"Adobe Photoshop Lightroom 6.0 (Windows)"

_TABLE: tuple[Fault, ...] = (
    Fault(
        "missing",
        "missing",
        "The camera's photo is not there.",
        lambda pair: (replace(sound(pair), camera=None),),
    ),
    Fault(
        "third-photo",
        "surplus",
        "There are two photos on the camera's side.",
        lambda pair: (replace(sound(pair), third=replace(pair.camera, view=View(), noise_seed=1)),),
    ),
    Fault("empty", "undecodable", "The file holds 0 bytes.", lambda p: _spoilt(p, lambda _: b"")),
    Fault(
        "truncated",
        "undecodable",
        "The file ends after two thirds.",
        lambda pair: _spoilt(pair, lambda file: file[: len(file) * 2 // 3]),
    ),
    Fault(
        "no-picture",
        "undecodable",
        "The file is a text.",
        lambda pair: _spoilt(pair, lambda _: b"a text where a photo should be\n"),
    ),
    Fault(
        "swapped", "swapped", "The camera's photos of two subjects are exchanged.", _exchanged, 2
    ),
    Fault("other-subject", "subject", "The camera's photo shows something else.", _other_subject),
    Fault(
        "same-file",
        "identical",
        "The phone's file stands on both sides.",
        lambda pair: (replace(sound(pair), camera=pair.phone),),
    ),
    Fault(
        "re-encoded",
        "re-encoded",
        "The phone's photo, saved again, stands on the camera's side.",
        lambda pair: (replace(sound(pair), camera=Spoilt(pair.phone, _saved_again)),),
    ),
    Fault(
        "near-duplicate",
        "near-duplicate",
        "A subject is in the set a second time, from the same spot.",
        _same_subject_again,
        2,
    ),
    Fault("same-camera", "same-camera", "Both photos were taken with the phone.", _by_the_phone),
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
        lambda pair: _retouched(pair, _turned(Image.Transpose.ROTATE_90)),
    ),
    Fault(
        "rotated-180",
        "rotated",
        "The camera's photo is upside down.",
        lambda pair: _retouched(pair, _turned(Image.Transpose.ROTATE_180)),
    ),
    Fault(
        "rotated-270",
        "rotated",
        "The camera's photo lies on its side, a quarter turn to the right.",
        lambda pair: _retouched(pair, _turned(Image.Transpose.ROTATE_270)),
    ),
    Fault(
        "mirrored",
        "mirrored",
        "The camera's photo is mirrored.",
        lambda pair: _retouched(pair, ImageOps.mirror),
    ),
    Fault("zoomed", "framing", "The camera's photo was taken at twice the focal length.", _closer),
    Fault(
        "tilted",
        "framing",
        f"The camera was rolled by {ROLLED_DEG:.0f} degrees.",
        lambda pair: _taken(pair, view=replace(pair.camera.view, roll_deg=ROLLED_DEG)),
    ),
    Fault(
        "cropped",
        "cropped",
        "The camera's photo was cut to another aspect.",
        lambda pair: _retouched(pair, _cut),
    ),
    Fault(
        "low-resolution",
        "resolution",
        "The camera's photo was reduced to a third of its size.",
        lambda pair: _retouched(pair, _small),
    ),
    Fault(
        "clock",
        "capture-gap",
        "The camera's photo was taken 50 minutes late.",
        lambda pair: _taken(pair, taken=pair.camera.taken + LATE),
    ),
    Fault("exposure", "exposure", f"The camera saw {DARKER_EV:.0f} EV less light.", _darker),
    Fault(
        "flash",
        "flash",
        "The camera's flash fired.",
        lambda pair: _set_otherwise(pair, flash=FIRED_FORCED),
    ),
    Fault(
        "edited",
        "edited",
        "An editor wrote the camera's file.",
        lambda pair: _taken(pair, tags=(("0th", _TAGS.Software, _EDITOR),)),
    ),
    Fault(
        "gps",
        "private-tags",
        "The phone's file tells the place.",
        lambda pair: _phone_tells(pair, "GPS", _GPS.GPSLatitude, _PLACE),
    ),
    Fault(
        "serial",
        "private-tags",
        "The phone's file tells a serial number.",
        lambda pair: _phone_tells(pair, "Exif", _EXIF.BodySerialNumber, b"SN4711"),
    ),
    Fault(
        "owner",
        "private-tags",
        "The phone's file tells a name.",
        lambda pair: _phone_tells(pair, "0th", _TAGS.Artist, b"Jane Roe"),
    ),
    Fault(
        "thumbnail",
        "private-tags",
        "The camera's file holds a small picture besides.",
        lambda pair: _taken(pair, has_thumbnail=True),
    ),
    Fault(
        "stripped-side",
        "telltale",
        "All files of the camera's side are without EXIF.",
        lambda pair: _taken(pair, has_exif=False),
        0,
    ),
    Fault(
        "encoder-side",
        "telltale",
        "All files of the camera's side are written at another JPEG quality.",
        lambda pair: _taken(pair, quality=80),
        0,
    ),
)

FAULTS: dict[str, Fault] = {fault.kind: fault for fault in _TABLE}
"""All kinds, in the order of the table."""
