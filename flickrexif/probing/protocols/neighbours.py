"""Exact nearest neighbours by cosine similarity, block by block, and what they vote for.

Every pair is compared, in float32, whatever the embeddings are stored in; half precision, as CLIP's
are saved, would make ties of its own. The best of each block are then compared again in float64,
vector by vector, so that neither the place in a block nor the size of the blocks decides anything:
equal vectors are equally similar, and of equally similar rows the lower one is nearer. `SPARE` rows
beyond the k asked for are compared again in each block; only where more than these lie within
float32's rounding of each other (about 1e-7) can one of them stand for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from flickrexif.probing.embedding.forward import full_precision
from flickrexif.probing.protocols.vectors import blocks, require_finite, units

SPARE = 16
MEMORY = 1 << 30
NONE = -1
"""The row of a neighbour that there is not."""
_MOST_QUERIES, _MOST_ROWS = 4096, 65_536
_VOTES_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Which gallery rows each query may have: those of its own group, or those of the other ones.

    ``queries`` (Q) and ``gallery`` (N) are int64 groups. With the row numbers as groups and
    ``relation`` ``"other"`` a query that stands in the gallery is not its own neighbour.
    """

    queries: Tensor
    gallery: Tensor
    relation: Literal["own", "other"]

    def allowed(self, queries: slice, rows: slice) -> Tensor:
        """bool, queries x rows."""
        alike = self.queries[queries, None] == self.gallery[None, rows]
        return alike if self.relation == "own" else ~alike


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest gallery rows of each query, nearest first: both Q x k.

    ``rows`` is int64, ``similarities`` float64. A query with fewer than k candidates has row `NONE`
    and similarity -inf in the last places.
    """

    rows: Tensor
    similarities: Tensor

    def merged(self, other: Neighbours, *, k: int) -> Neighbours:
        """The k nearest of both, which must be of the same queries and of different rows."""
        rows = torch.cat([self.rows, other.rows], dim=1)
        return _ordered(rows, torch.cat([self.similarities, other.similarities], dim=1), k)


def nearest(
    queries: Tensor,
    gallery: Tensor,
    *,
    k: int,
    candidates: Candidates | None = None,
    device: torch.device | str | None = None,
    memory: int = MEMORY,
) -> Neighbours:
    """The ``k`` rows of ``gallery`` (N x D) most similar to each of ``queries`` (Q x D).

    Both may be of any floating dtype and stand anywhere; blocks of them are compared on ``device``
    (None: where the queries are; it needs float64, which MPS lacks), and the answer comes back to
    where the queries are. Beside the two and the answer, at most about ``memory`` bytes are held,
    unless not even one query and `SPARE` rows fit. A vector of zeros has similarity 0 to all. The
    length of vectors decides nothing: the order is that of Euclidean distance once they have
    length 1.

    Raises `UsageError`, naming the row, for a value that is no finite number, `ValueError` for
    shapes, groups or a ``k`` that do not fit.
    """
    _require_fit(queries, gallery, candidates, k)
    require_finite(queries, "query")
    require_finite(gallery, "gallery row")
    home, where = queries.device, torch.device(device or queries.device)
    many, rows_at_once = block_size(len(queries), len(gallery), queries.shape[1], k, memory)
    found = [_nothing(0, k, home)]
    with full_precision():
        for some in blocks(len(queries), many):
            asked = units(queries[some], where)
            best = _nothing(len(asked), k, where)
            for rows in blocks(len(gallery), rows_at_once):
                allowed = None if candidates is None else candidates.allowed(some, rows)
                best = best.merged(_best_of_block(asked, gallery, rows, allowed, k), k=k)
            found.append(Neighbours(best.rows.to(home), best.similarities.to(home)))
    return Neighbours(
        torch.cat([part.rows for part in found]), torch.cat([part.similarities for part in found])
    )


def vote(neighbours: Neighbours, labels: Tensor) -> Tensor:
    """The label (int64, Q) that most neighbours of each query have; ``labels`` (N) is by row.

    One neighbour, one vote. Of labels with equally many votes it is the one whose first neighbour
    is nearest. A query without any neighbour gets `NONE`.
    """
    rows = neighbours.rows
    counted = max(1, _VOTES_AT_ONCE // max(1, rows.shape[1] ** 2))
    said = torch.where(rows == NONE, NONE, labels.to(rows.device)[rows.clamp_min(0)])
    votes = [_most_frequent(said[some]) for some in blocks(len(said), counted)]
    return torch.cat(votes) if votes else rows.new_empty(0)


def block_size(queries: int, rows: int, dim: int, k: int, memory: int) -> tuple[int, int]:
    """How many queries and gallery rows are compared at once, so that ``memory`` bytes hold it."""
    many, block = min(max(1, queries), _MOST_QUERIES), min(max(1, rows), _MOST_ROWS)
    while _bytes(many, block, dim, k) > memory:
        if block > max(many, SPARE):
            block = max(block // 2, SPARE)
        elif many > 1:
            many //= 2
        else:
            break
    return many, block


def _bytes(queries: int, rows: int, dim: int, k: int) -> int:
    """What comparing them takes at its peak.

    A pair: its similarity (4 bytes), a copy of it and a count where there are ties (8), and up to
    six bool. A dimension of a vector: as stored, float64 twice and float32 (28), of a query the
    products with one row besides (16). A neighbour: numbers and similarities before and after they
    are ordered.
    """
    return 18 * queries * rows + (44 * queries + 28 * rows) * dim + 128 * queries * (k + SPARE)


def _best_of_block(
    asked: Tensor, gallery: Tensor, rows: slice, allowed: Tensor | None, k: int
) -> Neighbours:
    """The k nearest of one block, with `SPARE` more compared in float64 than are kept."""
    vectors = units(gallery[rows], asked.device)
    similarities = asked.float() @ vectors.float().T
    if allowed is not None:
        similarities.masked_fill_(~allowed.to(asked.device), -torch.inf)
    places = _largest(similarities, min(k + SPARE, len(vectors)))
    refused = similarities.gather(1, places) == -torch.inf
    exact = torch.stack([(vectors[column] * asked).sum(1) for column in places.T], dim=1)
    numbers = (places + rows.start).masked_fill(refused, NONE)
    return _ordered(numbers, exact.masked_fill(refused, -torch.inf), k)


def _largest(values: Tensor, count: int) -> Tensor:
    """The columns of the ``count`` largest of each line; of equal ones the first, in any order.

    `torch.topk` takes any of equal values: a line that has more of them than it takes is looked at
    again.
    """
    found, columns = values.topk(count, dim=1, sorted=False)
    last = found.amin(dim=1, keepdim=True)
    tied = (((values >= last).sum(1) > count) & (last[:, 0] > -torch.inf)).nonzero()[:, 0]
    if len(tied):
        values, last = values[tied], last[tied]
        larger, equal = values > last, values == last
        lacking = count - larger.sum(1, keepdim=True)
        chosen = larger | (equal & (equal.cumsum(1, dtype=torch.int32) <= lacking))
        columns[tied] = chosen.nonzero()[:, 1].view(-1, count)
    return columns


def _ordered(rows: Tensor, similarities: Tensor, k: int) -> Neighbours:
    """The first k by similarity, falling, then by row, rising; padded to k."""
    by_row = rows.argsort(dim=1)
    rows, similarities = rows.gather(1, by_row), similarities.gather(1, by_row)
    order = similarities.argsort(dim=1, descending=True, stable=True)[:, :k]
    rows, similarities = rows.gather(1, order), similarities.gather(1, order)
    lacking = k - rows.shape[1]
    if lacking <= 0:
        return Neighbours(rows, similarities)
    none = _nothing(len(rows), lacking, rows.device)
    return Neighbours(
        torch.cat([rows, none.rows], dim=1), torch.cat([similarities, none.similarities], dim=1)
    )


def _most_frequent(said: Tensor) -> Tensor:
    """Of each line, `NONE` left out; of equally frequent ones argmax takes the first."""
    votes = (said[:, :, None] == said[:, None]).sum(2) * (said != NONE)
    return said.gather(1, votes.argmax(dim=1, keepdim=True))[:, 0]


def _nothing(queries: int, k: int, device: torch.device) -> Neighbours:
    return Neighbours(
        torch.full((queries, k), NONE, dtype=torch.int64, device=device),
        torch.full((queries, k), -torch.inf, dtype=torch.float64, device=device),
    )


def _require_fit(queries: Tensor, gallery: Tensor, candidates: Candidates | None, k: int) -> None:
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        shapes = f"{tuple(queries.shape)} and {tuple(gallery.shape)}"
        raise ValueError(f"queries and gallery must be Q x D and N x D, got {shapes}")
    if k < 1:
        raise ValueError(f"k is {k!r}; give at least 1")
    if candidates is not None:
        groups = len(candidates.queries), len(candidates.gallery)
        if groups != (len(queries), len(gallery)):
            raise ValueError(
                f"{groups[0]} and {groups[1]} groups do not fit {len(queries)} queries and "
                f"{len(gallery)} gallery rows"
            )
