"""How much of a month two passes have found: capture and recapture, without any ground truth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flickrexif.corpus.rows import Captures

QUANTILE = 1.96
"""Of the normal distribution: an interval that holds the truth 95 times in 100."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """``listed`` photos of an ``estimated`` number: their ``share``, from ``low`` to ``high``."""

    listed: int
    estimated: float
    share: float
    low: float
    high: float


def completeness_of(captures: Captures) -> Completeness | None:
    """How complete the union of both passes is, with a 95 % interval; None without two passes.

    Chapman's estimator of the number of photos N from the n1 of the first pass, the n2 of the
    second and the m of both (D. G. Chapman, University of California Publications in Statistics 1,
    1951), and the variance of it in G. A. F. Seber, The Estimation of Animal Abundance, 2nd
    edition, 1982, page 60::

        N = (n1 + 1) (n2 + 1) / (m + 1) - 1
        var N = (n1 + 1) (n2 + 1) (n1 - m) (n2 - m) / ((m + 1)^2 (m + 2))

    The interval is N -+ 1.96 sqrt(var N), its ends rounded outwards, since photos are whole, and
    never below what was listed. The share is listed / N, 1 when one pass saw all that the other
    did. A pass that saw nothing at all, though there was something, tells nothing: None.

    It assumes that no photo came or went between the passes, and that each pass misses a photo
    whatever the other did. A photo that both miss for the same reason (a search that hides it under
    every sort order) is not seen by it: then the share is an upper bound.
    """
    first, second, both = captures.first, captures.second, captures.both
    if not 0 <= both <= min(first, second):
        raise ValueError(f"{captures!r} cannot be: both passes saw no more than each")
    if not (first and second):
        return None
    listed = first + second - both
    pairs, missed = (first + 1) * (second + 1), (first - both) * (second - both)
    estimated = listed + missed / (both + 1)
    margin = QUANTILE * math.sqrt(pairs * missed / ((both + 1) ** 2 * (both + 2)))
    most, fewest = math.ceil(estimated + margin), math.floor(estimated - margin)
    return Completeness(
        listed=listed,
        estimated=estimated,
        share=listed / estimated,
        low=listed / most,
        high=listed / max(listed, fewest),
    )
