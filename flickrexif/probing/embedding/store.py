"""Where embeddings go as they come: into shards on disk, or into memory.

Of an encoder, ``embeddings/NAME/00000.safetensors`` and so on hold what was embedded so far, and
``embeddings/NAME.safetensors`` all of it once the photos are through. Each file has the words that
it was made with, and files of other words are refused: what is in one file is of one kind.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor

from flickrexif.atomic import atomic_path
from flickrexif.errors import UsageError
from flickrexif.probing.embedding.merge import Part, merged
from flickrexif.probing.embeddings import IDS, VECTORS, Embeddings, flaw_told_by, ids_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Columns = Callable[[NDArray[np.int64]], dict[str, NDArray[np.int64]]]

log = logging.getLogger("flickrexif")

FOLDER = "embeddings"
"""Where a command's ``out`` has them."""
WORDS = "words"
SKIPPED = "skipped"


class Store(Protocol):
    """One encoder's embeddings, as they come."""

    @property
    def skipped(self) -> Mapping[int, str]:
        """Photos that could not be read, by id, with the reason."""
        ...

    def __contains__(self, photo_id: int) -> bool:
        """Whether an earlier run was through with the photo."""
        ...

    def __len__(self) -> int:
        """How many photos are through, embedded or skipped."""
        ...

    def add(self, photo_ids: Sequence[int], vectors: Tensor) -> None:
        """Keep ``vectors`` (float32, N x D)."""
        ...

    def skip(self, photo_id: int, reason: str) -> None:
        """Keep in mind that a photo cannot be read."""
        ...

    def flush(self) -> None:
        """Make safe what was added."""
        ...

    def embeddings(self) -> Embeddings:
        """All of them, by ascending photo id; `UsageError` when there are none."""
        ...


@dataclass(slots=True)
class Kept:
    """In memory, for a run that writes nothing."""

    name: str
    provenance: Mapping[str, str]
    skipped: dict[int, str] = field(default_factory=dict)
    _ids: list[int] = field(default_factory=list)
    _vectors: list[Tensor] = field(default_factory=list)

    def __contains__(self, photo_id: int) -> bool:
        return False

    def __len__(self) -> int:
        return len(self._ids) + len(self.skipped)

    def add(self, photo_ids: Sequence[int], vectors: Tensor) -> None:
        """See `Store`."""
        self._ids += photo_ids
        self._vectors.append(vectors)

    def skip(self, photo_id: int, reason: str) -> None:
        """See `Store`."""
        self.skipped[photo_id] = reason

    def flush(self) -> None:
        """See `Store`; nothing to do."""

    @property
    def holds_any(self) -> bool:
        """Whether a photo was added."""
        return bool(self._ids)

    def embeddings(self) -> Embeddings:
        """See `Store`."""
        if not self._ids:
            raise none_readable()
        ids = np.asarray(self._ids, dtype=np.int64)
        order = np.argsort(ids)
        vectors = torch.cat(self._vectors)[torch.from_numpy(order)]
        return Embeddings(self.name, self.provenance, ids[order], vectors)


