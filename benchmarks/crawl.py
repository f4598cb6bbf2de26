"""What a crawl costs: API calls per photo, CPU per image, memory. Ratios and counts, no promises.

calls   API calls per accepted photo over six months of one embedded Flickr (image size "none", as
        images cost no API calls): this crawl with its default caps and both passes; one getExif
        per photo; the same with every day and licence searched on its own. The other two use this
        client, its retries and its caps, drop what the list alone rules out, and skip an owner
        whose cap is met. Below 0.3 is the aim.
images  images per CPU second against img2dataset (PyPI) on the same addresses, served from
        prepared bytes by another process. Both store bytes and their sha256 in parquet and resize
        nothing; img2dataset lives in an environment of its own, made on the first run in --peer.
        This crawl is a real one, with a durable state, that has everything but its images. CPU is
        what a process and its children used, and counted from a small to a large number of images,
        so that no start counts. "stored only" leaves out the one thing that img2dataset does not
        do either: decoding every image to prove it whole.
memory  peak memory of a crawl whose months hold so many candidates; the Flickr is another process.
        Its images are tiny, so one that stores images of a real size is told beside it. VmHWM of
        /proc where there is one, else ru_maxrss. Below 300 MB is the aim.

Run: python benchmarks/crawl.py [calls] [images] [memory] [--peer FOLDER --images 3000 ...]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from crawl_calls import compare_calls
from crawl_images import compare_images
from crawl_memory import measure_memory

PARTS = {"calls": compare_calls, "images": compare_images, "memory": measure_memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir(), "img2dataset"))
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--trace", type=int, default=0, help="tell so many lines that hold memory")
    words = parser.parse_args()
    for part in words.parts or PARTS:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}: choose from {', '.join(PARTS)}")
    for part in words.parts or PARTS:
        PARTS[part](words)


if __name__ == "__main__":
    main()
