"""Peak memory of a crawl.

Run as a program it is such a crawl: ``REST_URL IMAGE_BASE SIZE TRACE``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from crawl_hosts import MONTHS, served

from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.flickr import Connection

STORE = [sys.executable, str(Path(__file__).with_name("crawl_images.py"))]
"""A crawl of images and nothing else, in a process of its own."""


def measure_memory(words) -> None:
    print(f"peak memory of a crawl of {words.candidates} candidates", flush=True)
    for size in ("none", "large"):
        with served("sandbox", str(words.candidates)) as urls:
            command = [sys.executable, __file__, *urls, size, str(words.trace)]
            told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        print(f"  size {size}, tiny images: {told.strip()}", flush=True)
    with served("prepared") as (url,):
        command = [*STORE, url, str(words.images)]
        environment = {**os.environ, "IN_FLIGHT": str(words.in_flight)}
        told = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        ).stdout
    print(f"  {words.images} images of 250 kB and nothing else: {told.strip()}", flush=True)


def crawl_and_tell(rest_url: str, image_base: str, size: str, trace: int) -> None:
    """Print what a crawl came to and the most memory it ever held."""
    connection = Connection.embedded(rest_url, image_base)
    idle, began = peak_mb(), time.monotonic()
    if trace:
        tracemalloc.start(8)
    with tempfile.TemporaryDirectory() as folder:
        plan = CrawlPlan(MONTHS, per_user_month=1, size=size)
        summary = crawl(Path(folder) / "corpus", plan, connection=connection)
    listed = sum(month.listed for month in summary.months)
    print(
        f"{peak_mb():.0f} MB ({idle:.0f} MB before it began): {listed} listed, "
        f"{summary.accepted} accepted, {time.monotonic() - began:.0f} s"
    )
    if trace:
        for line in tracemalloc.take_snapshot().statistics("lineno")[:trace]:
            print(f"    {line}")


def peak_mb() -> float:
    """The most memory this process ever held, in 10^6 bytes."""
    status = Path("/proc/self/status")
    if not status.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    rest_url, image_base, size, trace = sys.argv[1:]
    crawl_and_tell(rest_url, image_base, size, int(trace))