@dataclass(slots=True)
class Shards:
    """On disk, ``size`` photos a file."""

    folder: Path
    name: str
    provenance: Mapping[str, str]
    words: Mapping[str, str]
    """What decides the vectors besides the photo: equal words or none."""
    size: int
    skipped: dict[int, str] = field(default_factory=dict)
    photos: int = 0
    """How many are embedded, by earlier runs and this one."""
    _found: NDArray[np.int64] = field(init=False)
    """Photos of earlier runs, ascending: eight bytes each, where a set of them has sixty."""
    _fresh: Kept = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self._fresh = Kept(self.name, self.provenance)
        files = [file for file in (self.target, *self._files()) if file.is_file()]
        nothing = np.empty(0, dtype=np.int64)
        self._found = np.unique(np.concatenate([nothing, *map(self._take, files)]))
        self.photos = len(self._found)

    @property
    def target(self) -> Path:
        """The one file of the end."""
        return file_of(self.folder, self.name)

    def __contains__(self, photo_id: int) -> bool:
        place = int(np.searchsorted(self._found, photo_id))
        is_found = place < len(self._found) and int(self._found[place]) == photo_id
        return is_found or photo_id in self.skipped

    def __len__(self) -> int:
        return self.photos + len(self.skipped)

    def add(self, photo_ids: Sequence[int], vectors: Tensor) -> None:
        """See `Store`; a file is written whenever ``size`` photos are together."""
        self._fresh.add(photo_ids, vectors)
        self.photos += len(photo_ids)
        self._grow(len(photo_ids))

    def skip(self, photo_id: int, reason: str) -> None:
        """See `Store`."""
        self._fresh.skip(photo_id, reason)
        self.skipped[photo_id] = reason
        self._grow(1)

    def flush(self) -> None:
        """See `Store`."""
        from safetensors.numpy import save_file

        if not self._count:
            return
        tensors: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {}
        if self._fresh.holds_any:
            held = self._fresh.embeddings()
            tensors = {VECTORS: held.vectors.numpy(), IDS: held.photo_ids}
        self._parts.mkdir(parents=True, exist_ok=True)
        with atomic_path(self._parts / f"{self._next():05d}.safetensors") as partial:
            save_file(tensors, partial, metadata=self._about(self._fresh.skipped))
        self._fresh, self._count = Kept(self.name, self.provenance), 0

    def finish(self, columns: Columns, about: Mapping[str, str]) -> None:
        """Put all shards into the one file, by ascending photo id, and remove them.

        ``columns`` gives tensors to stand beside the vectors of some photos, ``about`` goes into
        the file's metadata. Memory holds ids and a block of rows, never all vectors. Raises
        `UsageError` when no photo could be read.
        """
        self.flush()
        files = self._files()
        if not files and self.target.is_file():
            return
        if not self.photos:
            raise none_readable()
        sources = [self.target] if self.target.is_file() else []
        parts = [part for file in (*sources, *files) if (part := Part.of(file)) is not None]
        with atomic_path(self.target) as partial:
            merged(parts, partial, columns, {**about, **self._about(self.skipped)})
        shutil.rmtree(self._parts)

    def embeddings(self) -> Embeddings:
        """See `Store`; only after `finish`."""
        return Embeddings.read(self.target)

    @property
    def _parts(self) -> Path:
        return self.target.with_suffix("")

    def _files(self) -> list[Path]:
        return sorted(self._parts.glob("[0-9]*.safetensors"))

    def _next(self) -> int:
        files = self._files()
        return int(files[-1].stem) + 1 if files else 0

    def _grow(self, photos: int) -> None:
        self._count += photos
        if self._count >= self.size:
            self.flush()

    def _about(self, skipped: Mapping[int, str]) -> dict[str, str]:
        return {
            "encoder": self.name,
            "provenance": json.dumps(dict(self.provenance), sort_keys=True),
            WORDS: json.dumps(dict(self.words), sort_keys=True),
            SKIPPED: json.dumps({str(photo_id): reason for photo_id, reason in skipped.items()}),
        }

    def _take(self, file: Path) -> NDArray[np.int64]:
        """The photos that ``file`` has; a shard that is damaged is removed, to be made again."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(file, "numpy") as opened:
                about = opened.metadata() or {}
                words, skipped = json.loads(about[WORDS]), json.loads(about[SKIPPED])
                is_empty = not list(opened.keys()) and file != self.target
                ids = np.empty(0, dtype=np.int64) if is_empty else ids_of(opened)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            if file == self.target:
                raise UsageError(
                    f"{str(file)!r} holds no embeddings of this kind ({flaw_told_by(error)}): "
                    "remove it, or name another --out"
                ) from error
            log.warning("%s is damaged and made again: %s", file, error)
            file.unlink()
            return np.empty(0, dtype=np.int64)
        self._require_equal(words, file)
        self.skipped.update({int(photo_id): reason for photo_id, reason in skipped.items()})
        return np.asarray(ids, dtype=np.int64)

    def _require_equal(self, words: Mapping[str, str], file: Path) -> None:
        for word in sorted({*words, *self.words}):
            then, now = words.get(word), self.words.get(word)
            if then != now:
                raise UsageError(
                    f"{str(file)!r} was made with {word} {then!r}, and {now!r} is asked for: "
                    "name another --out, or remove it"
                )


def file_of(folder: Path, encoder: str) -> Path:
    """Where the embeddings of an encoder are; what may not be in a file's name becomes a dash."""
    slug = re.sub(r"[^\w.@+-]+", "-", encoder)
    return folder / f"{slug}.safetensors"


def require_files_of_their_own(folder: Path, encoders: Sequence[str]) -> None:
    """Raise `UsageError` where the names of two encoders make one file's."""
    names: dict[Path, str] = {}
    for encoder in encoders:
        other = names.setdefault(file_of(folder, encoder), encoder)
        if other != encoder:
            raise UsageError(
                f"encoders {other!r} and {encoder!r} would be in one file, "
                f"{file_of(folder, encoder).name!r}: embed each into a folder of its own"
            )


def none_readable() -> UsageError:
    """The error of a source without one sound photo."""
    return UsageError("no photo of the release can be read; run `flickrexif verify` on it")
