"""Does the way an image was processed decide what it looks like? kNN of what images show.

Gallery and query images are processed in each of K ways, the classes of a family. The label of what
a query shows is told by its nearest gallery images, and the set-ups differ in how those were
processed, t being the query's processing and u each of the others:

========  ====================  =================  ====================================
set-up    gallery of its label  of other labels    averaged over
========  ====================  =================  ====================================
all-same  t                     t                  every t
all-diff  u                     u                  every ordered pair t, u
pos-same  t                     u                  every ordered pair t, u
neg-same  u                     t                  every ordered pair t, u
uniform   drawn for each image  drawn likewise     every t and ``seeds`` draws of the gallery
========  ====================  =================  ====================================

An encoder that ignores processing has one accuracy in all five. Where a trace only stands beside
what an image shows, all-diff stays as all-same, as all of the gallery is equally far off, and
uniform falls, as fewer of it can be near: pos-same and neg-same tell most.

In uniform the queries' processing is fixed and the gallery's random. The study's text tells it the
other way round, and of neg-same that all else is "identical", where it is different; its published
accuracies are whole multiples of 1 / queries over what is in the last column, with ten draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing.controls import stream
from flickrexif.probing.protocols.neighbours import (
    MEMORY,
    NONE,
    Candidates,
    Neighbours,
    nearest,
    vote,
)
from flickrexif.probing.resampling import Estimate, estimates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from flickrexif.probing.protocols.protocol_plan import NeighboursPlan, Setup

_PAIRED = frozenset(("pos-same", "neg-same", "all-diff"))


@dataclass(frozen=True, slots=True)
class SetupAccuracy:
    """The accuracy of one set-up, a share (0 to 1); intervals are over the query images."""

    setup: Setup
    comparisons: int
    """How often each query was asked: the galleries that the accuracy is averaged over."""
    accuracy: Estimate
    against_same: Estimate | None
    """Accuracy minus that of all-same on the same queries; None where that was not asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImages:
    """N images under each of K processings, and what they show.

    ``vectors`` is K x N x D, ``labels`` int64 N; ``owners`` (N) are asked of queries alone, and
    None where they are not known. Raises `ValueError` for shapes that do not fit.
    """

    vectors: Tensor
    labels: NDArray[np.int64]
    owners: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.vectors.shape)
        if len(shape) != 3 or len(self.labels) != shape[1]:
            raise ValueError(f"expected K x N x D with N labels, got {shape}, {len(self.labels)}")

    def __len__(self) -> int:
        return len(self.labels)


def setup_accuracies(
    gallery: LabelledImages,
    queries: LabelledImages,
    plan: NeighboursPlan,
    *,
    device: torch.device | str | None = None,
    memory: int = MEMORY,
    advance: Callable[[], None] = lambda: None,
) -> tuple[SetupAccuracy, ...]:
    """The accuracy of each set-up of ``plan`` by ``plan.k`` nearest neighbours, one vote each.

    All set-ups but uniform are put together from the nearest of each label and of the others, found
    once for each pair of processings; for each draw of uniform one gallery (N x D) is copied.
    Intervals are over the owners of the queries, or over these. ``device`` searches, by default
    that of the vectors; ``advance`` is called after each of the `searches`.

    Raises `UsageError` for fewer than two processings, a ``k`` larger than the gallery and
    embeddings that are no finite numbers; `ValueError` for shapes that do not fit.
    """
    _require_fit(gallery, queries, plan.k)
    search = _Search(gallery, queries, plan.k, device, memory, advance)
    right = dict.fromkeys(plan.setups, np.zeros(len(queries)))
    asked = dict.fromkeys(plan.setups, 0)
    for setup, found in search.run(plan):
        right[setup] = right[setup] + search.right(found)
        asked[setup] += 1
    shares = np.stack([right[setup] / asked[setup] for setup in plan.setups], axis=1)
    return _against_same(shares, asked, plan, queries.owners)


def _against_same(
    shares: NDArray[np.float64],
    asked: Mapping[Setup, int],
    plan: NeighboursPlan,
    owners: NDArray[np.str_] | None,
) -> tuple[SetupAccuracy, ...]:
    """The estimates of ``shares`` (queries x set-ups), and of their differences from all-same."""
    setups = plan.setups
    if "all-same" in setups:
        shares = np.concatenate([shares, shares - shares[:, [setups.index("all-same")]]], axis=1)
    random = stream(plan.seed, "kNN bootstrap")
    found = estimates(shares, resamples=plan.resamples, random=random, groups=owners)
    apart = found[len(setups) :] or (None,) * len(setups)
    return tuple(
        SetupAccuracy(setup, asked[setup], accuracy, difference)
        for setup, accuracy, difference in zip(setups, found, apart, strict=False)
    )


