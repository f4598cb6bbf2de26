"""The rows of one pair: two stripped or masked photos, and what validation measured."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from PIL import Image, ImageOps

from flickrexif.errors import FlickrexifError
from flickrexif.exif.read import read_exif
from flickrexif.imaging import UnreadableImage, masked_crop, strip_metadata
from flickrexif.imaging.decode import orientation_of, rgb, upright
from flickrexif.treating.rows import row_id
from flickrexif.treating.treatments import png
from paircams.grey import opened_photo
from paircams.layout import SIDES
from paircams.photo_bytes import read_photo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paircams.finding import Finding
    from paircams.layout import PhotoFile, Subject
    from paircams.releasing.plan import PairsPlan
    from paircams.verdict import PairVerdict

Row = dict[str, Any]

_FIGURES = (
    "same_subject",
    "matched_by",
    "inliers",
    "hull_share",
    "rotation_deg",
    "scale",
    "iou",
    "shift",
    "ncc",
    "homography",
)


@dataclass(frozen=True, slots=True)
class ChosenPair:
    """A pair that goes into the release: its photos, verdict and lesser findings."""

    subject: Subject
    verdict: PairVerdict | None
    findings: tuple[Finding, ...]
    pair_id: str = ""
    """Given by `paircams.releasing.identify.identify`."""

    @property
    def files(self) -> list[PhotoFile]:
        """The smartphone's photo and the camera's."""
        return [self.subject.on(side)[0] for side in SIDES]


def pair_rows(pair: ChosenPair, plan: PairsPlan) -> Iterator[Row]:
    """Yield the smartphone's row, then the camera's.

    Raises `FlickrexifError` for a photo that cannot be read, or not be stripped without loss.
    """
    for side, file in zip(SIDES, pair.files, strict=True):
        content = content_of(file)
        record = read_exif(content)
        pixels = _made(file, content, plan)
        with Image.open(io.BytesIO(pixels)) as image:
            width, height = ImageOps.exif_transpose(image).size
        suffix = "png" if pixels.startswith(b"\x89PNG") else "jpg"
        yield {
            "image": {"bytes": pixels, "path": f"{pair.pair_id}-{side}.{suffix}"},
            "subject_idx": pair.subject.subject_idx,
            "model": record.model or _told(file, "model"),
            "camera_class": side,
            "pair_id": pair.pair_id,
            "make": record.make or _told(file, "make"),
            "width": width,
            "height": height,
            "license": pair.subject.license,
            "owner": pair.subject.owner,
            **_figures(pair),
        }


def content_of(file: PhotoFile) -> bytes:
    """The bytes of a photo that validation read; `FlickrexifError` where they are gone."""
    try:
        return read_photo(file)
    except OSError as error:
        raise FlickrexifError(f"{file.name!r} cannot be read: {error}; validate again") from error


def _told(file: PhotoFile, word: str) -> str | None:
    """What the dataset that a photo stands in tells of its camera; its EXIF may be stripped."""
    if file.row is None or word not in _columns(file.path):
        return None
    told = _columns(file.path)[word][file.row]
    return str(told) if told else None


@lru_cache(maxsize=4)
def _columns(path: Path) -> dict[str, list[Any]]:
    known = [name for name in ("make", "model") if name in pq.read_schema(path).names]
    table: dict[str, list[Any]] = pq.read_table(path, columns=known).to_pydict()
    return table


def _made(file: PhotoFile, content: bytes, plan: PairsPlan) -> bytes:
    try:
        if plan.kind == "masked":
            hidden = masked_crop(_upright(content), plan.crop, plan.mask, row_id(file.name))
            return png(hidden)
        return strip_metadata(content)
    except (UnreadableImage, OSError, SyntaxError, ValueError) as error:
        raise FlickrexifError(f"{file.name!r} changed meanwhile ({error}): build anew") from error


def _upright(content: bytes) -> Image.Image:
    """The photo in RGB, of every format that validation takes: HEIC and WebP too."""
    with opened_photo(content) as image:
        image.load()
        return upright(rgb(image), orientation_of(image))


def _figures(pair: ChosenPair) -> Row:
    told: Row = dict.fromkeys(_FIGURES)
    told["findings"] = " ".join(dict.fromkeys(finding.check for finding in pair.findings))
    if pair.verdict is None:
        return told
    told["same_subject"] = pair.verdict.same_subject
    seen = pair.verdict.figures
    if seen is not None:
        told |= {"matched_by": seen.method, "inliers": seen.inliers, "ncc": seen.ncc}
        told |= {"hull_share": seen.hull_share, "rotation_deg": seen.rotation_deg}
        told |= {"scale": seen.scale, "iou": seen.iou, "shift": seen.shift}
        told["homography"] = " ".join(f"{number:.9g}" for number in seen.homography)
    return told
