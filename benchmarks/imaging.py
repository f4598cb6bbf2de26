"""What pixels cost: CPU time per image as a ratio to named peers, and how far the pixels are apart.

read      a JPEG to one 224 px crop: Pillow (open, resize, crop: the reference), this reader's exact
          and fast paths, of photos of 1024 x 683 px and of 12 megapixels. Beside each stand the
          share of values equal to the reference's and the largest difference. At least 2.5 times
          Pillow, one level apart at most, is the aim.
sizes     one photo to all crops that the published encoders take, decoded once, against one crop
          alone (below 1.3 times it was the aim), and against as many reads of one crop each.
mask      the mask of a 224 px crop, alone, against decoding and cropping its photo by the fast
          path (below 2 % is the aim), and against albumentations' CoarseDropout of the same area.
jpeg      a 224 px crop to JPEG at quality 85 and back, against albumentations' ImageCompression.
resize    a photo to the file of a 224 px centre crop (JPEG 95), against img2dataset's Resizer.

Photos are made from noise, and lie in memory. Every way runs in a process of its own, on one
thread, start and imports not counted; ways take turns, and the median of the rounds' ratios is
told. albumentations and img2dataset (PyPI) live in an environment of their own, made on the first
run in --peer; without a network give one that has them.

Run: python benchmarks/imaging.py [read] [sizes] [mask] [jpeg] [resize] [--rounds 5]
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

PEER = ("img2dataset==1.47.0", "albumentations==1.4.24")
PARTS = ("read", "sizes", "mask", "jpeg", "resize")
SIZES = {"1024": (1024, 683, 87, 12), "12mp": (4000, 3000, 90, 3)}
"""Name → width, height, quality, how many different photos."""
CROP = 224
HOLE = 212
"""A side of the centre mask at 224 px and ratio 0.9."""
REPEATS = {"1024": 8, "12mp": 2}


# Ways: each takes the folder of the photos and returns what is to be called for one of them


def reference(_: Path):
    from PIL import Image

    def crop(data: bytes):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        width, height = image.size
        scale = (CROP, int(CROP * height / width)) if width <= height else (
            int(CROP * width / height), CROP)  # fmt: skip
        resized = image.resize(scale, Image.Resampling.BICUBIC)
        left, top = (round((side - CROP) / 2) for side in resized.size)
        return resized.crop((left, top, left + CROP, top + CROP))

    return crop


def exact(_: Path):
    from flickrexif.imaging import Crop, exact_reader

    reader = exact_reader()
    return lambda data: reader(data, [Crop(CROP)])[0]


def fast(_: Path):
    return fast_of([CROP])


def fast_each(_: Path):
    from flickrexif.imaging import ENCODER_CROPS

    calls = [fast_of([crop]) for crop in ENCODER_CROPS]
    return lambda data: [call(data) for call in calls]


def fast_sizes(_: Path):
    from flickrexif.imaging import ENCODER_CROPS

    return fast_of(ENCODER_CROPS)


def fast_of(crops):
    import torch

    from flickrexif.imaging import Crop, fast_reader

    torch.set_num_threads(1)
    reader = fast_reader()
    wanted = [crop if isinstance(crop, Crop) else Crop(crop) for crop in crops]
    return lambda data: reader(data, wanted)[0]


def mask(folder: Path):
    from flickrexif.imaging import MaskSpec, apply

    crops = cropped(folder)
    return lambda data: apply(crops[data], MaskSpec())


def jpeg(folder: Path):
    import numpy as np
    from PIL import Image

    from flickrexif.imaging.encode import jpeg as write

    crops = cropped(folder)

    def through(data: bytes):
        written = write(Image.fromarray(crops[data]), quality=85, subsampling="4:2:0")
        return np.asarray(Image.open(io.BytesIO(written)))

    return through


def resize(_: Path):
    from PIL import Image

    from flickrexif.imaging.encode import jpeg as write

    read = fast_of([CROP])
    return lambda data: write(Image.fromarray(read(data)), quality=95, subsampling="4:2:0")


def albumentations_mask(folder: Path):
    import albumentations as A  # noqa: N812 - as its documentation has it

    crops = cropped(folder)
    hole = {"num_holes_range": (1, 1), "hole_height_range": (HOLE, HOLE)}
    drop = A.CoarseDropout(**hole, hole_width_range=(HOLE, HOLE), fill=0, p=1)
    return lambda data: drop(image=crops[data])["image"]


def albumentations_jpeg(folder: Path):
    import albumentations as A  # noqa: N812

    crops = cropped(folder)
    compress = A.ImageCompression(quality_range=(85, 85), p=1)
    return lambda data: compress(image=crops[data])["image"]


def img2dataset_resize(_: Path):
    import cv2
    from img2dataset.resizer import Resizer

    cv2.setNumThreads(1)
    resizer = Resizer(
        image_size=CROP,
        resize_mode="center_crop",
        resize_only_if_bigger=False,
        upscale_interpolation="cubic",
        downscale_interpolation="cubic",
        encode_quality=95,
        encode_format="jpg",
    )

    def resized(data: bytes):
        file, *_, error = resizer(io.BytesIO(data))
        assert error is None, error
        return file

    return resized


def cropped(folder: Path) -> dict:
    """Photo → its crop by the reference, made before."""
    import numpy as np

    crops = np.load(folder / "crops.npy")
    return {photo: crops[number] for number, photo in enumerate(photos_in(folder))}


def photos_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]


WAYS = {
    "pillow": reference,
    "exact": exact,
    "fast": fast,
    "fast, all sizes": fast_sizes,
    "fast, size by size": fast_each,
    "mask": mask,
    "jpeg": jpeg,
    "resize": resize,
    "albumentations mask": albumentations_mask,
    "albumentations jpeg": albumentations_jpeg,
    "img2dataset": img2dataset_resize,
}
OF_PEER = frozenset(name for name in WAYS if name.startswith(("albumentations", "img2dataset")))


def do(way: str, folder: Path, repeats: int) -> None:
    """Run one way on all photos of ``folder``; print CPU seconds per image."""
    photos = photos_in(folder)
    call = WAYS[way](folder)
    for data in photos:
        call(data)
    began = time.process_time()
    for _ in range(repeats):
        for data in photos:
            call(data)
    print(json.dumps((time.process_time() - began) / (repeats * len(photos))))


# Measuring


class Bench:
    """Runs ways in turns over photos of one size."""

    def __init__(self, folder: Path, words) -> None:
        self.folder, self.rounds, self.words = folder, words.rounds, words

    def seconds(self, size: str, *ways: str, repeats: int = 0) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(self.rounds):
            for way in ways:
                found[way].append(self._once(way, size, repeats or REPEATS[size]))
        return found

    def _once(self, way: str, size: str, repeats: int) -> float:
        python = peer_python(self.words.peer) if way in OF_PEER else Path(sys.executable)
        command = [python, __file__, "--do", way, str(self.folder / size), str(repeats)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{way} failed:\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1])


def tell(name: str, own: list[float], peer: list[float], note: str = "") -> None:
    ratios = [other / mine for mine, other in zip(own, peer, strict=True)]
    print(
        f"  {name:34} {1000 * statistics.median(own):8.2f} ms, "
        f"{statistics.median(ratios):6.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})"
        f"{note}",
        flush=True,
    )


def measure_read(bench: Bench) -> None:
    for size in SIZES:
        print(f"one {CROP} px crop of {size} photos, against Pillow")
        seconds = bench.seconds(size, "pillow", "exact", "fast")
        for way in seconds:
            tell(way, seconds[way], seconds["pillow"], apart(way, bench.folder / size))


def apart(way: str, folder: Path) -> str:
    """How the pixels of a way differ from the reference's."""
    import numpy as np

    got = WAYS[way](folder)
    pairs = cropped(folder).items()
    far = [np.abs(want.astype(int) - np.asarray(got(photo))) for photo, want in pairs]
    equal = np.mean([(one == 0).mean() for one in far])
    return f", {equal:.2%} of values equal, at most {max(one.max() for one in far)} apart"


