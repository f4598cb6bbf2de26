"""Images per CPU second: this crawl and img2dataset.

Run as a program it is such a crawl: ``IMAGE_BASE COUNT [undecoded]``.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from crawl_hosts import served
from crawl_memory import STORE, peak_mb

from flickrexif.corpus import Corpus
from flickrexif.corpus.rows import CandidateRow, Outcome, WindowRow
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.exif.record import RawRecord
from flickrexif.flickr import Connection, images
from flickrexif.flickr.jpeg import refuse_other_files

PEER = "img2dataset==1.47.0"


def compare_images(words) -> None:
    python = peer_python(words.peer)
    print(f"images per CPU second, {words.images} of 250 kB, {words.in_flight} at once", flush=True)
    runs = {
        "img2dataset": lambda url, count: [python, "-c", DOWNLOAD, url, str(count)],
        "this crawl": lambda url, count: [*STORE, url, str(count)],
        "this crawl, stored only": lambda url, count: [*STORE, url, str(count), "undecoded"],
    }
    spent: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(words.rounds):
        for name, command in runs.items():
            with served("prepared") as (url,):
                few, many = (
                    cpu_of(command(url, count), words.in_flight)
                    for count in (words.images // 10, words.images)
                )
            spent[name].append((many - few) / (words.images - words.images // 10))
    for name, seconds in spent.items():
        ratios = [peer / own for peer, own in zip(spent["img2dataset"], seconds, strict=True)]
        print(
            f"  {name:24} {1 / statistics.median(seconds):7.1f} images per CPU second "
            f"({1000 * statistics.median(seconds):.2f} ms each), "
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
    if not is_decoded:
        images.decoded_size = undecoded_size
    rest_url = f"{image_base}/services/rest/"
    connection = Connection.embedded(rest_url, image_base)
    connection = replace(connection, concurrency=int(os.environ["IN_FLIGHT"]))
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        plan = prepare(corpus, count, connection)
        summary = crawl(corpus, plan, connection=connection)
    assert summary.accepted == count, summary
    print(f"{peak_mb():.0f} MB")


async def undecoded_size(content: bytes, **_: Any) -> tuple[int, int]:
    """Stands for the decoding: only what a file begins with is looked at."""
    refuse_other_files(content)
    return 1024, 683


def prepare(path: Path, count: int, connection):
    """A corpus whose month is listed and whose photos' EXIF is known; its plan."""
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
        state.reopen_failed()
    return plan


if __name__ == "__main__":
    url, count, *undecoded = sys.argv[1:]
    store(url, int(count), is_decoded=not undecoded)
