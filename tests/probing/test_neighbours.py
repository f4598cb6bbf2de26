from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.probing.protocols.neighbours import (
    NONE,
    SPARE,
    Candidates,
    Neighbours,
    block_size,
    nearest,
    vote,
)
from flickrexif.probing.protocols.vectors import require_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = st.integers(-3, 3)


@st.composite
def problems(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Queries, gallery and k; whole numbers, so that equal and opposite vectors are common."""
    dim, rows, asked = draw(st.integers(1, 5)), draw(st.integers(0, 60)), draw(st.integers(0, 6))
    sides = [
        draw(st.lists(st.lists(SMALL, min_size=dim, max_size=dim), min_size=n, max_size=n))
        for n in (asked, rows)
    ]
    queries, gallery = (torch.tensor(side, dtype=torch.float32).reshape(-1, dim) for side in sides)
    return queries, gallery, draw(st.integers(1, 12))


def brute(
    queries: torch.Tensor, gallery: torch.Tensor, k: int, allowed: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Each pair alone, in float64: by similarity, falling, to 12 digits, then by row."""
    found = np.full((len(queries), k), NONE)
    for q, query in enumerate(queries.double().numpy()):
        keys = []
        for row, vector in enumerate(gallery.double().numpy()):
            norms = np.linalg.norm(query) * np.linalg.norm(vector)
            similarity = query @ vector / norms if norms > 0 else 0.0
            if allowed is None or allowed[q, row]:
                keys.append((-round(similarity, 12) + 0.0, row))
        for place, (_, row) in enumerate(sorted(keys)[:k]):
            found[q, place] = row
    return found


@given(problem=problems(), memory=st.sampled_from([1, 3_000, 20_000, 1 << 30]))
@settings(max_examples=100)
def test_it_is_what_every_pair_alone_gives_whatever_the_memory(problem, memory: int):
    queries, gallery, k = problem
    found = nearest(queries, gallery, k=k, memory=memory)
    assert found.rows.dtype == torch.int64
    assert found.similarities.dtype == torch.float64
    # Directions such as (1, 1) and (3, 3) are equal but for rounding: only equal vectors tie.
    units = torch.nn.functional.normalize(gallery.double(), dim=1)
    exact = (torch.nn.functional.normalize(queries.double(), dim=1) @ units.T).numpy()
    expected = brute(queries, gallery, k)
    for q in range(len(queries)):
        rows, wanted = found.rows[q].numpy(), expected[q]
        assert ((rows == NONE) == (wanted == NONE)).all()
        kept = rows[rows != NONE]
        assert len(set(kept.tolist())) == len(kept)
        np.testing.assert_allclose(exact[q, kept], exact[q, wanted[wanted != NONE]], atol=1e-12)
        np.testing.assert_allclose(found.similarities[q][rows != NONE], exact[q, kept], atol=1e-12)


@given(
    seed=st.integers(0, 10_000),
    copies=st.integers(1, 5),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32, torch.float64]),
    memory=st.sampled_from([2_000, 30_000, 1 << 30]),
)
@settings(max_examples=40)
def test_rows_and_order_are_those_of_float64_and_of_equal_vectors_the_lower_row_is_nearer(
    seed: int, copies: int, dtype: torch.dtype, memory: int
):
    drawn = torch.Generator().manual_seed(seed)
    vectors = torch.randn(40, 16, generator=drawn).to(dtype)
    gallery = vectors[torch.randint(40, (40 * copies,), generator=drawn)]
    queries = torch.randn(7, 16, generator=drawn).to(dtype)
    found = nearest(queries, gallery, k=9, memory=memory)
    np.testing.assert_array_equal(found.rows.numpy(), brute(queries, gallery, 9))


def test_more_equal_vectors_than_are_compared_again_still_give_the_lowest_rows():
    gallery = torch.ones(3_000, 7) * torch.arange(1, 3_001)[:, None].sqrt()
    gallery[5] = -1
    queries = torch.ones(3, 7)
    for memory in (60_000, 1 << 30):
        found = nearest(queries, gallery.sign(), k=SPARE + 40, memory=memory)
        expected = [row for row in range(SPARE + 41) if row != 5]
        assert found.rows.tolist() == [expected] * 3


