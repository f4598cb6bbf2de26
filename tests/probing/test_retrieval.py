from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.probing.protocols.retrieval import (
    DIRECTIONS,
    NEGATIVES,
    PairRetrieval,
    retrieve_pairs,
)

if TYPE_CHECKING:
    from pathlib import Path

QUERY, TARGET = NEGATIVES


def at_1(found: PairRetrieval) -> list[list[float]]:
    """Recall@1: by negatives, then by direction."""
    return [[found.recall(n, d).recall_at_1.value for d in DIRECTIONS] for n in NEGATIVES]


def turned(*degrees: float) -> torch.Tensor:
    """Vectors at these angles in a plane, of lengths that must not matter."""
    angles = torch.tensor(degrees).deg2rad()
    lengths = torch.arange(1, len(degrees) + 1)[:, None]
    return torch.stack([angles.cos(), angles.sin()], dim=1) * lengths


def test_a_representation_of_subjects_alone_finds_all_of_them():
    found = retrieve_pairs(turned(0, 60, 120), turned(5, 65, 125))
    assert at_1(found) == [[1, 1, 1], [1, 1, 1]]
    assert found.sensitivity == 0
    assert found.ranks.tolist() == [[[1] * 3] * 2] * 2
    assert {recall.ties for recall in found.recalls} == {0}


def test_a_representation_of_cameras_is_drawn_to_the_query_camera():
    """Side A is near 0 degrees, side B near 90; within a side subjects lie 10 degrees apart."""
    found = retrieve_pairs(turned(0, 10, 20), turned(90, 100, 110))
    assert at_1(found) == [[0, 0, 0], [1 / 3, 1 / 3, 1 / 3]]
    assert found.difference.value == pytest.approx(1 / 3)
    assert found.sensitivity == pytest.approx(1 / 3)


def test_each_direction_is_counted_for_itself():
    """Side A stands at 0 and 30 degrees, side B at 40 and 50.

    The query at 0 has its target 40 away: the other of side A, 30 away, is nearer, and that of side
    B, 50 away, is not. The query at 30 has it 20 away, and the others 30 and 10 away; the one at 40
    has it 40 away, and both others 10; the one at 50 has it 20 away, and the others 10 and 50.
    """
    found = retrieve_pairs(turned(0, 30), turned(40, 50))
    assert found.ranks.tolist() == [[[2, 1], [2, 2]], [[1, 2], [2, 1]]]
    assert at_1(found) == [[0.5, 0, 0.25], [0.5, 0.5, 0.5]]
    there = found.recall(QUERY, "a_to_b")
    assert (there.queries, found.recall(QUERY).queries) == (2, 4)
    assert found.recall(TARGET).mean_average_precision.value == (1 + 0.5 + 0.5 + 1) / 4


def test_recall_at_5_and_precision_follow_from_the_rank():
    """The first query has four negatives nearer than its target, the second five."""
    a = turned(0, 90, *[1.0] * 4, *[91.0] * 5)
    b = turned(45, 135, *np.linspace(200, 300, 9).tolist())
    found = retrieve_pairs(a, b, resamples=100)
    assert found.ranks[0, 0].tolist()[:2] == [5, 6]
    recall = found.recall(QUERY, "a_to_b")
    assert recall.recall_at_5.value == np.mean(found.ranks[0, 0] <= 5)
    assert recall.mean_average_precision.value == pytest.approx(np.mean(1 / found.ranks[0, 0]))


def test_embeddings_that_are_all_alike_find_nothing_and_say_that_they_tie():
    for vectors in (torch.ones(4, 3), torch.zeros(4, 3), torch.full((4, 3), 0.1).half()):
        found = retrieve_pairs(vectors, vectors)
        assert at_1(found) == [[0, 0, 0], [0, 0, 0]]
        assert [recall.ties for recall in found.recalls] == [4, 4, 8, 4, 4, 8]
        assert found.recall(QUERY).mean_average_precision.value == 1 / 4


def by_hand(a: np.ndarray, b: np.ndarray) -> list[list[list[int]]]:
    """Ranks of every query, each negative compared for itself."""
    ranks = []
    for shares_query in (True, False):
        ranks.append([])
        for queries, targets in ((a, b), (b, a)):
            others = queries if shares_query else targets
            of_direction = []
            for s, query in enumerate(queries):
                similar = [query @ other / np.linalg.norm(other) for other in others]
                target = query @ targets[s] / np.linalg.norm(targets[s])
                nearer = [v >= target for j, v in enumerate(similar) if j != s]
                of_direction.append(1 + sum(nearer))
            ranks[-1].append(of_direction)
    return ranks


