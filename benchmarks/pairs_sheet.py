"""What the contact sheet of a large set costs: bytes of the page, and CPU time beside a peer.

Two pages: all pairs sound, which is the least, and a finding on each, which makes the worst of them
tall. A few simulated pairs of 1024 pixels are validated, and their photos
and verdicts stand under as many subjects as are wanted; each is read, and made small, anew. The
peer is what any such page must do: Pillow alone reads every photo once and makes it as small, which
it may decode at a reduced size; it does not encode them, as the page must.

CPU seconds of all threads count. The ways take turns; the median of the rounds' ratios is told.

Run: python benchmarks/pairs_sheet.py [--pairs 730] [--rounds 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from paircams import validate
from paircams.cards import LOW_PX, MOST_TALL, TALL_PX
from paircams.finding import Finding
from paircams.layout import Subject
from paircams.sandbox import simulate
from paircams.sheet import contact_sheet

if TYPE_CHECKING:
    from paircams.report import Report

JUDGED = 12


def repeated(report: Report, pairs: int, *, sound: bool) -> Report:
    """The report's pairs under ``pairs`` subjects, all of them sound or each with a finding."""
    verdicts = {verdict.subject_idx: verdict for verdict in report.verdicts}
    subjects, told = [], []
    for number, subject in enumerate(islice(cycle(report.declared.subjects), pairs), start=1):
        name = f"{number:04}"
        files = tuple(replace(file, subject_idx=name) for file in subject.files)
        subjects.append(Subject(name, files, subject.license, subject.owner))
        told.append(replace(verdicts[subject.subject_idx], subject_idx=name))
    found = () if sound else tuple(map(wrong, subjects))
    declared = replace(report.declared, subjects=tuple(subjects))
    return replace(report, declared=declared, findings=found, verdicts=tuple(told))


def wrong(subject: Subject) -> Finding:
    return Finding("P009", "framing", "warning", "the camera stood nearer", subject.subject_idx)


def page_of(report: Report) -> tuple[int, float]:
    began = time.process_time()
    page = contact_sheet(report)
    return len(page.encode()), time.process_time() - began


def thumbnails_of(report: Report, tall: int) -> float:
    """As many photos, as small, of the same files."""
    files = list(report.declared.files())
    began = time.process_time()
    for number, file in enumerate(files):
        height = TALL_PX if number < 2 * tall else LOW_PX
        with Image.open(file.path) as image:
            image.thumbnail((4 * height, height))
            ImageOps.exif_transpose(image).convert("RGB")
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=730)
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = simulate(Path(folder) / "set", pairs=min(JUDGED, words.pairs))
        report = validate(made.manifest)
        for name, sound in (("all sound", True), ("a finding on each", False)):
            many = repeated(report, words.pairs, sound=sound)
            tall = 0 if sound else min(MOST_TALL, words.pairs)
            rounds = [(page_of(many), thumbnails_of(many, tall)) for _ in range(words.rounds)]
            size = rounds[0][0][0]
            ratio = statistics.median(page[1] / theirs for page, theirs in rounds)
            print(
                f"{words.pairs} pairs, {name:17} {size / 1e6:5.1f} MB, {size // words.pairs} bytes "
                f"a pair; CPU time {ratio:.2f} of Pillow's reading and thumbnailing"
            )


if __name__ == "__main__":
    main()
