"""A probe, from a release folder to a report."""

from __future__ import annotations

import dataclasses
import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from flickrexif.errors import UsageError
from flickrexif.probing.embed import Embeddings, SkippedPhoto, embed
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.measure import measure
from flickrexif.probing.release_data import AttributeData, ReleaseData
from flickrexif.probing.report import ProbeReport
from flickrexif.probing.size import size_embeddings
from flickrexif.probing.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.probing.plan import ProbePlan
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")


def run(release: Path, plan: ProbePlan, *, out: Path | None, progress: Progress) -> ProbeReport:
    """See `flickrexif.probing.probe`."""
    data = ReleaseData.open(release)
    names = plan.attributes if plan.attributes is not None else data.attributes
    if not names:
        raise UsageError(f"release {str(release)!r} has no attributes: a probe needs classes")
    attributes = [data.attribute(name) for name in names]
    view = View.of(data.manifest, plan.mask)
    with torch_threads(plan.threads):
        embedded, references, skipped = _embedded(data, attributes, view, plan, progress)
        report = ProbeReport(
            release=str(data.manifest.get("name") or release.resolve().name),
            version=data.version,
            encoder=embedded.name,
            provenance={"crop": str(view.crop), **embedded.provenance},
            mask=dataclasses.asdict(view.mask) if view.mask else None,
            hidden=view.hidden,
            solver=plan.solver,
            seed=plan.seed,
            photos=len(embedded.photo_ids),
            skipped={photo.photo_id: photo.reason for photo in skipped},
            results=tuple(
                measure(
                    attribute.among(embedded.photo_ids).require_learnable(),
                    embedded,
                    plan,
                    references=references,
                )
                for attribute in _each(attributes, progress)
            ),
        )
    if out is not None:
        about = {"release": report.release, "version": report.version, "crop": str(view.crop)}
        file = f"{embedded.name.replace(':', '-')}.safetensors"
        embedded.write(out / "embeddings" / file, **about)
        report.write(out)
    return report


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use ``count`` threads, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _embedded(
    data: ReleaseData,
    attributes: list[AttributeData],
    view: View,
    plan: ProbePlan,
    progress: Progress,
) -> tuple[Embeddings, dict[str, Embeddings], tuple[SkippedPhoto, ...]]:
    """The encoder's embeddings, those of the size and colour controls, and what was skipped."""
    photos = {int(photo_id) for attribute in attributes for photo_id in attribute.photo_ids}
    progress.start(f"embed by {plan.encoder}", len(photos), "photos")
    encoders = [encoder_named(name) for name in dict.fromkeys((plan.encoder, "pixels"))]
    started = time.perf_counter()
    images = data.images(attribute.name for attribute in attributes)
    found, skipped = embed(images, encoders, view, batch=plan.batch, progress=progress)
    progress.close()
    log.info("%d photos embedded in %.1f s", len(photos), time.perf_counter() - started)
    references = {"colour": found[1]} if len(found) > 1 else {}
    size = size_embeddings(data)
    if size is not None:
        references["size"] = size
    return found[0], references, skipped


def _each(attributes: list[AttributeData], progress: Progress) -> Iterator[AttributeData]:
    progress.start("probe", len(attributes), "attributes")
    for attribute in attributes:
        started = time.perf_counter()
        yield attribute
        progress.advance()
        log.info("%s probed in %.1f s", attribute.name, time.perf_counter() - started)
    progress.close()
