"""Match the photos of every pair, and look for the partners of those that do not match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from paircams.matching.cascade import align
from paircams.partners import suggest_partners
from paircams.side_by_side import side_by_side
from paircams.verdict import PairVerdict

if TYPE_CHECKING:
    from flickrexif.progress import Progress
    from paircams.collection import Collection, Pair
    from paircams.limits import Limits


def judged(collection: Collection, limits: Limits, progress: Progress) -> Collection:
    """``collection`` with a verdict for each pair, its photos opened for matching."""
    progress.start("pairs", len(collection.pairs), "pair")
    verdicts: dict[str, PairVerdict] = {}
    for verdict in side_by_side(lambda pair: judge(pair, limits), collection.pairs):
        verdicts[verdict.subject_idx] = verdict
        progress.advance()
    progress.close()
    partners = suggest_partners(collection, verdicts, limits, progress)
    return replace(
        collection,
        verdicts={
            name: replace(verdict, partner=partners.get(name)) for name, verdict in verdicts.items()
        },
    )


def judge(pair: Pair, limits: Limits) -> PairVerdict:
    """The verdict of one pair. What breaks off in the middle is told in its ``reason``."""
    names = (pair.subject_idx, pair.smartphone.file.name, pair.camera.file.name)
    try:
        found = align(pair.smartphone.look, pair.camera.look, limits)
    except Exception as error:  # noqa: BLE001 - the boundary: the next pair is judged all the same
        reason = " ".join(str(error).split()) or type(error).__name__
        return PairVerdict(*names, "unjudged", reason=f"matching broke off: {reason}")
    return PairVerdict(*names, found.same_subject, found.view, found.figures)
