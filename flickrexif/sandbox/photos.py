"""What the sandbox knows of a camera, an account and a photo: plain values, cheap to pickle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Visibility = Literal["public", "deleted", "private"]
Origin = Literal["camera", "export", "screenshot", "scan"]
"""Where a picture came from; all but ``camera`` carry no camera EXIF."""

Rational = tuple[int, int]
"""Numerator and denominator, as the camera writes them (``(10, 600)`` for 1/60 by a Nikon)."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera model: its names, its optics and sensor, and how its maker develops a picture."""

    make: str
    """The Exif Make string."""
    model: str
    """The Exif Model string."""
    brand: str
    """The maker's name as people write it (``Nikon``)."""
    display_name: str
    """The name a photo service prints (``Nikon D750``)."""
    kind: Literal["phone", "slr", "mirrorless", "compact"]
    released: int
    """Year of release."""
    popularity: float
    """Relative share among the cameras of its make."""
    crop_factor: float
    full_well: float
    """Electrons that fill one simulated (binned) pixel at ISO 100."""
    read_noise: float
    """Electrons, standard deviation, at ISO 100."""
    base_iso: int
    max_iso: int
    focal_mm: tuple[float, float]
    """Shortest and longest focal length; equal for a fixed lens."""
    widest: tuple[float, float]
    """Smallest f-number at the short and at the long end."""
    narrowest: float
    software: str
    frame: tuple[int, int]
    """Width and height of the simulated original, landscape."""
    exposure_tenths: bool
    """True where the maker writes 1/60 s as 10/600."""
    writes_35mm: bool
    sharpen_radius: float
    sharpen_percent: int
    luma_denoise: float
    """0 none to 1 watercolour."""
    chroma_denoise: float
    contrast: float
    """Strength of the S-shaped tone curve."""
    saturation: float
    warmth: float
    """Positive: redder white balance; negative: bluer."""
    lens_softness: float
    """Blur in pixels (sigma) of the lens at its best aperture."""
    vignetting: float
    """Share of light lost in the corner at full aperture."""
    jpeg_quality: int
    jpeg_subsampling: Literal["4:4:4", "4:2:2", "4:2:0"]
    jpeg_table: Literal["ijg", "flat", "steep"]
    """The shape of the quantisation table; ``ijg`` is libjpeg's own."""

    @property
    def is_phone(self) -> bool:
        """True for smartphones."""
        return self.kind == "phone"


@dataclass(frozen=True, slots=True)
class SandboxOwner:
    """An account."""

    nsid: str
    username: str
    realname: str | None
    path_alias: str | None
    hides_exif: bool
    """The owner chose to hide EXIF: getExif must answer error 2."""
    floods: bool
    """An archive that puts up hundreds of scans on single days."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the camera was set to for one photo, in the form it writes to the file."""

    exposure: Rational
    """Seconds."""
    f_number: Rational
    iso: int
    focal_length: Rational
    """Millimetres."""
    focal_35mm: int | None
    flash: int
    """The Exif Flash code, a bit field."""
    program: int
    """The Exif ExposureProgram code."""
    metering: int
    """The Exif MeteringMode code."""

    @property
    def exposure_s(self) -> float:
        """The exposure time in seconds."""
        return self.exposure[0] / self.exposure[1]

    @property
    def aperture(self) -> float:
        """The f-number."""
        return self.f_number[0] / self.f_number[1]

    @property
    def focal_mm(self) -> float:
        """The focal length in millimetres."""
        return self.focal_length[0] / self.focal_length[1]

    @property
    def flash_fired(self) -> bool:
        """Bit 0 of the flash code."""
        return bool(self.flash & 1)


@dataclass(frozen=True, slots=True)
class SandboxPhoto:
    """One photo of the sandbox, all that an API answer or a renderer needs."""

    id: int
    secret: str
    original_secret: str
    server: str
    owner: SandboxOwner
    title: str
    description: str
    license: int
    taken: datetime
    """What the service calls the date taken: naive; not a capture time if ``taken_unknown``."""
    taken_unknown: bool
    taken_granularity: int
    """0 exact, 4 month, 6 year."""
    uploaded: int
    """Unix seconds, UTC."""
    captured: datetime
    """When the shutter fell, on the camera's clock: naive, DateTimeOriginal in the file."""
    width: int
    """Pixels of the original as displayed, that is, after its Orientation tag is obeyed."""
    height: int
    orientation: int
    """The Exif Orientation of the original: 1, 6 or 8."""
    origin: Origin
    has_exif: bool
    """True when the original carries camera EXIF (Make, Model and settings)."""
    visible: Visibility
    safety_level: int
    """0 safe, 1 moderate, 2 restricted; strangers find safe photos only."""
    camera: Camera | None
    """None without camera EXIF."""
    settings: Settings | None
    """None without camera EXIF."""
    developed_by: Camera | None
    """What took it, whether the file tells or not: an export keeps its camera's traces."""
    developed_with: Settings | None
    gps: tuple[float, float] | None
    """Latitude and longitude in the file, for some photos."""
    serial: str | None
    """The camera body's serial number in the file, for some photos."""
    artist: str | None
    has_thumbnail: bool
    views: int
    tags: tuple[str, ...]
    original_format: str = "jpg"
    media: str = "photo"

    @property
    def pixel_seed(self) -> int:
        """The seed of everything drawn for this photo's pixels."""
        return int(self.original_secret, 16)
