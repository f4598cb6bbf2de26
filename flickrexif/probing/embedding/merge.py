"""Many safetensors files into one, sorted by photo id, without holding more than a block of rows.

The library writes a file from tensors in memory alone, so the one file is written here: eight bytes
with the length of the header, the header as JSON, then the tensors' bytes one after the other
(https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.probing.embeddings import IDS, VECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK_BYTES = 64 << 20
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A file's photo ids (N), and its vectors (float32, N x D) as they lie on disk."""

    photo_ids: NDArray[np.int64]
    vectors: np.memmap[Any, np.dtype[np.float32]]

    @classmethod
    def of(cls, file: Path) -> Part | None:
        """What ``file`` holds; None for one without embeddings."""
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(length))
        if VECTORS not in header:
            return None

        def mapped(name: str, dtype: str) -> Any:
            start, _ = header[name]["data_offsets"]
            shape = tuple(header[name]["shape"])
            return np.memmap(file, dtype, "r", offset=8 + length + start, shape=shape)

        return cls(np.array(mapped(IDS, "<i8")), mapped(VECTORS, "<f4"))


def merged(
    parts: Sequence[Part],
    target: Path,
    columns: Callable[[NDArray[np.int64]], dict[str, NDArray[np.int64]]],
    metadata: Mapping[str, str],
    *,
    block_bytes: int = BLOCK_BYTES,
) -> None:
    """Write the rows of ``parts`` to ``target`` by ascending photo id, with ``columns`` of them.

    Of a photo that stands in two parts, as a run leaves it that was killed when all was in one file
    and the parts were not yet removed, the first is taken.
    """
    ids, order = np.unique(np.concatenate([part.photo_ids for part in parts]), return_index=True)
    dim = parts[0].vectors.shape[1]
    small = {IDS: ids, **columns(ids)}
    with target.open("wb") as file:
        file.write(_header({VECTORS: ("F32", (len(ids), dim))}, small, metadata))
        for block in _blocks(parts, order, max(1, block_bytes // (4 * dim))):
            file.write(block.data)
        for values in small.values():
            file.write(values.astype("<i8").tobytes())


def _header(
    large: Mapping[str, tuple[str, tuple[int, ...]]],
    small: Mapping[str, NDArray[np.int64]],
    metadata: Mapping[str, str],
) -> bytes:
    """The length and the header, padded so that what follows lies at a multiple of eight."""
    kinds = {**large, **{name: ("I64", values.shape) for name, values in small.items()}}
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    start = 0
    for name, (dtype, shape) in kinds.items():
        stop = start + int(np.prod(shape)) * {"F32": 4, "I64": 8}[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _blocks(
    parts: Sequence[Part], order: NDArray[np.int64], rows: int
) -> Iterator[NDArray[np.float32]]:
    """The vectors in ``order``, ``rows`` at a time."""
    starts = np.cumsum([0, *(len(part.photo_ids) for part in parts)])
    for first in range(0, len(order), rows):
        those = order[first : first + rows]
        block = np.empty((len(those), parts[0].vectors.shape[1]), dtype="<f4")
        of_part = np.searchsorted(starts, those, side="right") - 1
        for place in np.unique(of_part):
            here = of_part == place
            block[here] = parts[place].vectors[those[here] - starts[place]]
        yield block
