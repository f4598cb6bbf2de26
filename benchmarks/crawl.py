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
import asyncio
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
import venv
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("calls", "images", "memory")
PEER = "img2dataset==1.47.0"
MONTHS = "2020-01..2020-06"
FILES = 16
"""So many different images the prepared server has."""
SPAN = {"first_month": "2020-01", "last_month": "2020-06"}
CATALOGUE_SHARE = 1.62
"""Photos in the catalogue for one that is public and of a permissive licence, about."""


# The embedded Flickr


@dataclass(frozen=True)
class QuickRenderer:
    """Files of a few hundred bytes; originals carry the whole EXIF of their photo."""

    def original(self, photo) -> bytes:
        from flickrexif.sandbox.exif_block import exif_block

        return self._file(photo.id, exif_block(photo, None) or b"")

    def resized(self, photo, longest: int) -> bytes:
        return self._file(photo.id, b"")

    def _file(self, shade: int, exif: bytes) -> bytes:
        from PIL import Image

        file = io.BytesIO()
        Image.new("L", (24, 16), shade % 256).save(file, "JPEG", exif=exif)
        return file.getvalue()


def sandbox(**words: Any):
    from flickrexif.sandbox import Catalogue, Sandbox

    return Sandbox(catalogue=Catalogue(0, **words), renderer=QuickRenderer(), workers=0)


# Part one: calls


def compare_calls(words) -> None:
    from flickrexif.crawling import CrawlPlan, crawl
    from flickrexif.flickr import Connection

    plan = CrawlPlan(MONTHS, size="none")
    print(f"API calls per accepted photo, {MONTHS}")
    with sandbox() as box, tempfile.TemporaryDirectory() as folder:
        connection = Connection.embedded(box.rest_url, box.image_base)
        summary = crawl(Path(folder) / "corpus", plan, connection=connection)
        _tell_calls("this crawl", sum(summary.api_calls.values()), summary.accepted, box)
        for name, windows in (("one getExif per photo", None), ("one-day windows", 1)):
            calls, accepted = asyncio.run(naive_crawl(connection, plan, days=windows))
            _tell_calls(name, calls, accepted, box)


def _tell_calls(name, calls, accepted, box) -> None:
    print(f"  {name:24} {calls:6} calls {accepted:6} photos {calls / accepted:7.3f}", flush=True)


async def naive_crawl(connection, plan, *, days) -> tuple[int, int]:
    """API calls and photos of a crawler that asks getExif for each photo, in the list's order."""
    from flickrexif.crawling.candidates import addresses_of, candidate_row, is_stray
    from flickrexif.crawling.evaluate import tells_capture
    from flickrexif.flickr.failures import RequestFailed
    from flickrexif.flickr.session import open_session

    accepted, calls = set(), 0
    async with open_session(connection, addresses=addresses_of(plan)) as flickr:
        for month in plan.each_month:
            placed = Counter()
            async for photo in _listed(flickr.client, month, plan, days=days):
                if is_stray(photo, month=month, plan=plan) or photo.photo_id in accepted:
                    continue
                row = candidate_row(photo, month=month, plan=plan, connection=connection)
                if row.reason is not None or placed[row.owner_id] >= plan.per_user_month:
                    continue
                try:
                    exif = await flickr.client.exif(photo.photo_id)
                except RequestFailed:
                    continue
                if tells_capture(exif):
                    placed[row.owner_id] += 1
                    accepted.add(row.photo_id)
        calls = sum(flickr.tally.requests.values())
    return calls, len(accepted)


async def _listed(client, month, plan, *, days):
    """Every row of a month, page by page, from searches of so many days (None: the month)."""
    from flickrexif.flickr.search import SearchQuery

    for license_id in plan.license_ids:
        first = month.first
        while first <= month.last:
            last = month.last if days is None else first + timedelta(days=days, seconds=-1)
            page = pages = 1
            while page <= pages:
                answer = await client.search(SearchQuery(license_id, first, last), page)
                for photo in answer.candidates:
                    yield photo
                page, pages = page + 1, answer.pages if answer.candidates else 0
            first = last + timedelta(seconds=1)


# Part two: images


