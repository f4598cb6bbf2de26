"""What a release is asked to be."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from flickrexif.errors import UsageError
from flickrexif.imaging import Interpolation, MaskSpec

Kind = Literal["masked", "images", "metadata"]

# semver.org 2.0.0, without pre-release and build parts: a published version is final.
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)\Z")


def require_version(version: str) -> None:
    """Raise `UsageError` unless ``version`` is a final semantic version."""
    if not _VERSION.match(version):
        raise UsageError(f"version {version!r} is not X.Y.Z: give one such as 1.0.0")


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """Which release to build from a corpus; the same plan and corpus give the same bytes.

    ``kind``: ``masked`` (cropped to ``crop`` px and masked, PNG), ``images`` (the bytes as fetched
    without their metadata) or ``metadata`` (no pixels). ``attributes``: which of the corpus's, all
    when None. ``mask``, ``crop`` and ``interpolation`` matter to masked releases alone.
    ``allow_noncommercial`` lets photos in whose licence forbids commercial use. ``shard_bytes``
    bounds the image bytes of one parquet file.
    """

    version: str
    kind: Kind = "masked"
    attributes: tuple[str, ...] | None = None
    mask: MaskSpec = field(default_factory=MaskSpec)
    crop: int = 224
    interpolation: Interpolation = "bicubic"
    allow_noncommercial: bool = False
    name: str = "FlickrExif"
    shard_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        require_version(self.version)
        if self.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise UsageError(f"unknown kind of release {self.kind!r}: use one of {known}")
        if self.interpolation not in get_args(Interpolation):
            known = ", ".join(get_args(Interpolation))
            raise UsageError(f"unknown interpolation {self.interpolation!r}: use one of {known}")
        if self.crop < 1:
            raise UsageError(f"crop {self.crop!r} is not a positive number of pixels")
        if self.shard_bytes < 1:
            raise UsageError(f"shard_bytes {self.shard_bytes!r} is not a positive number of bytes")
        if self.attributes is not None and not self.attributes:
            raise UsageError("no attributes are named: name some, or leave the choice out")

    @property
    def has_images(self) -> bool:
        """True when the release holds pixels."""
        return self.kind != "metadata"

    def words(self) -> dict[str, Any]:
        """The plan as plain values, for the manifest and for recognising a build to resume."""
        return asdict(self)