def measure_sizes(bench: Bench) -> None:
    from flickrexif.imaging import ENCODER_CROPS

    for size in SIZES:
        seconds = bench.seconds(size, "fast", "fast, all sizes", "fast, size by size")
        print(f"{len(ENCODER_CROPS)} crops of {size} photos, decoded once")
        for way, what in (("fast", "one crop"), ("fast, size by size", "a read for each crop")):
            pairs = zip(seconds["fast, all sizes"], seconds[way], strict=True)
            ratios = [many / other for many, other in pairs]
            print(
                f"  cost {statistics.median(ratios):.2f} times {what} "
                f"({min(ratios):.2f} to {max(ratios):.2f})"
            )


def measure_mask(bench: Bench) -> None:
    seconds = bench.seconds("1024", "fast", "mask", "albumentations mask", repeats=40)
    pairs = zip(seconds["mask"], seconds["fast"], strict=True)
    shares = [own / read for own, read in pairs]
    print(
        f"masking a {CROP} px crop costs {statistics.median(shares):.2%} of reading it "
        f"({min(shares):.2%} to {max(shares):.2%}); against albumentations' CoarseDropout:"
    )
    tell("mask", seconds["mask"], seconds["albumentations mask"])


def measure_jpeg(bench: Bench) -> None:
    print(f"a {CROP} px crop to JPEG and back, against albumentations' ImageCompression")
    seconds = bench.seconds("1024", "jpeg", "albumentations jpeg", repeats=20)
    tell("jpeg", seconds["jpeg"], seconds["albumentations jpeg"])


def measure_resize(bench: Bench) -> None:
    for size in SIZES:
        print(f"{size} photos to files of a {CROP} px crop, against img2dataset's Resizer")
        seconds = bench.seconds(size, "resize", "img2dataset")
        tell("resize", seconds["resize"], seconds["img2dataset"])


def peer_python(folder: Path) -> Path:
    """The Python of the environment that the peers have for themselves, made if need be."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PEER)} into {folder}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
    return python


def make_photos(folder: Path) -> None:
    import numpy as np
    from PIL import Image

    for name, (width, height, quality, count) in SIZES.items():
        (folder / name).mkdir()
        for seed in range(count):
            chance = np.random.default_rng(seed)
            coarse = Image.fromarray(chance.integers(0, 256, (12, 18, 3), dtype=np.uint8))
            scene = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)
            grain = chance.normal(0, 9, (height, width, 1))
            picture = Image.fromarray(np.clip(scene + grain, 0, 255).astype(np.uint8))
            picture.save(folder / name / f"{seed:02}.jpg", quality=quality)
        crop = reference(folder / name)
        crops = [np.asarray(crop(photo)) for photo in photos_in(folder / name)]
        np.save(folder / name / "crops.npy", np.stack(crops))


MEASURES = {
    "read": measure_read,
    "sizes": measure_sizes,
    "mask": measure_mask,
    "jpeg": measure_jpeg,
    "resize": measure_resize,
}


def main() -> None:
    if sys.argv[1:2] == ["--do"]:
        way, folder, repeats = sys.argv[2:]
        do(way, Path(folder), int(repeats))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir(), "img2dataset"))
    words = parser.parse_args()
    for part in words.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}: choose from {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as place:
        make_photos(Path(place))
        bench = Bench(Path(place), words)
        for part in words.parts or PARTS:
            MEASURES[part](bench)


if __name__ == "__main__":
    main()
