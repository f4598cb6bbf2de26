"""A folder of simulated pairs, its manifest, and the list of what was planted in it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from flickrexif.sandbox import dice
from paircams.sandbox.faults import FAULTS
from paircams.sandbox.plan import Pair, Row, Spoilt, plan_pair
from paircams.sandbox.retakes import sound
from paircams.sandbox.shot import encode

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from paircams.sandbox.fault import Fault
    from paircams.sandbox.plan import Photo

MANIFEST, TRUTH = "pairs.csv", "faults.json"
LICENSE, OWNER = "CC0-1.0", "The simulated photographer"
LONGEST_PX = 1024
SMALLEST_PX, LARGEST_PX = 320, 2000


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted fault: the subjects it touches (none named: all), and the check that finds it."""

    kind: str
    check: str
    subjects: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """A folder of pairs that was written, and what was planted in it."""

    folder: Path
    manifest: Path
    seed: int
    pairs: int
    planted: tuple[Planted, ...]

    def lines(self) -> Iterator[str]:
        """A summary for a terminal."""
        yield f"{self.pairs} pairs in {self.folder}, {len(self.planted)} faults planted"
        for fault in self.planted:
            where = ", ".join(fault.subjects) or "all"
            yield f"{where:9} {fault.kind}: {fault.sentence} ({fault.check})"


def simulate(
    folder: str | os.PathLike[str],
    *,
    pairs: int = 12,
    faults: Mapping[str, int] | None = None,
    seed: int = 0,
    longest_px: int = LONGEST_PX,
    progress: Progress | None = None,
) -> Simulated:
    """Photograph ``pairs`` simulated subjects with two simulated cameras each, into ``folder``.

    ``faults`` says how many of which kind (see `FAULTS`) to plant, each in subjects of its own;
    those of the whole set, of which there is one each, touch every pair, and several go together.
    ``longest_px`` is how long the longer edge of a photo is. The folder receives
    ``<subject_idx>/smartphone.jpg`` and ``camera.jpg``, the manifest ``pairs.csv``, and
    ``faults.json`` with what was planted where. The same words give the same bytes.

    Raises `UsageError` for an unknown kind, for two that contradict one another, for more faults
    than the pairs can hold, and for a ``folder`` that is not empty.
    """
    out = Path(folder)
    wanted = dict(faults or {})
    _refuse(out, pairs, wanted, longest_px)
    plans = [plan_pair(seed, number, longest_px) for number in range(pairs)]
    rows, planted = _plant(plans, wanted, seed)
    out.mkdir(parents=True, exist_ok=True)
    telling = progress or Silent()
    telling.start("pairs", pairs, "pair")
    for row in rows:
        _write_photos(out, row)
        telling.advance()
    telling.close()
    write_text(out / MANIFEST, _manifest(rows))
    made = Simulated(out, out / MANIFEST, seed, pairs, planted)
    write_text(out / TRUTH, _truth(made, plans))
    return made


def parse_faults(texts: Sequence[str]) -> dict[str, int]:
    """Return how many faults of each kind ``KIND`` or ``KIND:N`` ask for.

    Raises `UsageError` for a count that is no positive number.
    """
    wanted: dict[str, int] = {}
    for text in texts:
        kind, _, count = text.partition(":")
        if count and not (count.isascii() and count.isdigit() and int(count)):
            raise UsageError(f"{text!r} asks for no number of faults; write KIND or KIND:N")
        wanted[kind] = wanted.get(kind, 0) + int(count or 1)
    return wanted


def _refuse(out: Path, pairs: int, wanted: Mapping[str, int], longest_px: int) -> None:
    for kind in wanted:
        if kind not in FAULTS:
            raise UsageError(f"no fault {kind!r}; choose from {', '.join(FAULTS)}")
    for fault in _of_the_set(wanted):
        for kind in sorted(fault.hides.intersection(wanted)):
            raise UsageError(
                f"{fault.kind!r} and {kind!r} contradict one another: the one leaves nothing by "
                "which the other could be found; ask for two sets"
            )
    needed = sum(FAULTS[kind].subjects * count for kind, count in wanted.items())
    if pairs < max(1, needed):
        raise UsageError(f"{pairs} pairs cannot hold the faults; ask for {max(1, needed)} or more")
    if not SMALLEST_PX <= longest_px <= LARGEST_PX:
        raise UsageError(
            f"photos cannot be {longest_px} pixels long; choose {SMALLEST_PX} to {LARGEST_PX}"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{str(out)!r} is there already; name a new folder")


def _of_the_set(wanted: Iterable[str]) -> list[Fault]:
    """The faults of all files among these kinds."""
    return [FAULTS[kind] for kind in wanted if not FAULTS[kind].subjects]


def _plant(
    plans: Sequence[Pair], wanted: Mapping[str, int], seed: int
) -> tuple[list[Row], tuple[Planted, ...]]:
    """Return the rows in order, and what was planted in which of them."""
    free = list(plans)
    dice.source("faults", seed).shuffle(free)
    rows = {pair.subject_idx: sound(pair) for pair in plans}
    planted: list[Planted] = []
    for kind, count in wanted.items():
        fault = FAULTS[kind]
        for _ in range(count if fault.subjects else 1):
            chosen = tuple(free.pop() for _ in range(fault.subjects))
            for row in fault.plant(*chosen) if chosen else ():
                rows[row.subject_idx] = row
            names = tuple(sorted(pair.subject_idx for pair in chosen))
            planted.append(Planted(kind, fault.check, names, fault.sentence))
    for fault in _of_the_set(wanted):
        for name, row in rows.items():
            (rows[name],) = fault.plant(row)
    return [rows[pair.subject_idx] for pair in plans], tuple(planted)


def _write_photos(out: Path, row: Row) -> None:
    for name, photo in _named(row):
        path = out / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_file(photo))


def _named(row: Row) -> Iterator[tuple[str, Photo]]:
    named = {"smartphone.jpg": row.smartphone, "camera.jpg": row.camera, "camera.jpeg": row.third}
    for name, photo in named.items():
        if photo is not None:
            yield f"{row.subject_idx}/{name}", photo


def _file(photo: Photo) -> bytes:
    return photo.how(encode(photo.shot)) if isinstance(photo, Spoilt) else encode(photo)


def _manifest(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("subject_idx", "smartphone", "camera", "license", "owner"))
    for row in rows:
        name = row.subject_idx
        paths = (f"{name}/smartphone.jpg", f"{name}/camera.jpg")
        writer.writerow((name, *paths, LICENSE, OWNER))
        if row.third is not None:
            writer.writerow((name, "", f"{name}/camera.jpeg", LICENSE, OWNER))
    return text.getvalue()


def _truth(made: Simulated, plans: Sequence[Pair]) -> str:
    """Return the planted faults, and how the views of each pair lie to one another without them."""
    told = {
        "seed": made.seed,
        "pairs": made.pairs,
        "faults": [asdict(fault) for fault in made.planted],
        "homographies": {pair.subject_idx: _phone_to_camera(pair) for pair in plans},
    }
    return json.dumps(told, indent=1) + "\n"


def _phone_to_camera(pair: Pair) -> list[list[float]]:
    """Return the 3 x 3 homography from pixels of the phone's upright picture to the camera's."""
    across = np.linalg.inv(pair.camera.homography) @ pair.phone.homography
    rows: list[list[float]] = (across / across[2, 2]).tolist()
    return rows