def searches(processings: int, setups: Collection[Setup], *, seeds: int) -> int:
    """How often `setup_accuracies` searches a gallery."""
    fixed = sum(len(_compared(t, processings, setups)) for t in range(processings))
    return fixed + (processings * seeds if "uniform" in setups else 0)


def _compared(t: int, processings: int, setups: Collection[Setup]) -> tuple[int, ...]:
    """The processings of a gallery of one processing that queries under ``t`` are compared with."""
    if _PAIRED.intersection(setups):
        return tuple(range(processings))
    return (t,) if "all-same" in setups else ()


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The nearest neighbours of every query under every set-up."""

    gallery: LabelledImages
    queries: LabelledImages
    k: int
    device: torch.device | str | None
    memory: int
    advance: Callable[[], None]

    def run(self, plan: NeighboursPlan) -> Iterator[tuple[Setup, Neighbours]]:
        """Each set-up as often as it is averaged over."""
        gallery, queries = self.gallery.vectors, self.queries.vectors
        count, images = gallery.shape[:2]
        for t in range(count):
            yield from self._of_one_processing(t, plan.setups)
        for turn in range(plan.seeds if "uniform" in plan.setups else 0):
            drawn = stream(plan.seed, "uniform gallery", str(turn)).integers(count, size=images)
            mixed = gallery[torch.from_numpy(drawn), torch.arange(images)]
            for t in range(count):
                yield "uniform", self._nearest(queries[t], mixed)
                self.advance()

    def _of_one_processing(
        self, t: int, setups: Collection[Setup]
    ) -> Iterator[tuple[Setup, Neighbours]]:
        own, others = {}, {}
        gallery, queries = self.gallery.vectors, self.queries.vectors[t]
        for u in _compared(t, len(gallery), setups):
            own[u] = self._of_own_label(queries, gallery[u])
            others[u] = self._of_other_labels(queries, gallery[u])
            self.advance()
        for u in own:
            made: dict[Setup, tuple[int, int]] = (
                {"all-same": (t, t)}
                if u == t
                else {"all-diff": (u, u), "pos-same": (t, u), "neg-same": (u, t)}
            )
            for setup in made.keys() & setups:
                positive, negative = made[setup]
                yield setup, own[positive].merged(others[negative], k=self.k)

    def _of_own_label(self, queries: Tensor, gallery: Tensor) -> Neighbours:
        """Label by label, as the pairs are few among all."""
        rows = torch.full((len(queries), self.k), NONE)
        similarities = torch.full(rows.shape, -torch.inf, dtype=torch.float64)
        query_labels, gallery_labels = self._labels()
        for label in torch.unique(query_labels):
            asked = (query_labels == label).nonzero()[:, 0]
            held = (gallery_labels == label).nonzero()[:, 0]
            found = self._nearest(queries[asked], gallery[held])
            if len(held):
                rows[asked] = torch.where(found.rows == NONE, NONE, held[found.rows])
            similarities[asked] = found.similarities
        return Neighbours(rows, similarities)

    def _of_other_labels(self, queries: Tensor, gallery: Tensor) -> Neighbours:
        return self._nearest(queries, gallery, Candidates(*self._labels(), "other"))

    def _nearest(
        self, queries: Tensor, gallery: Tensor, candidates: Candidates | None = None
    ) -> Neighbours:
        return nearest(
            queries,
            gallery,
            k=self.k,
            candidates=candidates,
            device=self.device,
            memory=self.memory,
        )

    def right(self, found: Neighbours) -> NDArray[np.float64]:
        """1 for each query whose neighbours vote for its label, else 0."""
        query_labels, gallery_labels = self._labels()
        return (vote(found, gallery_labels) == query_labels).double().numpy()

    def _labels(self) -> tuple[Tensor, Tensor]:
        """Those of the queries and of the gallery."""
        return torch.from_numpy(self.queries.labels), torch.from_numpy(self.gallery.labels)


def _require_fit(gallery: LabelledImages, queries: LabelledImages, k: int) -> None:
    shapes = tuple(gallery.vectors.shape), tuple(queries.vectors.shape)
    if shapes[0][::2] != shapes[1][::2]:
        raise ValueError(f"expected K x N x D and K x Q x D, got {shapes[0]} and {shapes[1]}")
    if shapes[0][0] < 2:
        raise UsageError("set-ups compare processings: give two or more")
    if not 1 <= k <= len(gallery):
        raise UsageError(f"k is {k!r}; give 1 to {len(gallery)}, the images of the gallery")