def compare_images(words) -> None:
    python = peer_python(words.peer)
    print(f"images per CPU second, {words.images} of 250 kB, {words.in_flight} at once", flush=True)
    runs = {
        "img2dataset": lambda url, count: [python, "-c", DOWNLOAD, url, str(count)],
        "this crawl": lambda url, count: [sys.executable, __file__, "--store", url, str(count)],
        "this crawl, stored only": lambda url, count: [
            *(sys.executable, __file__, "--store", url, str(count), "undecoded")
        ],
    }
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(words.rounds):
        for name, command in runs.items():
            with prepared_server() as url:
                few, many = (
                    cpu_of(command(url, count), words.in_flight)
                    for count in (words.images // 10, words.images)
                )
            spent[name].append((many - few) / (words.images - words.images // 10))
    for name, seconds in spent.items():
        ratios = [peer / own for peer, own in zip(spent["img2dataset"], seconds, strict=True)]
        print(
            f"  {name:24} {1 / statistics.median(seconds):7.1f} images per CPU second, "
            f"{statistics.median(ratios):5.2f} times img2dataset's "
            f"({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


DOWNLOAD = """
import sys, os, glob, json, tempfile
from img2dataset import download
if __name__ == "__main__":
    url, count = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/urls.txt", "w") as file:
            file.writelines(f"{url}/{n}_5ec2e7_b.jpg\\n" for n in range(1, count + 1))
        download(
            url_list=f"{folder}/urls.txt", input_format="txt", output_folder=f"{folder}/out",
            output_format="parquet", processes_count=1, thread_count=int(os.environ["IN_FLIGHT"]),
            resize_mode="no", disable_all_reencoding=True, extract_exif=False,
            compute_hash="sha256", enable_wandb=False, number_sample_per_shard=500,
        )
        told = [json.load(open(name)) for name in glob.glob(f"{folder}/out/*_stats.json")]
        assert sum(one["successes"] for one in told) == count, told
"""


def peer_python(folder: Path) -> Path:
    """The Python of the environment that img2dataset has for itself, made if need be."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {PEER} into {folder}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
    return python


def cpu_of(command, in_flight: int) -> float:
    """CPU seconds of a process and its children."""
    environment = {**os.environ, "IN_FLIGHT": str(in_flight), "NO_ALBUMENTATIONS_UPDATE": "1"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def store(image_base: str, count: int, *, is_decoded: bool) -> None:
    """A crawl of ``count`` photos that has everything but their images."""
    from flickrexif.crawling import crawl
    from flickrexif.flickr import Connection, images

    if not is_decoded:
        images.inspect_jpeg = lambda content, **_: (1024, 683)
    rest_url = f"{image_base}/services/rest/"
    connection = Connection.embedded(rest_url, image_base)
    connection = replace(connection, concurrency=int(os.environ["IN_FLIGHT"]))
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        plan = prepare(corpus, count, connection)
        summary = crawl(corpus, plan, connection=connection)
    assert summary.accepted == count, summary
    print(f"{peak_mb():.0f} MB")


def prepare(path: Path, count: int, connection):
    """A corpus whose month is listed and whose photos' EXIF is known; its plan."""
    from flickrexif.corpus import Corpus
    from flickrexif.corpus.rows import CandidateRow, Outcome, WindowRow
    from flickrexif.crawling import CrawlPlan
    from flickrexif.exif.record import RawRecord

    plan = CrawlPlan("2020-01", licenses="4", passes=1)
    corpus = Corpus.create(path, plan, endpoint=connection.name)
    (month,) = plan.each_month
    exif = RawRecord(source="api", make="Canon", model="Canon EOS 5D", exposure_text="1/60")
    ids, chance = range(1, count + 1), Random(0)
    rows = [
        CandidateRow(
            photo_id=n,
            rank=chance.getrandbits(62),
            month=str(month),
            owner_id=f"{n}@N00",
            owner_name=None,
            license_id=4,
            taken_at="2020-01-02 03:04:05",
            uploaded_at=1_580_000_000,
            page_url=f"{connection.page_base}/photos/{n}@N00/{n}/",
            original_url=None,
            image_url=f"{connection.image_origin}/{n}_5ec2e7_b.jpg",
        )
        for n in ids
    ]
    first, last = (end.isoformat(sep=" ") for end in (month.first, month.last))
    window = WindowRow(str(month), 4, first, last, 1, "listed", count, count, 0)
    with corpus.state() as state, state.transaction():
        state.add_window(window, rows)
        for row in rows:
            outcome = Outcome(row.photo_id, row.owner_id, "failed", "http_500", exif)
            state.add_outcome(outcome)
    return plan


class Prepared(asyncio.Protocol):
    """HTTP/1.1 from prepared bytes, whatever is asked; closes where the client asks for it."""

    def __init__(self, files: list[bytes]) -> None:
        self._answers, self._asked = files, b""

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._transport.write(self._answers[zlib.crc32(head[:60]) % len(self._answers)])
            if b"connection: close" in head.lower():
                self._transport.close()


async def serve_prepared() -> None:
    """Print the port, then answer until killed."""
    files = [
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(file)
        + file
        for file in map(photo_like, range(FILES))
    ]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Prepared(files), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def photo_like(seed: int) -> bytes:
    """A JPEG of 1024 x 683 pixels and about 250 kB."""
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(seed)
    coarse = Image.fromarray(chance.integers(0, 256, (12, 18, 3), dtype=np.uint8))
    scene = np.asarray(coarse.resize((1024, 683), Image.Resampling.BICUBIC), dtype=np.float32)
    grain = chance.normal(0, 11, (683, 1024, 1))
    picture = Image.fromarray(np.clip(scene + grain, 0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


@contextmanager
def prepared_server() -> Iterator[str]:
    with child("--serve-prepared") as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"


# Part three: memory


def measure_memory(words) -> None:
    print(f"peak memory of a crawl of {words.candidates} candidates", flush=True)
    for size in ("none", "large"):
        with child("--serve-sandbox", str(words.candidates)) as process:
            urls = process.stdout.readline().split()
            command = [sys.executable, __file__, "--crawl", *urls, size, str(words.trace)]
            told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        print(f"  size {size}, tiny images: {told.strip()}", flush=True)
    with prepared_server() as url:
        command = [sys.executable, __file__, "--store", url, str(words.images)]
        environment = {**os.environ, "IN_FLIGHT": str(words.in_flight)}
        told = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, env=environment
        ).stdout
    print(f"  {words.images} images of 250 kB and nothing else: {told.strip()}", flush=True)


def serve_sandbox(candidates: int) -> None:
    """Print the addresses of a sandbox of about so many permissive photos, then answer."""
    with sandbox(photos=round(candidates * CATALOGUE_SHARE), owners=300, **SPAN) as box:
        print(box.rest_url, box.image_base, flush=True)
        sys.stdin.read()


def crawl_and_tell(rest_url: str, image_base: str, size: str, trace: int) -> None:
    """Print what a crawl came to and the most memory it ever held."""
    from flickrexif.crawling import CrawlPlan, crawl
    from flickrexif.flickr import Connection

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


@contextmanager
def child(*words: str) -> Iterator[subprocess.Popen[str]]:
    """This file in another process, which ends with the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, __file__, *words], **pipes)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def main() -> None:
    match sys.argv[1:]:
        case ["--serve-prepared"]:
            return asyncio.run(serve_prepared())
        case ["--serve-sandbox", candidates]:
            return serve_sandbox(int(candidates))
        case ["--store", url, count, *undecoded]:
            return store(url, int(count), is_decoded=not undecoded)
        case ["--crawl", rest_url, image_base, size, trace]:
            return crawl_and_tell(rest_url, image_base, size, int(trace))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir(), "img2dataset"))
    parser.add_argument("--images", type=int, default=3_000)
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--candidates", type=int, default=100_000)
    parser.add_argument("--trace", type=int, default=0, help="tell so many lines that hold memory")
    words = parser.parse_args()
    told = {"calls": compare_calls, "images": compare_images, "memory": measure_memory}
    for part in words.parts or PARTS:
        if part not in told:
            parser.error(f"there is no part {part!r}: choose from {', '.join(PARTS)}")
        told[part](words)
    return None


if __name__ == "__main__":
    main()
