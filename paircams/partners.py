"""Whose photo is it? The true partner of a photo whose pair does not match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paircams.matching.cascade import passes
from paircams.matching.features import Features, strongest
from paircams.matching.homography import fit
from paircams.matching.matches import matched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.progress import Progress
    from paircams.collection import Collection, Sound
    from paircams.limits import Limits
    from paircams.verdict import PairVerdict

SKETCH_POINTS = 250
SHORTLIST = 10
"""All photos of the other side are compared by their strongest points, the most alike whole."""


def suggest_partners(
    collection: Collection,
    verdicts: Mapping[str, PairVerdict],
    limits: Limits,
    progress: Progress,
) -> dict[str, str]:
    """For failed pairs: the subject whose camera photo fits the pair's smartphone photo.

    Verified by ORB as one subject, like a pair itself. Photos of failed pairs are tried first:
    swapped photos are there.
    """
    failed = {name for name, verdict in verdicts.items() if verdict.same_subject == "fail"}
    if not failed:
        return {}
    candidates = [photo for photo in collection.sound if photo.file.side == "camera"]
    candidates.sort(key=lambda photo: photo.file.subject_idx not in failed)
    sketches = [sketch(photo) for photo in candidates]
    partners: dict[str, str] = {}
    progress.start("partners", len(failed), "pair")
    for pair in collection.pairs:
        if pair.subject_idx in failed:
            found = _partner(pair.smartphone, candidates, sketches, limits)
            if found is not None:
                partners[pair.subject_idx] = found
            progress.advance()
    progress.close()
    return partners


def _partner(
    photo: Sound, candidates: Sequence[Sound], sketches: Sequence[Features], limits: Limits
) -> str | None:
    for place in most_alike(sketch(photo), sketches):
        candidate = candidates[place]
        if candidate.file.subject_idx == photo.file.subject_idx:
            continue
        found = fit(photo.look.features, candidate.look.features)
        if found is not None and passes(found, limits):
            return candidate.file.subject_idx
    return None


def most_alike(of: Features, sketches: Sequence[Features]) -> list[int]:
    """The places of the `SHORTLIST` sketches with the most matches, the most alike first."""
    counts = [len(matched(of, other)[0]) for other in sketches]
    return sorted(range(len(sketches)), key=lambda place: -counts[place])[:SHORTLIST]


def sketch(photo: Sound) -> Features:
    """The strongest points of a photo: enough to say which others are worth a closer look."""
    return strongest(photo.look.features, SKETCH_POINTS)
