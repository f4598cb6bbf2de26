"""From a set of images to a golden set."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif._version import __version__
from flickrexif.atomic import sync_directory, write_text
from flickrexif.errors import UsageError
from flickrexif.golden.choose import choose
from flickrexif.golden.folder import (
    EMBEDDINGS,
    IMAGES,
    MANIFEST,
    SCHEMA,
    GoldenSet,
    sha256_of,
    to_sealed,
)
from flickrexif.golden.judge import Judged, judged
from flickrexif.golden.pixels import digest
from flickrexif.golden.tables import Words, write_embeddings, write_images
from flickrexif.imaging.decode import UnreadableImage, decode_rgb
from flickrexif.imaging.image_set import read_images
from flickrexif.imaging.reading import exact_reader
from flickrexif.probing.protocols.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flickrexif.golden.choose import Choice, Queue
    from flickrexif.golden.plan import GoldenPlan
    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.image_set import ImageSet, SetImage
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.protocols.embedder import Embedder
    from flickrexif.progress import Progress

LIBRARIES = ("numpy", "pillow", "pyarrow", "torch")


def freeze(
    images: ImageSet, plan: GoldenPlan, embedder: Embedder, *, out: Path, progress: Progress
) -> GoldenSet:
    """See `flickrexif.golden.golden_freeze`."""
    if out.exists():
        raise UsageError(f"{str(out)!r} exists and a golden set is never overwritten: name another")
    choice = choose(images, plan)
    crop = embedder.crop(plan.crop)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    partial.mkdir(parents=True)
    try:
        taking = _Taking.of(images, choice, plan, crop, progress)
        rows = write_images(partial / IMAGES, taking.images())
        _require_enough(images, choice, rows)
        found = judged(partial / IMAGES, embedder, choice.classes, progress=progress)
        write_embeddings(partial / EMBEDDINGS, found.vectors, found.said)
        words = _manifest(images, choice, plan, embedder, crop, found, taking)
        words["files"] = {name: sha256_of(partial / name) for name in (IMAGES, EMBEDDINGS)}
        write_text(partial / MANIFEST, to_sealed(words))
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync_directory(out.parent)
    return GoldenSet.open(out)


@dataclass(slots=True)
class _Taking:
    """Reads chosen images, replaces those that cannot be taken, and distorts them."""

    source: ImageSet
    choice: Choice
    plan: GoldenPlan
    crop: Crop
    progress: Progress
    unreadable: Unreadable
    twins: dict[str, str] = field(default_factory=dict)
    """Name → name of the image with equal pixels that was taken before."""
    _seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, source: ImageSet, choice: Choice, plan: GoldenPlan, crop: Crop, progress: Progress
    ) -> _Taking:
        """Before anything is read."""
        count = sum(queue.wanted for queue in choice.queues)
        asked = f"{count} images asked of {str(source.path)!r}"
        unreadable = Unreadable(asked, count, plan.most_unreadable)
        return cls(source, choice, plan, crop, progress, unreadable)

    def images(self) -> Iterator[tuple[Words, Pixels]]:
        """Every frozen image: of a test image all distortions, of the others the original."""
        self.progress.start("freeze", self.unreadable.count, "images")
        while queues := self.choice.next_round():
            places = [place for place in self.source.places if place.name in queues]
            for image in read_images(places):
                try:
                    made = self._distorted(image, queues[image.name])
                except UnreadableImage as error:
                    self.unreadable.add(image.name, error.reason)
                    continue
                if made:
                    queues[image.name].taken += 1
                    self.progress.advance()
                    yield from made
        self.progress.close()

    def _distorted(self, image: SetImage, queue: Queue) -> list[tuple[Words, Pixels]]:
        """None of an image whose pixels were taken already, as those could be in two roles."""
        whole = decode_rgb(image.content)
        source = digest(np.asarray(whole))
        if source in self._seen:
            self.twins[image.name] = self._seen[source]
            return []
        distortions = self.plan.made if queue.role == "test" else self.plan.made[:1]
        made = []
        for distortion in distortions:
            pixels = distortion(whole, self.crop, image.name)
            words = Words(
                name=image.name,
                label=queue.label,
                role=queue.role,
                distortion=distortion.name,
                reason=None,
                sha256=digest(pixels),
                source_sha256=source,
            )
            made.append((words, pixels))
        self._seen[source] = image.name
        return made


def _require_enough(images: ImageSet, choice: Choice, rows: list[Words]) -> None:
    """`UsageError` where a role or, of a set with classes, a role of one of them has no image."""
    taken = {(row.role, row.label) for row in rows}
    for queue in choice.queues:
        if (queue.role, queue.label) not in taken:
            of = "image" if queue.label is None else f"{queue.role} image of class {queue.label!r}"
            raise UsageError(
                f"no {of} of {str(images.path)!r} can be read, or none that is not another's twin: "
                "mend or add images"
            )


def _manifest(
    images: ImageSet,
    choice: Choice,
    plan: GoldenPlan,
    embedder: Embedder,
    crop: Crop,
    found: Judged,
    taking: _Taking,
) -> dict[str, Any]:
    roles = {row.name: row.role for row in found.rows}
    counts: dict[str, int] = {}
    for role in roles.values():
        counts[role] = counts.get(role, 0) + 1
    return {
        "schema": SCHEMA,
        "source": images.path.resolve().name,
        "plan": plan.words(),
        "crop": asdict(crop),
        "encoder": described(embedder),
        "made_with": made_with(),
        "pixels": exact_reader().provenance,
        "classes": list(choice.classes),
        "splits": choice.splits,
        "roles": counts,
        "penalty": found.penalty,
        "left_out": dict(choice.left_out),
        "unreadable": taking.unreadable.reasons,
        "twins": taking.twins,
        "distortions": {
            each.name: each.words()
            | {"changed": found.changed(each.name), "accuracy": found.accuracy(each.name)}
            for each in plan.made
        },
    }


def described(embedder: Embedder) -> dict[str, Any]:
    """The words of an encoder, as a manifest and a check tell them."""
    return {
        "name": embedder.name,
        "dim": embedder.dim,
        "provenance": dict(embedder.provenance),
    }


def made_with() -> Mapping[str, str]:
    """The versions that may decide pixels and embeddings."""
    return {"flickrexif": __version__} | {name: version(name) for name in LIBRARIES}
