"""What exact retrieval costs: CPU time as a ratio to a loop over queries, and the memory on top.

pairs     recall over 1,460 subjects (768 numbers each): every photo of one side against all photos
          of either, in both directions, by `retrieve_pairs` without its bootstrap, against a loop
          that takes each query alone: one product with the other photos, one comparison.
gallery   the 5 nearest of 100,000 photos for each of 1,000 queries by `nearest`, against a loop of
          one product and one partial sort for each query, in float32.

Embeddings are random numbers, each partner its photo with noise. Both ways must give the same ranks
and neighbours, else the benchmark fails. Each way runs in a process of its own, on one thread, and
imports are not counted; ways take turns, and the median of the rounds' ratios is told. Memory is by
how much the search raises the peak of its process.

Run: python benchmarks/pairs_retrieval.py [pairs] [gallery] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

DIM = 768
SUBJECTS = 1_460
GALLERY, QUERIES, NEAREST = 100_000, 1_000, 5
PARTS = {"pairs": ("search_pairs", "loop_pairs"), "gallery": ("search_gallery", "loop_gallery")}


def sides() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    phone = chance.standard_normal((SUBJECTS, DIM), dtype=np.float32)
    noise = chance.standard_normal((SUBJECTS, DIM), dtype=np.float32)
    return phone, phone + 4 * noise


def gallery() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(0)
    photos = chance.standard_normal((GALLERY, DIM), dtype=np.float32)
    asked = photos[:QUERIES] + 2 * chance.standard_normal((QUERIES, DIM), dtype=np.float32)
    return asked, photos


def search_pairs():
    import torch

    from flickrexif.probing.protocols.retrieval import retrieve_pairs

    a, b = (torch.from_numpy(side) for side in sides())
    return lambda: retrieve_pairs(a, b, resamples=1).ranks.ravel()


def loop_pairs():
    a, b = (_units(side.astype(np.float64)) for side in sides())

    def ranks(queries: np.ndarray, targets: np.ndarray, others: np.ndarray) -> list[int]:
        found = []
        for row, query in enumerate(queries):
            similar = others @ query
            similar[row] = -np.inf
            found.append(1 + int((similar >= query @ targets[row] - 1e-12).sum()))
        return found

    def loop() -> np.ndarray:
        return np.concatenate([ranks(a, b, a), ranks(b, a, b), ranks(a, b, b), ranks(b, a, a)])

    return loop


def search_gallery():
    import torch

    from flickrexif.probing.protocols.neighbours import nearest

    asked, photos = (torch.from_numpy(side) for side in gallery())
    return lambda: nearest(asked, photos, k=NEAREST).rows.numpy().ravel()


def loop_gallery():
    asked, photos = map(_units, gallery())

    def loop() -> np.ndarray:
        found = []
        for query in asked:
            similar = photos @ query
            best = np.argpartition(-similar, NEAREST)[:NEAREST]
            found.append(best[np.argsort(-similar[best])])
        return np.concatenate(found)

    return loop


def _units(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def measure(way: str) -> None:
    """In a process of its own: CPU seconds, MiB on top, and a digest of the answer."""
    import torch

    torch.set_num_threads(1)
    search = globals()[way]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    answer = search()
    seconds = time.process_time() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    told = {"seconds": seconds, "mib": more, "answer": np.asarray(answer).tolist()}
    print(json.dumps(told))


def run(way: str) -> dict:
    # One thread for NumPy's BLAS too, which reads this when it is imported.
    words = [
        "env",
        "OMP_NUM_THREADS=1",
        "OPENBLAS_NUM_THREADS=1",
        sys.executable,
        __file__,
        "--way",
    ]
    done = subprocess.run([*words, way], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way")
    asked = parser.parse_args()
    if asked.way:
        measure(asked.way)
        return
    for part in asked.parts:
        ours, loop = PARTS[part]
        rounds = [(run(ours), run(loop)) for _ in range(asked.rounds)]
        for mine, theirs in rounds:
            if mine["answer"] != theirs["answer"]:
                sys.exit(f"{part}: the two ways disagree")
        ratio = statistics.median(mine["seconds"] / theirs["seconds"] for mine, theirs in rounds)
        memory = [
            statistics.median(told["mib"] for told in way) for way in zip(*rounds, strict=True)
        ]
        print(
            f"{part:8} CPU time {ratio:.2f} of the loop's, the same answer; "
            f"memory on top {memory[0]:.0f} MiB, the loop's {memory[1]:.0f} MiB"
        )


if __name__ == "__main__":
    main()
