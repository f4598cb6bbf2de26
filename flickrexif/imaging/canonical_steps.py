"""The steps of a canonicaliser, each in plain words and back; `flickrexif.imaging.canonical`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast, get_args

from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import encode, icc
from flickrexif.imaging.decode import UnreadableImage, opened, orientation_of, rgb, upright
from flickrexif.imaging.encode import Subsampling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo on its way through the steps: upright pixels, and the profile of their colours."""

    image: Image.Image
    """RGB, by the rules of `flickrexif.imaging.decode`; CMYK where there is a profile for it."""
    profile: bytes | None
    """The embedded ICC profile: empty where there is none, None where pieces of it are missing."""

    @classmethod
    def decoded(cls, data: bytes) -> Photo:
        """The photo in ``data``, an image file; `UnreadableImage` where there is none."""
        with opened(data) as image:
            image.load()
            orientation = orientation_of(image)
            profile = image.info.get("icc_profile", b"")
            stays = image.mode == "CMYK" and _is_for("CMYK", profile)
            return cls(upright(image if stays else rgb(image), orientation), profile)

    def written(self, *, quality: int, subsampling: Subsampling) -> bytes:
        """A JPEG without metadata; a profile stays in it if it is one for RGB."""
        image = self.image if self.image.mode == "RGB" else self.image.convert("RGB")
        profile = self.profile if self.profile and _is_for("RGB", self.profile) else b""
        return encode.jpeg(image, quality=quality, subsampling=subsampling, profile=profile)


@dataclass(frozen=True, slots=True)
class Colour:
    """Convert the pixels to sRGB from the embedded profile; no profile means sRGB."""

    space: str = "sRGB"
    word: ClassVar[str] = "colour"

    def __post_init__(self) -> None:
        _require_one_of(self, self.space, ("sRGB",))

    def __str__(self) -> str:
        return f"{self.word} {self.space}"

    def apply(self, photo: Photo) -> Photo:
        """The photo without a profile; `UnreadableImage` where the profile cannot be applied."""
        if photo.profile is None:
            raise UnreadableImage("damaged", "an ICC profile of which pieces are missing")
        if not photo.profile:
            return photo
        return Photo(icc.to_srgb(photo.image, photo.profile), b"")


@dataclass(frozen=True, slots=True)
class Resize:
    """Shrink the photo until its longer side is ``longest`` pixels; never enlarge it."""

    longest: int
    word: ClassVar[str] = "resize"

    def __post_init__(self) -> None:
        if not 1 <= self.longest <= encode.MAX_SIDE:
            raise UsageError(f"{str(self)!r} is outside 1..{encode.MAX_SIDE} pixels: give a side")

    def __str__(self) -> str:
        return f"{self.word} {self.longest}"

    def apply(self, photo: Photo) -> Photo:
        """The photo, its shorter side to the nearest pixel."""
        longer = max(photo.image.size)
        if longer <= self.longest:
            return photo
        width, height = (max(1, round(side * self.longest / longer)) for side in photo.image.size)
        return replace(photo, image=photo.image.resize((width, height), Image.Resampling.BICUBIC))


@dataclass(frozen=True, slots=True)
class Recompress:
    """Write the photo as a baseline JPEG of libjpeg's ``quality`` (1..100)."""

    quality: int
    word: ClassVar[str] = "recompress"

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise UsageError(f"{str(self)!r} is outside 1..100: give libjpeg's quality")

    def __str__(self) -> str:
        return f"{self.word} {self.quality}"


@dataclass(frozen=True, slots=True)
class Subsample:
    """Store the chroma of the JPEG that is written at half size (4:2:0) or at full (4:4:4)."""

    sampling: Subsampling
    word: ClassVar[str] = "subsample"

    def __post_init__(self) -> None:
        _require_one_of(self, self.sampling, get_args(Subsampling))

    def __str__(self) -> str:
        return f"{self.word} {self.sampling}"


@dataclass(frozen=True, slots=True)
class Strip:
    """Take the metadata away; alone, without re-encoding."""

    word: ClassVar[str] = "strip"

    def __str__(self) -> str:
        return self.word


Step = Colour | Resize | Recompress | Subsample | Strip


def step(words: str) -> Step:
    """The step that ``words`` tell, such as ``recompress 85``; `UsageError` for other words."""
    words = words.strip()
    word, _, value = words.partition(" ")
    if word not in _STEPS:
        raise UsageError(f"unknown step {words!r}: use some of {SOME_STEPS}")
    return _STEPS[word](value)


def _strip(value: str) -> Strip:
    if value:
        raise UsageError(f"'strip {value}': this step takes no value")
    return Strip()


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise UsageError(f"{value!r} is not a whole number: write a step as 'recompress 85'")
    return int(value)


_STEPS: Mapping[str, Callable[[str], Step]] = MappingProxyType(
    {
        Colour.word: Colour,
        Resize.word: lambda value: Resize(_whole(value)),
        Recompress.word: lambda value: Recompress(_whole(value)),
        Subsample.word: lambda value: Subsample(cast("Subsampling", value)),
        Strip.word: _strip,
    }
)

STEP_WORDS = tuple(_STEPS)
SOME_STEPS = "'colour sRGB', 'resize 1024', 'recompress 85', 'subsample 4:4:4', 'strip'"


def _is_for(space: icc.Space, profile: bytes | None) -> bool:
    try:
        return bool(profile) and icc.space_of(profile or b"") == space
    except UnreadableImage:
        return False


def _require_one_of(told: Step, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"unknown {told.word} {value!r}: use one of {', '.join(known)}")