def test_half_precision_decides_nothing():
    """Of these two the second is nearer, by less than a float16 similarity can say."""
    gallery = torch.tensor([[1.0, 0.0625, 0.0], [1.0, 0.0620, 0.0]]).half()
    query = torch.tensor([[1.0, 0.0, 0.0]]).half()
    units = gallery / gallery.norm(dim=1, keepdim=True)
    assert (query @ units.T)[0].unique().numel() == 1
    assert nearest(query, gallery, k=2).rows.tolist() == [[1, 0]]


def test_the_length_of_a_vector_decides_nothing_and_zeros_are_similar_to_none():
    gallery = torch.tensor([[0.0, 0.0], [1e-30, 1e-30], [-5.0, -5.0], [1e30, 0.0]])
    found = nearest(torch.tensor([[2.0, 2.0]]), gallery, k=4)
    assert found.rows.tolist() == [[1, 3, 0, 2]]
    np.testing.assert_allclose(found.similarities[0], [1, 0.5**0.5, 0, -1], atol=1e-12)


@given(
    problem=problems(),
    groups=st.integers(1, 4),
    relation=st.sampled_from(["own", "other"]),
    memory=st.sampled_from([2_000, 1 << 30]),
    seed=st.integers(0, 99),
)
@settings(max_examples=50)
def test_only_candidates_are_neighbours(problem, groups: int, relation, memory: int, seed: int):
    queries, gallery, k = problem
    drawn = torch.Generator().manual_seed(seed)
    own = [torch.randint(groups, (len(side),), generator=drawn) for side in (queries, gallery)]
    found = nearest(queries, gallery, k=k, candidates=Candidates(*own, relation), memory=memory)
    alike = (own[0][:, None] == own[1]).numpy()
    allowed = alike if relation == "own" else ~alike
    for q, rows in enumerate(found.rows.numpy()):
        kept = rows[rows != NONE]
        assert len(kept) == min(k, allowed[q].sum())
        assert allowed[q, kept].all()
        assert torch.isneginf(found.similarities[q][rows == NONE]).all()
    exact = brute(queries, gallery, k, allowed)
    units = torch.nn.functional.normalize(gallery.double(), dim=1)
    similar = (torch.nn.functional.normalize(queries.double(), dim=1) @ units.T).numpy()
    for q, rows in enumerate(found.rows.numpy()):
        mine, theirs = (similar[q, line[line != NONE]] for line in (rows, exact[q]))
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


def test_a_query_in_the_gallery_can_leave_itself_out():
    vectors = torch.eye(4) + 0.1
    rows = torch.arange(4)
    found = nearest(vectors, vectors, k=3, candidates=Candidates(rows, rows, "other"))
    assert found.rows.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


@given(seed=st.integers(0, 999), cut=st.integers(0, 50), k=st.integers(1, 8))
@settings(max_examples=40)
def test_two_parts_of_a_gallery_merged_are_the_whole(seed: int, cut: int, k: int):
    drawn = torch.Generator().manual_seed(seed)
    gallery = torch.randn(50, 3, generator=drawn).round()
    queries = torch.randn(4, 3, generator=drawn)
    whole = nearest(queries, gallery, k=k)
    first, rest = nearest(queries, gallery[:cut], k=k), nearest(queries, gallery[cut:], k=k)
    moved = torch.where(rest.rows == NONE, NONE, rest.rows + cut)
    merged = Neighbours(moved, rest.similarities).merged(first, k=k)
    assert torch.equal(merged.rows, whole.rows)
    assert torch.equal(merged.similarities, whole.similarities)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_refused_by_its_row(value: float):
    sound, spoilt = torch.ones(5, 3), torch.ones(5, 3)
    spoilt[3, 1] = value
    with pytest.raises(UsageError, match=r"^gallery row 3 has a value that is no finite number"):
        nearest(sound, spoilt, k=1)
    with pytest.raises(UsageError, match=r"^query 3 has a value"):
        nearest(spoilt.half(), sound, k=1)


