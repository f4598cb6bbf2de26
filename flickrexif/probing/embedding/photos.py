"""Where photos to embed come from: a release, or any set of images."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.imaging.image_place import name_of
from flickrexif.imaging.image_set import ImageSet
from flickrexif.probing.embedding.masked_tables import view_of_files
from flickrexif.probing.embedding.pair_columns import PairColumns
from flickrexif.probing.release_data import SPLITS, ReleaseData
from flickrexif.probing.view import View
from flickrexif.release.manifest import MANIFEST
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.imaging.mask import MaskSpec, PhotoName


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo: its id in the file of embeddings, its name for the mask's draw, its bytes."""

    photo_id: int
    name: PhotoName
    content: bytes


class PhotoSource(Protocol):
    """Photos to embed, each once."""

    @property
    def name(self) -> str:
        """What the source is called, for messages and files."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of what decides the photos' bytes."""
        ...

    @property
    def about(self) -> Mapping[str, str]:
        """What a file of embeddings tells of its source."""
        ...

    def __len__(self) -> int:
        """How many photos there are."""
        ...

    def __iter__(self) -> Iterator[Photo]:
        """The photos, in an order that does not change."""
        ...

    def view(self, mask: MaskSpec | None, crop: int | None) -> View:
        """How the photos are seen; see `View.of`."""
        ...

    def columns(self, photo_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Tensors (N) that go into the file beside the embeddings of these photos."""
        ...

    def told(self, photo_id: int) -> str:
        """What the user calls the photo with this id."""
        ...


def photos_at(path: Path) -> PhotoSource:
    """The photos of a release, or the images of a set, at ``path``.

    Raises `UsageError` where there is neither, and for a release without images.
    """
    if _is_release(path):
        data = ReleaseData.open(path)
        return ReleasePhotos(data, data.attributes)
    return SetPhotos(ImageSet.open(path))


@dataclass(frozen=True, slots=True, eq=False)
class ReleasePhotos:
    """The distinct photos of some attributes of a release."""

    data: ReleaseData
    attributes: tuple[str, ...]

    @property
    def name(self) -> str:
        """That of the release, or of its folder."""
        return str(self.data.manifest.get("name") or self.data.path.resolve().name)

    @property
    def digest(self) -> str:
        """That of the manifest, which has one of each file."""
        return hashlib.sha256((self.data.path / MANIFEST).read_bytes()).hexdigest()

    @property
    def about(self) -> Mapping[str, str]:
        """Name and version."""
        return {"release": self.name, "version": self.data.version}

    def photo_ids(self) -> NDArray[np.int64]:
        """Of each labelled photo, once, ascending; images are not read.

        Whether labels can be learnt is of no account: an embedding needs none.
        """
        each = [
            _labelled_ids(file)
            for name in self.attributes
            for split in SPLITS
            for file in self.data.files(name, split)
        ]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *each]))

    def __len__(self) -> int:
        return len(self.photo_ids())

    def __iter__(self) -> Iterator[Photo]:
        for photo_id, content in self.data.images(self.attributes):
            yield Photo(photo_id, photo_id, content)

    def view(self, mask: MaskSpec | None, crop: int | None) -> View:
        """The release's own, or ``mask`` over whole images."""
        return View.of(self.data.manifest, mask, crop=crop)

    def columns(self, photo_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """None: labels are in the release, an attribute at a time."""
        return {}

    def told(self, photo_id: int) -> str:
        """The id, which is the photo's name."""
        return str(photo_id)


@dataclass(frozen=True, slots=True, eq=False)
class SetPhotos:
    """The images of a set; where a name is no photo id, 63 bits of its hash are the id."""

    images: ImageSet
    places: Mapping[int, int] = field(init=False)
    """Photo id → place in the set."""
    pairs: PairColumns | None = field(init=False)
    """Of a set of camera pairs: each photo's subject and model."""

    def __post_init__(self) -> None:
        told = self.images.places
        ids = {row_id(place.name): number for number, place in enumerate(told)}
        object.__setattr__(self, "places", ids)
        object.__setattr__(self, "pairs", PairColumns.of(told))

    @property
    def name(self) -> str:
        """That of the folder or file."""
        return self.images.path.resolve().name

    @property
    def digest(self) -> str:
        """That of the files' names, sizes and times; not of their bytes, which nobody reads yet.

        Names are those below the set's folder, which make the photos' names and so their ids.
        """
        digest = hashlib.sha256()
        for file in sorted({place.file for place in self.images.places}):
            name, told = name_of(file, self.images.path), file.stat()
            digest.update(f"{name}\0{told.st_size}\0{told.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    @property
    def about(self) -> Mapping[str, str]:
        """The set's name, and the names that ``label``, ``subject`` and ``model`` count."""
        about = {"images": self.name}
        if self.images.classes:
            about["classes"] = json.dumps(self.images.classes, ensure_ascii=False)
        return about if self.pairs is None else about | dict(self.pairs.about)

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[Photo]:
        for image in self.images:
            yield Photo(row_id(image.name), image.name, image.content)

    def view(self, mask: MaskSpec | None, crop: int | None) -> View:
        """``mask`` over the images, or that of tables of masked photos."""
        return view_of_files((place.file for place in self.images.places), mask, crop=crop)

    def columns(self, photo_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """``label`` of a set with classes, -1 where there is none; those of `PairColumns`."""
        rows = [self.places[photo_id] for photo_id in photo_ids.tolist()]
        columns: dict[str, NDArray[np.int64]] = {}
        if self.images.classes:
            codes = {name: code for code, name in enumerate(self.images.classes)}
            told = [codes.get(self.images.places[row].label or "", -1) for row in rows]
            columns["label"] = np.array(told, dtype=np.int64)
        if self.pairs is not None:
            columns |= {"subject": self.pairs.subject[rows], "model": self.pairs.model[rows]}
        return columns

    def told(self, photo_id: int) -> str:
        """Its name in the set: the path below the folder, its id in a table, or file and row."""
        return self.images.places[self.places[photo_id]].name


def _labelled_ids(file: Path) -> NDArray[np.int64]:
    table = pq.read_table(file, columns=["photo_id", "label"])
    ids = table.filter(pc.is_valid(table["label"]))["photo_id"]
    return np.asarray(ids.to_numpy(), dtype=np.int64)


def _is_release(path: Path) -> bool:
    """Whether there are attributes; one without, as of camera pairs, is the set of its images."""
    try:
        told = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    attributes = told.get("attributes") if isinstance(told, dict) else None
    return isinstance(attributes, dict) and bool(attributes)
