"""Pairs taken, written or filed otherwise than a sound one: what the faults are made of."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PIL import Image

from paircams.sandbox.plan import Row, Spoilt
from paircams.sandbox.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paircams.sandbox.plan import Pair, Photo
    from paircams.sandbox.shot import IFD, Shot

LATE = timedelta(minutes=50)
DARKER_EV = 5.0
CLOSER, ROLLED_DEG = 2.0, 24.0
KEPT_WIDTH, KEPT_HEIGHT = 0.96, 0.72
REDUCED = 3
ANEW = View(right=0.002, down=0.001)
"""A second take from the same spot."""


def sound(pair: Pair) -> Row:
    """Return the row of a pair without fault."""
    return Row(pair.subject_idx, pair.phone, pair.camera)


def retaken(pair: Pair, **changes: Any) -> tuple[Row]:
    """Return the pair with another way of taking or writing the camera's photo."""
    return (replace(sound(pair), camera=replace(pair.camera, **changes)),)


def retouched(pair: Pair, *retouches: Callable[[Image.Image], Image.Image]) -> tuple[Row]:
    """Return the pair with the camera's picture changed by hand."""
    return retaken(pair, retouches=retouches)


def set_otherwise(pair: Pair, **settings: Any) -> tuple[Row]:
    """Return the pair with other settings of the camera."""
    return retaken(pair, settings=replace(pair.camera.settings, **settings))


def spoilt(pair: Pair, how: Callable[[bytes], bytes]) -> tuple[Row]:
    """Return the pair with the camera's file changed after it was written."""
    return (replace(sound(pair), camera=Spoilt(pair.camera, how)),)


def phone_tells(pair: Pair, ifd: IFD, tag: int, value: Any) -> tuple[Row]:
    """Return the pair with a private tag in the phone's file."""
    return (replace(sound(pair), smartphone=replace(pair.phone, tags=((ifd, tag, value),))),)


def closer(pair: Pair) -> tuple[Row]:
    """Return the pair with the camera zoomed in to `CLOSER` times the focal length."""
    numerator, denominator = pair.camera.settings.focal_length
    equivalent = pair.camera.settings.focal_35mm
    return set_otherwise(
        pair,
        focal_length=(round(numerator * CLOSER), denominator),
        focal_35mm=None if equivalent is None else round(equivalent * CLOSER),
    )


def darker(pair: Pair) -> tuple[Row]:
    """Return the pair with the camera set for much less light, as after a cloud or at dusk."""
    numerator, denominator = pair.camera.settings.exposure
    return set_otherwise(pair, exposure=(numerator * round(2**DARKER_EV), denominator))


def other_subject(pair: Pair) -> tuple[Row]:
    """Return the pair with something else before the camera."""
    return retaken(pair, subject_seed=pair.camera.subject_seed + 1)


def by_the_phone(pair: Pair) -> tuple[Row]:
    """Return the pair with both photos taken with the phone."""
    phone, taken = pair.phone, pair.camera.taken - timedelta(seconds=pair.outing.clock_s)
    return retaken(pair, camera=phone.camera, settings=phone.settings, taken=taken)


def exchanged(first: Pair, second: Pair) -> tuple[Row, Row]:
    """Return two pairs with the camera's photo of the other one each."""
    return (
        replace(sound(first), camera=second.camera),
        replace(sound(second), camera=first.camera),
    )


def same_subject_again(first: Pair, second: Pair) -> tuple[Row, Row]:
    """Return two subjects of which the second shows the first one's, taken a little later."""
    phone = replace(second.phone, subject_seed=first.phone.subject_seed, view=ANEW)
    camera = replace(second.camera, subject_seed=first.camera.subject_seed, view=first.camera.view)
    again = Row(second.subject_idx, _framed_as(phone, first), _framed_as(camera, first))
    return sound(first), again


def _framed_as(shot: Shot, pair: Pair) -> Shot:
    return replace(shot, frame=pair.phone.frame, orientation=pair.phone.orientation)


def saved_again(file: bytes) -> bytes:
    """Return a file's picture as a JPEG of lower quality, with its EXIF."""
    with Image.open(io.BytesIO(file)) as image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=70, exif=image.info.get("exif", b""))
    return buffer.getvalue()


def cut(image: Image.Image) -> Image.Image:
    """Return the middle of a picture, in another aspect."""
    wide, tall = image.width * (1 - KEPT_WIDTH) / 2, image.height * (1 - KEPT_HEIGHT) / 2
    return image.crop(
        (round(wide), round(tall), round(image.width - wide), round(image.height - tall))
    )


def small(image: Image.Image) -> Image.Image:
    """Return a picture at `1 / REDUCED` of its size."""
    return image.reduce(REDUCED)


def turned(how: Image.Transpose) -> Callable[[Image.Image], Image.Image]:
    """Return what turns a picture."""
    return lambda image: image.transpose(how)


def all_cameras(row: Row, **changes: Any) -> tuple[Row]:
    """Return the row with each photo on the camera's side taken or written otherwise."""
    camera, third = (_changed(photo, changes) for photo in (row.camera, row.third))
    return (replace(row, camera=camera, third=third),)


def _changed(photo: Photo | None, changes: Mapping[str, Any]) -> Photo | None:
    if isinstance(photo, Spoilt):
        return replace(photo, shot=replace(photo.shot, **changes))
    return None if photo is None else replace(photo, **changes)