def test_a_row_is_named_wherever_it_stands():
    vectors = torch.zeros(5, 1 << 22, dtype=torch.float16)
    vectors[4, 7] = torch.nan
    with pytest.raises(UsageError, match="photo 4 has a value"):
        require_finite(vectors, "photo")


@pytest.mark.parametrize(
    ("queries", "gallery", "k", "told"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), 1, "must be Q x D and N x D"),
        (torch.ones(3), torch.ones(2, 3), 1, "must be Q x D and N x D"),
        (torch.ones(2, 3), torch.ones(2, 3), 0, "k is 0"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(queries, gallery, k: int, told: str):
    with pytest.raises(ValueError, match=told):
        nearest(queries, gallery, k=k)


def test_groups_that_do_not_fit_are_refused():
    groups = Candidates(torch.zeros(2), torch.zeros(3), "own")
    with pytest.raises(ValueError, match="2 and 3 groups do not fit 2 queries and 2 gallery rows"):
        nearest(torch.ones(2, 2), torch.ones(2, 2), k=1, candidates=groups)


@given(
    queries=st.integers(1, 10_000_000),
    rows=st.integers(1, 10_000_000),
    dim=st.integers(1, 4_096),
    k=st.integers(1, 200),
    memory=st.integers(1 << 20, 1 << 34),
)
def test_a_block_fits_the_memory_or_is_the_least(queries, rows, dim, k, memory: int):
    many, block = block_size(queries, rows, dim, k, memory)
    assert 1 <= many <= queries
    assert 1 <= block <= rows
    needed = 4 * many * block + 8 * dim * (many + block)
    assert needed <= memory or (many == 1 and block <= SPARE)


MEASURE = """
import resource, sys, torch
from flickrexif.probing.protocols.neighbours import nearest
torch.set_num_threads(1)
torch.manual_seed(0)
gallery = torch.randn(50_000, 16).half()
queries = torch.randn(400, 16)
nearest(queries[:2], gallery[:9], k=5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
nearest(queries, gallery, k=5, memory=int(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_it_keeps_within_the_memory():
    """All pairs at once would be 80 MB of similarities."""
    memory = 8 << 20
    words = [sys.executable, "-c", MEASURE, str(memory)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 1.25 * memory


def said(*lines: list[int]) -> torch.Tensor:
    """What neighbours say that stand in the gallery in the order of ``lines``."""
    rows = torch.tensor(lines)
    return vote(Neighbours(rows, torch.zeros(rows.shape)), torch.tensor([7, 8, 9, 7, 8, 9]))


def test_most_votes_win_and_of_equally_many_the_nearest():
    assert said([0, 1, 4]).tolist() == [8]
    assert said([0, 1, 2], [2, 1, 0], [1, 2, 5]).tolist() == [7, 9, 9]
    assert said([2, 0, 3, 5]).tolist() == [9]
    assert said([1, 2, 5, 4]).tolist() == [8]


def test_lacking_neighbours_do_not_vote():
    assert said([2, NONE, NONE], [NONE, NONE, NONE]).tolist() == [9, NONE]
    nothing = torch.empty(0, 3, dtype=torch.int64)
    assert vote(Neighbours(nothing, nothing.double()), torch.tensor([1])).tolist() == []


@given(seed=st.integers(0, 999), k=st.integers(1, 15), labels=st.integers(1, 5))
@settings(max_examples=50)
def test_a_vote_is_what_counting_gives(seed: int, k: int, labels: int):
    random = np.random.default_rng(seed)
    known = random.integers(labels, size=20)
    rows = np.stack([random.permutation(20)[:k] for _ in range(6)])
    found = vote(Neighbours(torch.from_numpy(rows), torch.zeros(6, k)), torch.from_numpy(known))
    for line, label in zip(rows, found.tolist(), strict=True):
        told = known[line].tolist()
        most = max(map(told.count, told))
        assert label == next(one for one in told if told.count(one) == most)
