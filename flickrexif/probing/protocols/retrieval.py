"""Is the other photo of a subject found among photos by one camera? Recall over camera pairs.

Each subject was taken by a camera of side A and by one of side B. One photo is the query, the other
the target, and the photos of all other subjects by one side are the negatives: those that share the
query's camera, or those that share the target's. A representation that tells of subjects alone
finds the target among both alike. One that tells of cameras too is drawn to negatives by the
query's camera, and the difference of the two recalls says how much.

The study's text calls the settings "different" (negatives share the query's camera: the harder one)
and "same" (they share the target's), though not always that way round: here they are told in full.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing.controls import stream
from flickrexif.probing.protocols.vectors import blocks, require_finite, units
from flickrexif.probing.resampling import Estimate, estimates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Negatives = Literal["share_query_camera", "share_target_camera"]
Direction = Literal["a_to_b", "b_to_a", "both"]

NEGATIVES: tuple[Negatives, ...] = ("share_query_camera", "share_target_camera")
DIRECTIONS: tuple[Direction, ...] = ("a_to_b", "b_to_a", "both")
PUBLISHED_WORDS = {"share_query_camera": "different", "share_target_camera": "same"}
"""What the study's figure calls the two settings."""
TIE = 1e-12
"""Similarities (float64) no further apart are equal; the rounding of a product is below it."""
_PAIRS_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True)
class Recall:
    """How well targets are found in one direction, among negatives by one camera.

    ``a_to_b`` has the photos of side A as queries. ``both`` is the mean over the two. Estimates are
    shares of the queries; their intervals are over subjects. With one target for each query the
    average precision is 1 / rank.
    """

    negatives: Negatives
    direction: Direction
    queries: int
    ties: int
    """Queries with a negative exactly as similar as the target, which counts as nearer."""
    recall_at_1: Estimate
    recall_at_5: Estimate
    mean_average_precision: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class PairRetrieval:
    """The recalls of a set of pairs, for each kind of negatives and direction."""

    subjects: int
    recalls: tuple[Recall, ...]
    """In the order of `NEGATIVES`, then of `DIRECTIONS`."""
    difference: Estimate
    """Recall@1 over both directions, negatives by the target's camera minus by the query's."""
    ranks: NDArray[np.int64]
    """Of the target, from 1 on: by `NEGATIVES`, then query's side (A, B), then subject."""

    @property
    def sensitivity(self) -> float:
        """``|R_same - R_diff|``: how much recall@1 depends on whose camera the negatives share."""
        return abs(self.difference.value)

    def recall(self, negatives: Negatives, direction: Direction = "both") -> Recall:
        """One of the recalls."""
        place = NEGATIVES.index(negatives) * len(DIRECTIONS) + DIRECTIONS.index(direction)
        return self.recalls[place]


def retrieve_pairs(
    side_a: Tensor,
    side_b: Tensor,
    *,
    resamples: int = 1000,
    seed: int = 0,
    device: torch.device | str | None = None,
) -> PairRetrieval:
    """Search the photos of ``side_b`` (S x D) by those of ``side_a`` (S x D), and the reverse.

    Row s of both is subject s. Similarity is the cosine, in float64. A negative as similar as the
    target is counted as nearer, so that embeddings that are all alike find nothing. Memory does not
    grow with the square of S.

    Raises `UsageError` for a value that is no finite number, naming side and subject, and for fewer
    than two subjects; `ValueError` for sides of different shapes.
    """
    if side_a.ndim != 2 or side_a.shape != side_b.shape:
        shapes = f"{tuple(side_a.shape)} and {tuple(side_b.shape)}"
        raise ValueError(f"both sides must be S x D, got {shapes}")
    if len(side_a) < 2:
        raise UsageError("a pair has no negatives alone: give two subjects or more")
    for name, side in (("A", side_a), ("B", side_b)):
        require_finite(side, f"side {name} of subject")
    a, b = units(side_a, device), units(side_b, device)
    ranked = [[_ranked(a, b, negatives), _ranked(b, a, negatives)] for negatives in NEGATIVES]
    scores = np.concatenate([_scores(there.ranks, back.ranks) for there, back in ranked], axis=1)
    difference = scores[:, _AT_1_OVER_BOTH + scores.shape[1] // 2] - scores[:, _AT_1_OVER_BOTH]
    random = stream(seed, "pair bootstrap")
    *found, apart = estimates(
        np.concatenate([scores, difference[:, None]], axis=1), resamples=resamples, random=random
    )
    recalls = tuple(
        Recall(*setting, *found[3 * place : 3 * place + 3])
        for place, setting in enumerate(_settings(ranked))
    )
    ranks = np.array([[one.ranks for one in directions] for directions in ranked])
    return PairRetrieval(len(side_a), recalls, apart, ranks)


_AT_1_OVER_BOTH = 6
"""The column of `_scores` that the study's figure shows."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Per query the rank of its target (int64), and whether a negative is exactly as similar."""

    ranks: NDArray[np.int64]
    tied: NDArray[np.bool_]


def _ranked(queries: Tensor, targets: Tensor, negatives: Negatives) -> _Ranked:
    others = queries if negatives == "share_query_camera" else targets
    subjects = torch.arange(len(queries), device=queries.device)
    ranks, tied = [], []
    for some in blocks(len(queries), max(1, _PAIRS_AT_ONCE // len(others))):
        ahead = queries[some] @ others.T - (queries[some] * targets[some]).sum(1, keepdim=True)
        ahead[subjects[some, None] == subjects] = -torch.inf
        ranks.append(1 + (ahead >= -TIE).sum(1))
        tied.append((ahead.abs() <= TIE).any(1))
    return _Ranked(torch.cat(ranks).cpu().numpy(), torch.cat(tied).cpu().numpy())


def _scores(there: NDArray[np.int64], back: NDArray[np.int64]) -> NDArray[np.float64]:
    """S x 9: recall@1, recall@5 and average precision of each subject, by `DIRECTIONS`."""
    one_way = [np.stack([r <= 1, r <= 5, 1 / r], axis=1).astype(np.float64) for r in (there, back)]
    return np.concatenate([*one_way, (one_way[0] + one_way[1]) / 2], axis=1)


def _settings(ranked: list[list[_Ranked]]) -> Iterator[tuple[Negatives, Direction, int, int]]:
    """Negatives, direction, queries and ties, in the order of the recalls."""
    for negatives, (there, back) in zip(NEGATIVES, ranked, strict=True):
        for direction, parts in zip(DIRECTIONS, ([there], [back], [there, back]), strict=True):
            tied = np.concatenate([part.tied for part in parts])
            yield negatives, direction, len(tied), int(tied.sum())
