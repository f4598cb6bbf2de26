"""The parquet files of a golden set: images with their digests, and what an encoder made of them.

The column of images is stored as it is, uncompressed, so that a damaged byte damages one image.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.errors import UsageError
from flickrexif.golden.pixels import digest, frozen, thawed
from flickrexif.imaging.decode import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from flickrexif.imaging.reading import Pixels

ROWS_AT_ONCE = 64

_TEXT = pa.string()
IMAGES = pa.schema(
    {
        "image": pa.struct({"bytes": pa.binary(), "path": _TEXT}),
        "name": _TEXT,
        "label": _TEXT,
        "role": _TEXT,
        "distortion": _TEXT,
        "reason": _TEXT,
        "sha256": _TEXT,
        "source_sha256": _TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a frozen image besides its pixels."""

    name: str
    """Of the image in the set it is from."""
    label: str | None
    role: str
    """See `flickrexif.golden.choose.Role`."""
    distortion: str
    """Its name; of a failure ``stress``."""
    reason: str | None
    """Why a failure was added; None for any other image."""
    sha256: str
    """Of the pixels: `flickrexif.golden.pixels.digest`."""
    source_sha256: str
    """Of the pixels of the whole photo that it was cropped from."""

    @property
    def told(self) -> str:
        """Name and distortion, for messages."""
        return f"{self.name!r} ({self.distortion})"


def write_images(target: Path, images: Iterable[tuple[Words, Pixels]]) -> list[Words]:
    """Write ``target`` at once or not at all; returns its rows in order."""
    written: list[Words] = []
    compression = {name: "SNAPPY" for name in IMAGES.names if name != "image"}
    compression |= {"image.bytes": "NONE", "image.path": "SNAPPY"}
    with (
        atomic_path(target) as partial,
        pq.ParquetWriter(partial, IMAGES, compression=compression) as writer,
    ):
        held: list[dict[str, Any]] = []
        for words, pixels in images:
            held.append(_row(words, pixels))
            written.append(words)
            if len(held) == ROWS_AT_ONCE:
                writer.write_table(pa.Table.from_pylist(held, IMAGES))
                held = []
        writer.write_table(pa.Table.from_pylist(held, IMAGES))
    return written


def read_images(file: Path) -> Iterator[tuple[Words, Pixels]]:
    """The rows of a file with their pixels, in order, each compared with its digest.

    Raises `UsageError` that names the first image whose pixels are not those that were frozen, or
    the file where it is no sound table.
    """
    names = [field.name for field in fields(Words)]
    with sound(file), pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=IMAGES.names):
            for row in batch.to_pylist():
                words = Words(**{name: row[name] for name in names})
                yield words, _checked(row["image"]["bytes"], words, file)


def write_embeddings(target: Path, vectors: NDArray[np.float32], said: list[str | None]) -> None:
    """Write embeddings (float32, N x D) and the classes said, in the order of the images."""
    flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    table = pa.table({"embedding": flat, "said": pa.array(said, _TEXT)})
    with atomic_path(target) as partial:
        pq.write_table(table, partial)


def read_embeddings(file: Path) -> tuple[NDArray[np.float32], list[str | None]]:
    """What `write_embeddings` wrote."""
    with sound(file):
        table = pq.read_table(file)
    column = table["embedding"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(table), column.type.list_size), table["said"].to_pylist()


@contextmanager
def sound(file: Path) -> Iterator[None]:
    """What Arrow says of a damaged table, as `UsageError`."""
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"{str(file)!r} is damaged ({why}): restore the golden set from a copy"
        ) from None


def _row(words: Words, pixels: Pixels) -> dict[str, Any]:
    image = {"bytes": frozen(pixels), "path": f"{words.sha256[:16]}.png"}
    return {"image": image} | {field.name: getattr(words, field.name) for field in fields(words)}


def _checked(content: bytes, words: Words, file: Path) -> Pixels:
    try:
        pixels = thawed(content)
    except UnreadableImage as error:
        why = error.reason
    else:
        if digest(pixels) == words.sha256:
            return pixels
        why = "its pixels have another sha256"
    raise UsageError(
        f"image {words.told} in {str(file)!r} is damaged ({why}): restore the golden set from a "
        "copy"
    )
