"""What an encoder makes of frozen images, and what a probe fitted to some says of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.golden.distortions import ORIGINAL
from flickrexif.golden.tables import Words, read_images

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.protocols.embedder import Embedder
    from flickrexif.progress import Progress


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Rows in their order with embeddings (float32, N x D) and the class said of each.

    None is said of images of a set without classes, and of those that the probe was fitted to.
    """

    rows: Sequence[Words]
    vectors: NDArray[np.float32]
    said: list[str | None]
    penalty: float | None
    """Of the linear probe; None without classes."""

    def of(self, distortion: str) -> NDArray[np.int64]:
        """The places of the tested images of a distortion."""
        return np.flatnonzero(
            [row.distortion == distortion and row.role in _TESTED for row in self.rows]
        )

    def changed(self, distortion: str) -> int:
        """Of how many images it changes a pixel."""
        originals = {self.rows[at].name: self.rows[at].sha256 for at in self.of(ORIGINAL).tolist()}
        those = (self.rows[at] for at in self.of(distortion).tolist())
        return sum(row.sha256 != originals[row.name] for row in those)

    def accuracy(self, distortion: str) -> float | None:
        """The share of its tested images that are said right; None where nothing is said."""
        places = self.of(distortion).tolist()
        if not places or self.said[places[0]] is None:
            return None
        return float(np.mean([self.said[at] == self.rows[at].label for at in places]))


_TESTED = ("test", "stress")


def judged(
    images: Path,
    embedder: Embedder,
    classes: Sequence[str],
    *,
    penalty: float | None = None,
    stress: Iterable[Path] = (),
    progress: Progress,
) -> Judged:
    """Embed the images of these files and, where there are ``classes``, classify the tested ones.

    The probe is fitted to the rows with the roles train and validation alone, by ``penalty`` where
    one was chosen before.
    """
    rows: list[Words] = []
    progress.start(f"embed by {embedder.name}", None, "images")
    # File by file, as an embedding may hang by a last bit on what else is in its batch.
    parts = [embedder(_told(read_images(file), rows, progress)) for file in (images, *stress)]
    vectors = np.concatenate(parts)
    progress.close()
    if not classes:
        return Judged(rows, vectors, [None] * len(rows), None)
    said, penalty = _said(rows, vectors, embedder, classes, penalty)
    return Judged(rows, vectors, said, penalty)


def _told(
    found: Iterable[tuple[Words, Pixels]], rows: list[Words], progress: Progress
) -> Iterator[tuple[str, Pixels]]:
    for words, pixels in found:
        rows.append(words)
        progress.advance()
        yield words.told, pixels


def _said(
    rows: Sequence[Words],
    vectors: NDArray[np.float32],
    embedder: Embedder,
    classes: Sequence[str],
    penalty: float | None,
) -> tuple[list[str | None], float]:
    said: list[str | None] = [None] * len(rows)
    roles = np.array([row.role for row in rows])
    train, validation = (_fitted(rows, vectors, classes, role) for role in ("train", "validation"))
    tested = np.flatnonzero(np.isin(roles, _TESTED))
    numbers, penalty = embedder.classes_said(
        train, validation, vectors[tested], classes=len(classes), penalty=penalty
    )
    for place, number in zip(tested.tolist(), numbers.tolist(), strict=True):
        said[place] = classes[number]
    return said, penalty


def _fitted(
    rows: Sequence[Words], vectors: NDArray[np.float32], classes: Sequence[str], role: str
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    places = [at for at, row in enumerate(rows) if row.role == role]
    if not places:
        raise UsageError(f"no {role} image can be read: the linear probe needs some of each class")
    labels = [classes.index(str(rows[at].label)) for at in places]
    return vectors[places], np.array(labels, dtype=np.int64)
