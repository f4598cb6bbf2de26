"""How the photos of tables are to be seen: as they are, or cropped and masked already.

Masked releases, of camera pairs too, tell in each parquet file's metadata (``flickrexif``) how they
were made: ``mask`` and ``crop``, or both below ``treatment``. A config of a release, or one file of
it, is known by that as the whole release is by its manifest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from flickrexif.probing.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from flickrexif.imaging.mask import MaskSpec


def view_of_files(files: Iterable[Path], mask: MaskSpec | None, *, crop: int | None = None) -> View:
    """The view of a set of these files: their own mask, or ``mask`` over whole images.

    Raises `UsageError` as `View.of` does, for files that were not all masked alike, and where each
    photo hides pixels of its own and no column ``photo_id`` tells which.
    """
    told = {file: masking_of(file) for file in dict.fromkeys(files)}
    first = next(iter(told), None)
    for file, masking in told.items():
        if first is not None and masking != told[first]:
            raise UsageError(
                f"{str(first)!r} and {str(file)!r} are not masked alike: name one of the two"
            )
    view = View.of({} if first is None else told[first], mask, crop=crop)
    if view.prepared and view.mask is not None and view.mask.differs_by_photo:
        _require_photo_ids(told)
    return view


def masking_of(file: Path) -> dict[str, Any]:
    """Mask and crop of a parquet file, as a manifest has them; empty for whole photos."""
    if file.suffix.lower() != ".parquet":
        return {}
    about = _about(file)
    treatment = about.get("treatment")
    words = treatment if isinstance(treatment, dict) else about
    if not isinstance(words.get("mask"), dict):
        return {}
    crop = words.get("crop")
    return {"mask": words["mask"], "crop": crop["size"] if isinstance(crop, dict) else crop}


def _about(file: Path) -> Mapping[str, Any]:
    """What the file says of its release; nothing for a file of others."""
    try:
        found = json.loads((pq.read_schema(file).metadata or {}).get(b"flickrexif", b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _require_photo_ids(files: Iterable[Path]) -> None:
    for file in files:
        if "photo_id" not in pq.read_schema(file).names:
            raise UsageError(
                f"each photo of {str(file)!r} hides pixels of its own, and no photo_id tells "
                "which: build the release with a mask that is alike for all, such as center"
            )
