"""Are two photos of one subject? Rates and CPU time, beside perceptual hashing and plain ORB.

decide      precision, recall and CPU-ms per pair, decoding included, on simulated pairs (each photo
            also with those of three other subjects) and, where it lies beside the checkout, on the
            oracle's real pairs and couples of other subjects. Peers: imagehash's phash at the
            usual limit of 10 bits and at the one that would have suited these photos best, and ORB
            counted by inliers alone, as many scripts do: cross-checked matches, RANSAC, 12 or more.
            No false accept and a recall of 0.98 is the aim.
speed       CPU-seconds per pair of 12-megapixel photos: the decision with decoding (below 0.15 is
            the aim) and what its parts take, and all checks of validate.
duplicates  near-duplicates among 10,000 photos: CPU-seconds and memory of the search, beside
            imagehash's differences one by one (timed on a part, told for the whole).
retrieval   see benchmarks/pairs_retrieval.py.
sheet       see benchmarks/pairs_sheet.py; of 730 pairs, as many as were published.

imagehash (PyPI) is optional: without it its rows are left out, and that is said. One thread.

Run: python benchmarks/pairs.py [decide] [speed] [duplicates] [retrieval] [sheet] [--pairs 40]
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import csv
import io
import runpy
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from paircams import validate
from paircams.layout import PhotoFile
from paircams.limits import PROFILES
from paircams.matching import Look, align
from paircams.photo import Contents, examine
from paircams.sandbox import simulate
from paircams.thumbnail import Thumbnail, close_hashes

PARTS = ("decide", "speed", "duplicates", "retrieval", "sheet")
ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle" / "pairs"
LIMITS = PROFILES["paper"]
USUAL_BITS, USUAL_INLIERS = 10, 12
OTHERS = 3
LARGE = (4000, 3000)
PHOTOS = 10_000


@dataclass
class Couple:
    a: Path
    b: Path
    is_pair: bool


@dataclass
class Told:
    """What one way says of all couples, and what it cost."""

    verdicts: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    opening_s: float = 0.0
    photos: int = 0


def couples_simulated(folder: Path, pairs: int) -> list[Couple]:
    made = simulate(folder / "simulated", pairs=pairs, longest_px=1024)
    names = [f"{number:03}" for number in range(1, pairs + 1)]
    photo = {(name, side): made.folder / name / f"{side}.jpg"
             for name in names for side in ("smartphone", "camera")}  # fmt: skip
    return [
        Couple(photo[name, "smartphone"], photo[names[(n + ahead) % pairs], "camera"], ahead == 0)
        for n, name in enumerate(names)
        for ahead in range(OTHERS + 1)
    ]


def couples_real() -> list[Couple]:
    with (ORACLE / "pairs.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["relation"] in ("pair", "other")]
    photos = ORACLE / "photos"
    return [Couple(photos / r["a"], photos / r["b"], r["relation"] == "pair") for r in rows]


def told_by(couples: list[Couple], opened: Any, decide: Any) -> Told:
    """Each photo is opened once, as in a set; each couple is decided."""
    told = Told()
    paths = sorted({path for couple in couples for path in (couple.a, couple.b)})
    began = time.process_time()
    photos = {path: opened(path) for path in paths}
    told.opening_s, told.photos = time.process_time() - began, len(paths)
    began = time.process_time()
    told.verdicts = [decide(photos[couple.a], photos[couple.b]) for couple in couples]
    told.cpu_s = time.process_time() - began
    return told


def look(path: Path) -> Look:
    file = PhotoFile("", "camera", path.name, path)
    contents = examine(file, path.read_bytes()).contents
    assert isinstance(contents, Contents)
    assert contents.look is not None
    return contents.look


def cascade(a: Look, b: Look) -> str:
    return align(a, b, LIMITS).same_subject


def plain_features(path: Path) -> tuple[Any, Any]:
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    scale = 640 / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.ORB_create(nfeatures=1000).detectAndCompute(small, None)


def plain_orb(a: tuple[Any, Any], b: tuple[Any, Any]) -> str:
    found = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(a[1], b[1])
    mine = np.float32([a[0][match.queryIdx].pt for match in found])
    other = np.float32([b[0][match.trainIdx].pt for match in found])
    _, inliers = cv2.findHomography(mine, other, cv2.RANSAC, 5.0)
    return "pass" if inliers is not None and inliers.sum() >= USUAL_INLIERS else "fail"


def report(name: str, couples: list[Couple], told: Told) -> None:
    counts = Counter(zip((c.is_pair for c in couples), told.verdicts, strict=True))
    right, wrong = counts[True, "pass"], counts[False, "pass"]
    pairs = sum(couple.is_pair for couple in couples)
    precision = f"{right / (right + wrong):.3f}" if right + wrong else "-"
    per_pair = 2 * told.opening_s / told.photos * 1000
    print(
        f"  {name:34} recall {right / pairs:.3f} ({right}/{pairs})  precision {precision}  "
        f"false accepts {wrong}/{len(couples) - pairs}  review {counts[True, 'review']}"
        f"+{counts[False, 'review']}  opening two {per_pair:6.1f} ms, deciding "
        f"{1000 * told.cpu_s / len(couples):6.1f} ms"
    )


def decide(pairs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sets = {f"{pairs} simulated pairs": couples_simulated(Path(folder), pairs)}
        if (ORACLE / "pairs.csv").is_file():
            sets["real pairs (oracle)"] = couples_real()
        else:
            print("real pairs: the oracle is not beside this checkout")
        for name, couples in sets.items():
            total = sum(couple.is_pair for couple in couples)
            print(f"{name}: {total} pairs, {len(couples) - total} couples of other subjects")
            report("paircams", couples, told_by(couples, look, cascade))
            deciding_true_pairs(couples)
            report("ORB, 12 inliers", couples, told_by(couples, plain_features, plain_orb))
            hashes(couples)


def deciding_true_pairs(couples: list[Couple]) -> None:
    """Most pairs of a set are true ones, which end after the first step."""
    pairs = [couple for couple in couples if couple.is_pair]
    told = told_by(pairs, look, cascade)
    print(f"    of true pairs alone: deciding {1000 * told.cpu_s / len(pairs):.1f} ms")


def hashes(couples: list[Couple]) -> None:
    try:
        import imagehash
    except ImportError:
        print("  imagehash is not installed: pip install imagehash")
        return

    def hashed(path: Path) -> Any:
        with Image.open(path) as image:
            return imagehash.phash(image)

    distances = told_by(couples, hashed, lambda a, b: int(a - b))
    for limit in (USUAL_BITS, best_limit(couples, distances.verdicts)):
        verdicts = ["pass" if int(bits) <= limit else "fail" for bits in distances.verdicts]
        told = Told(verdicts, distances.cpu_s, distances.opening_s, distances.photos)
        report(f"imagehash phash, {limit} bits at most", couples, told)


def best_limit(couples: list[Couple], distances: list[Any]) -> int:
    """The limit with the best F1 on these very photos: more than anyone knows beforehand."""

    def f1(limit: int) -> float:
        right = sum(c.is_pair and d <= limit for c, d in zip(couples, distances, strict=True))
        wrong = sum(not c.is_pair and d <= limit for c, d in zip(couples, distances, strict=True))
        return 2 * right / (right + wrong + sum(couple.is_pair for couple in couples))

    return max(range(33), key=f1)


def speed(pairs: int = 16) -> None:
    """Simulated photos enlarged to 12 megapixels, with the grain that makes files as large."""
    with tempfile.TemporaryDirectory() as folder:
        made = simulate(Path(folder) / "set", pairs=pairs, longest_px=1024)
        sizes = [enlarge(path) for path in sorted(made.folder.rglob("*.jpg"))]
        print(f"{pairs} pairs of 12 megapixels, files of {np.mean(sizes) / 1e6:.1f} MB")
        names = [made.folder / f"{n:03}" for n in range(1, pairs + 1)]
        couples = [Couple(name / "smartphone.jpg", name / "camera.jpg", True) for name in names]
        told_by(couples[:1], look, cascade)
        told = min((told_by(couples, look, cascade) for _ in range(3)), key=spent)
        print(f"  decision, decoding included   {spent(told) / pairs:.3f} CPU-s per pair")
        print(f"    opening two photos          {told.opening_s / pairs:.3f}")
        print(f"    matching                    {told.cpu_s / pairs:.3f}")
        began = time.process_time()
        found = validate(made.manifest)
        taken = (time.process_time() - began) / pairs
        passed = sum(verdict.same_subject == "pass" for verdict in found.verdicts)
        print(f"  validate, all checks          {taken:.3f} CPU-s per pair ({passed} pass)")


def spent(told: Told) -> float:
    return told.opening_s + told.cpu_s


def enlarge(path: Path) -> int:
    chance = np.random.default_rng(len(str(path)))
    with Image.open(path) as image:
        exif = image.info["exif"]
        size = LARGE if image.width > image.height else LARGE[::-1]
        pixels = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC), np.float32)
    grain = chance.normal(0, 3, pixels.shape[:2]).astype(np.float32)
    noisy = (pixels + grain[..., None]).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=92, exif=exif)
    path.write_bytes(buffer.getvalue())
    return len(buffer.getvalue())


def duplicates() -> None:
    chance = np.random.default_rng(0)
    began = time.process_time()
    found = [Thumbnail.of(clouds(chance)).phash for _ in range(PHOTOS - 100)]
    found += found[:100]
    each = (time.process_time() - began) / (PHOTOS - 100)
    hashes_of = np.array(found, dtype=np.uint64)
    began = time.process_time()
    close = close_hashes(hashes_of, LIMITS.duplicate_hash_bits)
    taken = time.process_time() - began
    tracemalloc.start()
    close_hashes(hashes_of, LIMITS.duplicate_hash_bits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    planted = sum(1 for i, j in close.tolist() if j - i == PHOTOS - 100)
    print(f"{PHOTOS} photos, {planted} of 100 planted duplicates found among {len(close)} close")
    print(f"  hashing (and drawing) a small photo {1000 * each:.2f} CPU-ms")
    print(f"  search {taken:.2f} CPU-s, at most {peak / 1e6:.1f} MB beside the hashes")
    try:
        import imagehash
    except ImportError:
        print("  imagehash is not installed: pip install imagehash")
        return
    bits = np.unpackbits(hashes_of.view(np.uint8).reshape(-1, 8), axis=1).reshape(-1, 8, 8)
    theirs = [imagehash.ImageHash(one.astype(bool)) for one in bits[:500]]
    began = time.process_time()
    for i, one in enumerate(theirs):
        for other in theirs[i + 1 :]:
            _ = one - other
    pair_s = (time.process_time() - began) / (500 * 499 / 2)
    whole = pair_s * PHOTOS * (PHOTOS - 1) / 2
    print(f"  imagehash one by one {whole:.0f} CPU-s, {whole / taken:.0f} times as long")


def clouds(chance: np.random.Generator) -> Image.Image:
    noise = Image.fromarray(chance.integers(0, 256, (12, 16), dtype=np.uint8))
    return noise.resize((64, 48), Image.Resampling.BICUBIC)


def run_beside(name: str) -> None:
    """Run a benchmark that has a file of its own, in its own words."""
    sys.argv = sys.argv[:1]
    runpy.run_path(str(Path(__file__).with_name(name)), run_name="__main__")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=["decide"])
    parser.add_argument("--pairs", type=int, default=40, help="of decide")
    words = parser.parse_args()
    print(f"OpenCV {cv2.__version__}, Pillow {Image.__version__}, numpy {np.__version__}")
    for part in words.parts:
        print(f"== {part}")
        if part == "decide":
            decide(words.pairs)
        elif part == "speed":
            speed()
        elif part == "duplicates":
            duplicates()
        else:
            run_beside(f"pairs_{part}.py")


if __name__ == "__main__":
    main()