@given(seed=st.integers(0, 10_000), subjects=st.integers(2, 12), noise=st.floats(0, 2))
@settings(max_examples=40)
def test_ranks_are_those_counted_by_hand(seed: int, subjects: int, noise: float):
    random = np.random.default_rng(seed)
    shown = random.normal(size=(subjects, 4))
    a, b = (shown + noise * random.normal(size=(subjects, 4)) + 0.01 for _ in range(2))
    if noise == 0:
        b = b * 2
    found = retrieve_pairs(torch.from_numpy(a), torch.from_numpy(b), resamples=100)
    assert found.ranks.tolist() == by_hand(a, b)
    swapped = retrieve_pairs(torch.from_numpy(b), torch.from_numpy(a), resamples=100)
    assert at_1(swapped) == [[back, there, both] for there, back, both in at_1(found)]


@given(seed=st.integers(0, 10_000), subjects=st.integers(2, 15))
@settings(max_examples=20)
def test_the_order_of_subjects_decides_nothing_and_both_directions_make_a_multiple(seed, subjects):
    drawn = torch.Generator().manual_seed(seed)
    a, b = (torch.randn(subjects, 2, generator=drawn) for _ in range(2))
    found = retrieve_pairs(a, b, resamples=100)
    order = torch.randperm(subjects, generator=drawn)
    again = retrieve_pairs(a[order], b[order], resamples=100)
    np.testing.assert_allclose(at_1(found), at_1(again), atol=1e-12)
    counted = np.array(at_1(found))[:, 2] * 2 * subjects
    np.testing.assert_allclose(counted, counted.round(), atol=1e-9)


def test_intervals_hold_their_value_are_seeded_and_narrow_with_subjects():
    def found(subjects: int, seed: int) -> PairRetrieval:
        drawn = torch.Generator().manual_seed(1)
        shown = torch.randn(subjects, 8, generator=drawn)
        a, b = (shown + torch.randn(subjects, 8, generator=drawn) for _ in range(2))
        return retrieve_pairs(a, b, seed=seed)

    small, large = found(30, 0), found(480, 0)
    assert small.recall(TARGET) == found(30, 0).recall(TARGET)
    assert small.recall(TARGET) != found(30, 1).recall(TARGET)
    for recall in (*small.recalls, *large.recalls):
        for estimate in (recall.recall_at_1, recall.recall_at_5, recall.mean_average_precision):
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
    widths = [f.recall(TARGET).recall_at_1 for f in (small, large)]
    assert widths[1].high - widths[1].low < 0.5 * (widths[0].high - widths[0].low)
    assert small.difference.low <= small.difference.value <= small.difference.high


@pytest.mark.parametrize(
    ("a", "b", "error", "told"),
    [
        (torch.ones(3, 2), torch.ones(4, 2), ValueError, "must be S x D"),
        (torch.ones(3), torch.ones(3), ValueError, "must be S x D"),
        (torch.ones(1, 2), torch.ones(1, 2), UsageError, "give two subjects or more"),
        (torch.ones(3, 2), torch.tensor([[1, 1], [1, 1], [1, torch.nan]]), UsageError, "side B of"),
    ],
)
def test_what_does_not_fit_is_refused(a, b, error, told: str):
    with pytest.raises(error, match=told):
        retrieve_pairs(a, b)


def missing(subjects: int, misses: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs of which ``misses`` queries of side A find another photo of side A first.

    Those subjects have one and the same photo on side A; each photo of side B has a part of its
    own.
    """
    a = torch.eye(subjects, 2 * subjects)
    a[:misses] = a[0]
    b = 0.8 * a + 0.6 * torch.eye(subjects, 2 * subjects).roll(subjects, dims=1)
    return a, b


def test_published_recalls_are_whole_numbers_of_both_directions_queries(oracle: Path):
    """The definition agrees with the study's: a recall is n / 1460, the mean of two of n / 730."""
    told = (oracle / "paper" / "paircams_recall.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(told.splitlines()))
    assert len(rows) == 47
    for row in rows:
        for name, count in (("query", "n_diff_of_1460"), ("target", "n_same_of_1460")):
            published = float(row[f"recall_at_1_negatives_share_{name}_camera"])
            assert published == pytest.approx(int(row[count]) / (2 * 730), abs=1e-6)
        assert int(row["n_diff_of_1460"]) <= int(row["n_same_of_1460"])
    hardest = min(rows, key=lambda row: int(row["n_diff_of_1460"]))
    published = float(hardest["recall_at_1_negatives_share_query_camera"])
    misses = 1460 - int(hardest["n_diff_of_1460"])
    found = retrieve_pairs(*missing(730, misses), resamples=100)
    recall = found.recall(QUERY)
    assert recall.queries == 1460
    assert recall.recall_at_1.value == pytest.approx(published, abs=1e-6)
    assert round(recall.recall_at_1.value * 1460, 9) == int(hardest["n_diff_of_1460"])
