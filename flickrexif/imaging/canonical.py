"""Canonicalisers: bring photos to one form, so that their files tell less of where they come from.

A canonicaliser is a few steps in plain words, such as ``colour sRGB, recompress 85, subsample
4:4:4``, and can be rebuilt from these words. Bytes go in and bytes come out:

- ``colour sRGB`` converts the pixels from the embedded ICC profile (`flickrexif.imaging.icc` says
  how); no profile means sRGB, a damaged one is refused. The profile is then gone.
- ``resize PIXELS`` shrinks the photo by Pillow's bicubic filter until its longer side is that long.
  Photos no longer than that are left as they are: enlarging would add a trace of its own.
- ``recompress QUALITY`` writes a baseline JPEG with libjpeg's tables for that quality.
- ``subsample 4:2:0`` or ``subsample 4:4:4`` says how that JPEG stores chroma; without this step
  it is 4:4:4, which throws none away.
- ``strip`` takes the metadata away. Alone it re-encodes nothing, and a minimal EXIF keeps the
  orientation, as `flickrexif.imaging.strip` says. A file written anew has no metadata in any case.

Steps on pixels are taken in their order, then the file is written once. The pixels are those of
`flickrexif.imaging.decode`: upright (orientation is applied once, then gone), without alpha, the
first frame, the high byte of 16 bits, grey in three channels. CMYK goes by its profile where
``colour`` finds one, else by Pillow's formula. Without ``colour`` a profile for RGB stays in the
file, as the colours depend on it; other profiles go.

What this does not do:

- Recompression does not take the traces of an earlier one away. Measured with JPEG ghosts, a first
  quality below the last one was found in 78 of 78 files, one above it in none of 26.
- A canonical file is not left as it is by a second pass. Its tables, its chroma and its lack of
  metadata stay; its pixels go on moving, mostly less from pass to pass. In corners (512 px) of 40
  camera files at quality 85, the second pass moved them by 0.02 levels in the mean (0.22 at most)
  and the eighth by 0.001 with 4:4:4; with 4:2:0 by 0.11 (0.43) and 0.02, as each pass averages
  chroma over 2 x 2 pixels and interpolates it. Strong colours move further: 1.4 levels in smooth
  patches of random colours. Nor is going to 4:2:0 and back by a Lanczos filter idempotent.
- Noise, sharpening, an earlier resize, lens and sensor stay, as do the sides of a photo below the
  longest one, and its aspect ratio.
- A profile that stays names the software or the camera that wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging import encode, icc
from flickrexif.imaging.canonical_steps import (
    SOME_STEPS,
    STEP_WORDS,
    Colour,
    Photo,
    Recompress,
    Resize,
    Step,
    Strip,
    Subsample,
    step,
)
from flickrexif.imaging.strip import strip_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flickrexif.imaging.encode import Subsampling


@dataclass(frozen=True, slots=True)
class Canonicaliser:
    """Steps, to be called with a photo's bytes: equal ones do the same.

    Raises `UsageError` for no step, for one that stands twice, and for steps that need a file
    written anew where none says at which quality.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        words = [each.word for each in self.steps]
        if not words:
            raise UsageError(f"a canonicaliser without steps: give some of {SOME_STEPS}")
        for word in words:
            if words.count(word) > 1:
                raise UsageError(f"the step {word!r} stands twice: give it once")
        needy = [word for word in words if word not in {Strip.word, Recompress.word}]
        if needy and self._quality is None:
            raise UsageError(f"{needy[0]!r} needs a file written anew: add 'recompress 85'")

    def __call__(self, data: bytes) -> bytes:
        """The whole image file ``data`` in its canonical form, a whole file again.

        Raises `UnreadableImage` for what cannot be decoded, for a profile that cannot be applied,
        and, where ``strip`` stands alone, for what is neither JPEG nor PNG.
        """
        if self._quality is None:
            return strip_metadata(data)
        photo = Photo.decoded(data)
        for each in self.steps:
            if isinstance(each, Colour | Resize):
                photo = each.apply(photo)
        return photo.written(quality=self._quality, subsampling=self._subsampling)

    @property
    def words(self) -> tuple[str, ...]:
        """The steps in plain words, for whatever stores them; `from_words` reads them."""
        return tuple(map(str, self.steps))

    @property
    def provenance(self) -> str:
        """The steps, and the libraries and versions that the bytes depend on."""
        done = ", ".join(self.words)
        if self._quality is None:
            return f"{done} (nothing is re-encoded)"
        cms = f", {icc.library()}" if any(isinstance(each, Colour) for each in self.steps) else ""
        return f"{done} by {encode.libraries()}{cms}"

    @property
    def _quality(self) -> int | None:
        return next((each.quality for each in self.steps if isinstance(each, Recompress)), None)

    @property
    def _subsampling(self) -> Subsampling:
        return next((each.sampling for each in self.steps if isinstance(each, Subsample)), "4:4:4")


def from_words(words: Iterable[str]) -> Canonicaliser:
    """The canonicaliser whose `Canonicaliser.words` these are; `UsageError` for other words."""
    return Canonicaliser(tuple(map(step, words)))


CANONICALISERS: Mapping[str, Canonicaliser] = MappingProxyType(
    {
        "strip": from_words(["strip"]),
        "jpeg85-444-srgb": from_words(["colour sRGB", "recompress 85", "subsample 4:4:4"]),
        "jpeg85-420-srgb": from_words(["colour sRGB", "recompress 85", "subsample 4:2:0"]),
        "jpeg95-444-srgb": from_words(["colour sRGB", "recompress 95", "subsample 4:4:4"]),
        "jpeg85-444-srgb-1024": from_words(
            ["colour sRGB", "resize 1024", "recompress 85", "subsample 4:4:4"]
        ),
    }
)
"""The canonicalisers that have a name. Another one is another entry."""


def canonicaliser(name: str) -> Canonicaliser:
    """One of `CANONICALISERS` by its name, or one told by its words with commas between them.

    Raises `UsageError` for an unknown name and for words that do not fit.
    """
    if name in CANONICALISERS:
        return CANONICALISERS[name]
    if re.split("[ ,]", name.strip())[0] not in STEP_WORDS:
        known = ", ".join(CANONICALISERS)
        raise UsageError(
            f"unknown canonicaliser {name!r}: use one of {known}, or steps with commas between "
            f"them, of {SOME_STEPS}"
        )
    return from_words(name.split(","))
