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
from flickrexif.probing.protocols.protocol_plan import SETUPS, Setup
from flickrexif.probing.resampling import Estimate, estimates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

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


def setup_accuracies(
    gallery: Tensor,
    queries: Tensor,
    gallery_labels: NDArray[np.int64],
    query_labels: NDArray[np.int64],
    *,
    k: int,
    setups: Sequence[Setup] = SETUPS,
    seeds: int = 10,
    seed: int = 0,
    resamples: int = 1000,
    owners: NDArray[np.str_] | None = None,
    device: torch.device | str | None = None,
    memory: int = MEMORY,
    advance: Callable[[], None] = lambda: None,
) -> tuple[SetupAccuracy, ...]:
    """The accuracy of each of ``setups`` by ``k`` nearest neighbours, one vote each.

    ``gallery`` is K x N x D, ``queries`` K x Q x D: each image under each processing; labels, N and
    Q, are of what the images show. All set-ups but uniform are put together from the nearest of
    each label and of the others, found once for each pair of processings; for each draw of uniform
    one gallery (N x D) is copied. With ``owners`` (Q) intervals are over these. ``advance`` is
    called after each of the `searches`.

    Raises `UsageError` for fewer than two processings, an unknown set-up, a ``k`` larger than the
    gallery and embeddings that are no finite numbers; `ValueError` for shapes that do not fit.
    """
    setups = tuple(dict.fromkeys(setups))
    _require_fit(gallery, queries, gallery_labels, query_labels, setups, k)
    if seeds < 1:
        raise UsageError(f"seeds is {seeds!r}; give at least 1")
    search = _Search(
        gallery,
        queries,
        torch.from_numpy(gallery_labels),
        torch.from_numpy(query_labels),
        k,
        device,
        memory,
        advance,
    )
    right = dict.fromkeys(setups, np.zeros(len(query_labels)))
    asked = dict.fromkeys(setups, 0)
    for setup, found in search.run(setups, seeds=seeds, seed=seed):
        right[setup] = right[setup] + search.right(found)
        asked[setup] += 1
    shares = np.stack([right[setup] / asked[setup] for setup in setups], axis=1)
    if "all-same" in right:
        shares = np.concatenate([shares, shares - shares[:, [setups.index("all-same")]]], axis=1)
    random = stream(seed, "kNN bootstrap")
    found_estimates = estimates(shares, resamples=resamples, random=random, groups=owners)
    apart = found_estimates[len(setups) :] or (None,) * len(setups)
    return tuple(
        SetupAccuracy(setup, asked[setup], accuracy, difference)
        for setup, accuracy, difference in zip(setups, found_estimates, apart, strict=False)
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

    gallery: Tensor
    queries: Tensor
    gallery_labels: Tensor
    query_labels: Tensor
    k: int
    device: torch.device | str | None
    memory: int
    advance: Callable[[], None]

    def run(
        self, setups: Collection[Setup], *, seeds: int, seed: int
    ) -> Iterator[tuple[Setup, Neighbours]]:
        """Each set-up as often as it is averaged over."""
        count, images = self.gallery.shape[:2]
        for t in range(count):
            yield from self._of_one_processing(t, setups)
        for turn in range(seeds if "uniform" in setups else 0):
            drawn = stream(seed, "uniform gallery", str(turn)).integers(count, size=images)
            mixed = self.gallery[torch.from_numpy(drawn), torch.arange(images)]
            for t in range(count):
                yield "uniform", self._nearest(self.queries[t], mixed)
                self.advance()

    def _of_one_processing(
        self, t: int, setups: Collection[Setup]
    ) -> Iterator[tuple[Setup, Neighbours]]:
        own, others = {}, {}
        for u in _compared(t, len(self.gallery), setups):
            own[u] = self._of_own_label(self.queries[t], self.gallery[u])
            others[u] = self._of_other_labels(self.queries[t], self.gallery[u])
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
        for label in torch.unique(self.query_labels):
            asked = (self.query_labels == label).nonzero()[:, 0]
            held = (self.gallery_labels == label).nonzero()[:, 0]
            found = self._nearest(queries[asked], gallery[held])
            if len(held):
                rows[asked] = torch.where(found.rows == NONE, NONE, held[found.rows])
            similarities[asked] = found.similarities
        return Neighbours(rows, similarities)

    def _of_other_labels(self, queries: Tensor, gallery: Tensor) -> Neighbours:
        groups = Candidates(self.query_labels, self.gallery_labels, "other")
        return self._nearest(queries, gallery, groups)

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
        said = vote(found, self.gallery_labels)
        return (said == self.query_labels).double().numpy()


def _require_fit(
    gallery: Tensor,
    queries: Tensor,
    gallery_labels: NDArray[np.int64],
    query_labels: NDArray[np.int64],
    setups: Sequence[Setup],
    k: int,
) -> None:
    unknown = [setup for setup in setups if setup not in SETUPS]
    if unknown or not setups:
        told = f"unknown set-up {unknown[0]!r}" if unknown else "no set-up is given"
        raise UsageError(f"{told}: use some of {', '.join(SETUPS)}")
    fits = gallery.ndim == queries.ndim == 3 and gallery.shape[::2] == queries.shape[::2]
    if not fits or (len(gallery_labels), len(query_labels)) != (gallery.shape[1], queries.shape[1]):
        shapes = f"{tuple(gallery.shape)} and {tuple(queries.shape)}"
        raise ValueError(f"expected K x N x D and K x Q x D with N and Q labels, got {shapes}")
    if len(gallery) < 2:
        raise UsageError("set-ups compare processings: give two or more")
    if not 1 <= k <= gallery.shape[1]:
        raise UsageError(f"k is {k!r}; give 1 to {gallery.shape[1]}, the images of the gallery")
