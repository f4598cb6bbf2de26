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
from flickrexif.probing.measure import measure, reference_accuracy
from flickrexif.probing.release_data import AttributeData, ReleaseData
from flickrexif.probing.report import EncoderRecord, ProbeReport
from flickrexif.probing.size import size_embeddings
from flickrexif.probing.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.result import AttributeResult
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
        results = [
            result
            for attribute in _each(attributes, progress)
            for result in _results(attribute, embedded, references, plan)
        ]
    places = {name: place for place, name in enumerate(plan.encoders)}
    report = ProbeReport(
        release=str(data.manifest.get("name") or release.resolve().name),
        version=data.version,
        mask=dataclasses.asdict(view.mask) if view.mask else None,
        solver=plan.solver,
        seed=plan.seed,
        photos=len(embedded[0].photo_ids),
        skipped={photo.photo_id: photo.reason for photo in skipped},
        encoders=tuple(_record(found, view) for found in embedded),
        results=tuple(sorted(results, key=lambda result: places[result.encoder])),
    )
    if out is not None:
        about = {"release": report.release, "version": report.version, "crop": str(view.crop)}
        for found in embedded:
            file = f"{found.name.replace(':', '-')}.safetensors"
            found.write(out / "embeddings" / file, **about)
        report.write(out)
    return report


def _results(
    attribute: AttributeData,
    embedded: list[Embeddings],
    references: dict[str, Embeddings],
    plan: ProbePlan,
) -> Iterator[AttributeResult]:
    known = attribute.among(embedded[0].photo_ids).require_learnable()
    accuracies = {
        name: reference_accuracy(known, reference, plan) for name, reference in references.items()
    }
    for found in embedded:
        yield measure(known, found, plan, references=accuracies)


def _record(found: Embeddings, view: View) -> EncoderRecord:
    family = found.name.partition(":")[0]
    return EncoderRecord(
        found.name, family, found.vectors.shape[1], view.crop, view.hidden, found.provenance
    )


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
) -> tuple[list[Embeddings], dict[str, Embeddings], tuple[SkippedPhoto, ...]]:
    """The encoders' embeddings, those of the size and colour controls, and what was skipped."""
    photos = {int(photo_id) for attribute in attributes for photo_id in attribute.photo_ids}
    progress.start(f"embed by {', '.join(plan.encoders)}", len(photos), "photos")
    encoders = [encoder_named(name) for name in dict.fromkeys((*plan.encoders, "pixels"))]
    started = time.perf_counter()
    images = data.images(attribute.name for attribute in attributes)
    found, skipped = embed(images, encoders, view, batch=plan.batch, progress=progress)
    progress.close()
    log.info("%d photos embedded in %.1f s", len(photos), time.perf_counter() - started)
    references = {"colour": next(each for each in found if each.name == "pixels")}
    size = size_embeddings(data)
    if size is not None:
        references["size"] = size
    return found[: len(plan.encoders)], references, skipped


def _each(attributes: list[AttributeData], progress: Progress) -> Iterator[AttributeData]:
    progress.start("probe", len(attributes), "attributes")
    for attribute in attributes:
        started = time.perf_counter()
        yield attribute
        progress.advance()
        log.info("%s probed in %.1f s", attribute.name, time.perf_counter() - started)
    progress.close()
