"""A probe, from a release folder to a report."""

from __future__ import annotations

import dataclasses
import logging
import time
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.probing.embedding.photos import ReleasePhotos
from flickrexif.probing.embedding.run import embed
from flickrexif.probing.embedding.store import FOLDER
from flickrexif.probing.measure import measure
from flickrexif.probing.nuisance import Facts
from flickrexif.probing.references import References
from flickrexif.probing.release_data import AttributeData, ReleaseData
from flickrexif.probing.reporting.provenance import provenance_of
from flickrexif.probing.reporting.report import EncoderRecord, ProbeReport
from flickrexif.probing.size import size_embeddings
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.probing.embedding.run import Embedded, Lane
    from flickrexif.probing.embeddings import Embeddings
    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.reporting.predictions import Predictions
    from flickrexif.probing.result import AttributeResult
    from flickrexif.probing.view import View
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")


def run(release: Path, plan: ProbePlan, *, out: Path | None, progress: Progress) -> ProbeReport:
    """See `flickrexif.probing.probe`."""
    data = ReleaseData.open(release)
    names = plan.attributes if plan.attributes is not None else data.attributes
    if not names:
        raise UsageError(f"release {str(release)!r} has no attributes: a probe needs classes")
    attributes = [data.attribute(name) for name in names]
    photos = ReleasePhotos(data, tuple(names))
    predictions: list[Predictions] = []
    with torch_threads(plan.threads):
        folder = None if out is None else out / FOLDER
        done, embedded, references = _embedded(photos, plan, folder, progress)
        facts = Facts.read(data)
        results = [
            result
            for attribute in _each(attributes, progress)
            for result in _results(attribute, embedded, references, facts, plan, predictions)
        ]
    places = {name: place for place, name in enumerate(plan.names)}
    mask, wanted = done.view.mask, set(photos.photo_ids().tolist())
    report = ProbeReport(
        release=photos.name,
        version=data.version,
        mask=dataclasses.asdict(mask) if mask else None,
        solver=plan.solver,
        seed=plan.seed,
        photos=len(embedded[0].photo_ids),
        skipped={name: why for name, why in done.skipped.items() if name in wanted},
        encoders=tuple(
            _record(lane, found, done.view)
            for lane, found in zip(done.lanes, embedded, strict=False)
        ),
        results=tuple(sorted(results, key=lambda result: places[result.encoder])),
        predictions=tuple(sorted(predictions, key=lambda each: places[each.encoder])),
        **provenance_of(data, attributes, plan),
    )
    if out is not None:
        report.write(out)
    return report


def _results(
    attribute: AttributeData,
    embedded: list[Embeddings],
    references: dict[str, Embeddings],
    facts: Facts | None,
    plan: ProbePlan,
    predictions: list[Predictions],
) -> Iterator[AttributeResult]:
    known = attribute.among(embedded[0].photo_ids).require_learnable()
    accuracies = References.of(known, references, facts, plan)
    for found in embedded:
        yield measure(known, found, plan, references=accuracies, keep=predictions.append)


def _record(lane: Lane, found: Embeddings, view: View) -> EncoderRecord:
    return EncoderRecord(
        name=found.name,
        family=lane.encoder.family,
        dim=found.vectors.shape[1],
        crop=lane.crop.size,
        hidden=view.hidden(lane.crop),
        provenance=found.provenance,
    )


def _embedded(
    photos: ReleasePhotos, plan: ProbePlan, folder: Path | None, progress: Progress
) -> tuple[Embedded, list[Embeddings], dict[str, Embeddings]]:
    """What was embedded, the embeddings of the plan's encoders, and those of the controls."""
    encoders = (*plan.encoders, *(() if "pixels" in plan.names else ("pixels",)))
    words = dataclasses.replace(plan.embedding, encoders=encoders)
    done = embed(photos, words, folder=folder, progress=progress)
    ids = photos.photo_ids()
    found = [lane.store.embeddings().among(ids) for lane in done.lanes]
    references = {"colour": next(each for each in found if each.name == "pixels")}
    size = size_embeddings(photos.data)
    if size is not None:
        references["size"] = size
    return done, found[: len(plan.encoders)], references


def _each(attributes: list[AttributeData], progress: Progress) -> Iterator[AttributeData]:
    progress.start("probe", len(attributes), "attributes")
    for attribute in attributes:
        started = time.perf_counter()
        yield attribute
        progress.advance()
        log.info("%s probed in %.1f s", attribute.name, time.perf_counter() - started)
    progress.close()
