"""How the state of a corpus bears growth: time per candidate at large sizes against a small one.

Candidates are made up without network: months of photos in sessions of one owner each, taken within
two hours and uploaded together, most of them soon and some years later; few owners have many
photos; ids follow the upload. Every operation that a crawl does on its state is timed by itself.

What is told are ratios of this run alone: 1 is linear, more is slower than linear. A corpus grows
by more months and by fuller ones, so there are two small ones to compare with: one of as many
months as the large ones have, and one of a single full month.

Run: python benchmarks/state.py [--candidates 1000000] [--largest 10000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.corpus.compact import moment_of
from flickrexif.corpus.rows import CandidateRow, Outcome, WaitingImage, WindowRow
from flickrexif.corpus.state import State
from flickrexif.crawling.select import next_wave, rank_of
from flickrexif.exif.record import RawRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SMALLEST = 100_000
MONTHS = 100
OWNERS = 40_000
PHOTOS_OF_A_SESSION = 6
WINDOW_ROWS = 500
MONTH_S = 2_629_800
DAY_S = 86_400
BEGAN = 1_262_304_000
"""2010-01-01, in Unix seconds."""
IDS_PER_SECOND = 30
LICENSES = [4, 5, 7, 8, 9, 10, 11, 12]
SHARES = [0.5, 0.2, 0.05, 0.02, 0.1, 0.05, 0.05, 0.03]

LOOKED_AT = 6_000
"""So many photos are decided, spread over the months."""
COMMIT_ROWS = 6
"""So many outcomes share a commit, as they come from requests in flight."""
PER_OWNER = 10


@dataclass(frozen=True, slots=True)
class World:
    """Made-up photos; the same seed gives the same."""

    months: int
    per_month: int
    seed: int = 0

    @property
    def candidates(self) -> int:
        return self.months * self.per_month

    def month(self, number: int) -> str:
        return f"{2010 + number // 12}-{number % 12 + 1:02}"

    def windows(self, number: int) -> Iterator[tuple[WindowRow, list[CandidateRow]]]:
        """The windows of a month, by licence and time; in a small month one spans licences.

        Rows are made when they are asked for, as a crawl has them fresh from an answer.
        """
        month = self._photos(number)
        for start in range(0, self.per_month, WINDOW_ROWS):
            some = [month.row(n) for n in range(start, min(start + WINDOW_ROWS, self.per_month))]
            ends = f"{some[0].taken_at} {some[0].photo_id}", str(some[-1].taken_at)
            name, size = self.month(number), len(some)
            yield WindowRow(name, some[0].license_id, *ends, 1, "listed", size, size, 0), some

    def _photos(self, number: int) -> Photos:
        rng = np.random.default_rng([self.seed, number])
        size = max(1, self.per_month // PHOTOS_OF_A_SESSION)
        began = BEGAN + number * MONTH_S + rng.integers(0, MONTH_S - 7_200, size)
        owner = np.minimum((rng.pareto(0.8, size) * 20).astype(np.int64), OWNERS - 1)
        uploaded = began + 7_200 + _delays(rng, size)
        session = rng.integers(0, size, self.per_month)
        taken = began[session] + rng.integers(0, 7_200, self.per_month)
        ids = uploaded[session] * IDS_PER_SECOND + rng.integers(0, 9_000, self.per_month)
        licenses = np.random.default_rng(self.seed).choice(LICENSES, OWNERS, p=SHARES)
        license_ids = licenses[owner[session]]
        order = np.lexsort((taken, license_ids))
        columns = (ids, owner[session], license_ids, taken, uploaded[session])
        secrets = rng.integers(0, 2**40, (2, self.per_month))
        return Photos(self.month(number), *(column[order] for column in columns), *secrets)


@dataclass(frozen=True, slots=True)
class Photos:
    """The photos of a month, in columns."""

    month: str
    photo_id: np.ndarray
    owner: np.ndarray
    license_id: np.ndarray
    taken_at: np.ndarray
    uploaded_at: np.ndarray
    image: np.ndarray
    original: np.ndarray

    def row(self, n: int) -> CandidateRow:
        photo_id, owner = int(self.photo_id[n]), int(self.owner[n])
        account = f"account{owner}" if owner % 3 else f"{10_000_000 + owner}@N00"
        file = f"https://live.staticflickr.com/65535/{photo_id}"
        return CandidateRow(
            photo_id=photo_id,
            rank=rank_of(photo_id, seed=0),
            month=self.month,
            owner_id=f"{10_000_000 + owner}@N00",
            owner_name=f"The Name of {owner}",
            license_id=int(self.license_id[n]),
            taken_at=moment_of(int(self.taken_at[n])),
            uploaded_at=int(self.uploaded_at[n]),
            page_url=f"https://www.flickr.com/photos/{account}/{photo_id}/",
            original_url=f"{file}_{int(self.original[n]):010x}_o.jpg",
            image_url=f"{file}_{int(self.image[n]):010x}_b.jpg",
        )


def _delays(rng: np.random.Generator, size: int) -> np.ndarray:
    """Seconds until upload: most within days, many within months, some within years."""
    which = rng.random(size)
    soon, later = rng.exponential(DAY_S, size), rng.exponential(60 * DAY_S, size)
    much_later = rng.random(size) * MONTHS * MONTH_S
    return np.where(which < 0.6, soon, np.where(which < 0.88, later, much_later)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and of this process's work."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    @classmethod
    def now(cls) -> Cost:
        return cls(time.perf_counter(), time.process_time())

    def plus(self, other: Cost, times: int = 1) -> Cost:
        return Cost(self.wall_s + times * other.wall_s, self.cpu_s + times * other.cpu_s)

    def per(self, count: int) -> Cost:
        return Cost(self.wall_s / count, self.cpu_s / count)


def sum_of(costs: Iterable[Cost]) -> Cost:
    total = Cost()
    for cost in costs:
        total = total.plus(cost)
    return total


class Stopwatch:
    def __init__(self) -> None:
        self.cost = Cost()

    def __enter__(self) -> None:
        self._began = Cost.now()

    def __exit__(self, *error: object) -> None:
        self.cost = self.cost.plus(Cost.now().plus(self._began, -1))


EXIF = RawRecord(
    "file",
    make="Pictor",
    model="Pictor A7",
    exposure_num=1,
    exposure_den=250,
    aperture_num=28,
    aperture_den=10,
    iso=400,
    focal_length_num=35,
    focal_length_den=1,
    flash=16,
    date_time_original="2010:01:01 00:00:00",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What each operation costs per candidate (or photo), and the size of the file."""

    costs: dict[str, Cost]
    bytes_per_candidate: float

    @classmethod
    def mean(cls, runs: list[Measured]) -> Measured:
        costs = {
            name: sum_of(run.costs[name] for run in runs).per(len(runs)) for name in runs[0].costs
        }
        return cls(costs, runs[0].bytes_per_candidate)


def measure(world: World, folder: Path) -> Measured:
    path = folder / "state.sqlite"
    months = [world.month(number) for number in range(world.months)]
    some, candidates = months[:: max(1, len(months) // 10)], world.candidates
    state = State(path)
    inserting = _insert(state, world)
    state.close()
    size = path.stat().st_size
    state = State(path)
    choosing, deciding = _choose(state, some), _decide(state, months)
    telling = _tell(state, months)
    state.close()
    costs = {
        "inserting windows of 500": inserting.per(candidates),
        "a month's standings, next wave": choosing.per(len(some) * world.per_month),
        "recording outcomes (per photo)": deciding.per(LOOKED_AT),
        "tallies and captures, duplicates": telling.per(candidates),
        "resume: open, a month's windows": _resume(path, months[-1]).per(candidates),
    }
    return Measured(costs, size / candidates)


def _insert(state: State, world: World) -> Cost:
    watch = Stopwatch()
    for number in range(world.months):
        for window, rows in world.windows(number):
            with watch, state.transaction():
                state.add_window(window, rows)
                state.add_calls({"api search": 1})
    return watch.cost


def _choose(state: State, months: list[str]) -> Cost:
    watch = Stopwatch()
    for month in months:
        with watch:
            next_wave(state.standings(month), per_owner=PER_OWNER, per_month=None)
    return watch.cost


def _decide(state: State, months: list[str]) -> Cost:
    watch, share = Stopwatch(), LOOKED_AT // len(months)
    for month in months:
        due = next_wave(state.standings(month), per_owner=PER_OWNER, per_month=None)
        photos = [(owner, photo) for owner, owned in due.items() for photo in owned][:share]
        outcomes = [_outcome(photo, owner, n) for n, (owner, photo) in enumerate(photos)]
        with watch:
            for start in range(0, len(outcomes), COMMIT_ROWS):
                with state.transaction():
                    for outcome in outcomes[start : start + COMMIT_ROWS]:
                        state.add_outcome(outcome)
                    state.add_calls({"api exif": 1, "image large": 1})
        with state.transaction():
            state.close_photos(state.waiting(month), None)
    return watch.cost


def _outcome(photo_id: int, owner_id: str, number: int) -> Outcome:
    """One owner of 25 hides their EXIF, of the others' photos two thirds carry any."""
    if int(owner_id.partition("@")[0]) % 25 == 24:
        return Outcome(photo_id, owner_id, "rejected", "exif_hidden", consent="hidden")
    if number % 3 == 2:
        return Outcome(photo_id, owner_id, "rejected", "no_exif", exif=EXIF, consent="given")
    content = photo_id.to_bytes(8, "big") * 20_000
    image = WaitingImage(content, sha256(content).hexdigest(), 1024, 683, "image/jpeg")
    return Outcome(photo_id, owner_id, "accepted", exif=EXIF, image=image, consent="given")


def _tell(state: State, months: list[str]) -> Cost:
    watch = Stopwatch()
    with watch:
        state.tallies()
        for month in months:
            state.captures(month)
        state.window_tallies(), state.calls(), state.settled_months(), state.shards()
        state.duplicates()
    return watch.cost


def _resume(path: Path, month: str) -> Cost:
    watch = Stopwatch()
    with watch:
        state = State(path)
        state.reopen_failed()
        state.window_rows(month)
    state.close()
    return watch.cost


def report(found: dict[World, Measured]) -> None:
    """The ratios to the first world, one line for each operation."""
    base = next(iter(found.values()))
    print(f"{'candidates':34}" + "".join(f"{world.candidates:>13,}" for world in found))
    print(f"{'in so many months':34}" + "".join(f"{world.months:>13,}" for world in found))
    for told, of in (("by the clock", "wall_s"), ("of CPU", "cpu_s")):
        print(f"time {told} per candidate, against the first column")
        for name, cost in base.costs.items():
            ratios = [getattr(one.costs[name], of) / getattr(cost, of) for one in found.values()]
            print(f"  {name:32}" + "".join(f"{ratio:13.2f}" for ratio in ratios))
    sizes = "".join(f"{one.bytes_per_candidate:13.1f}" for one in found.values())
    print(f"{'bytes per candidate, as listed':34}{sizes}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int)
    parser.add_argument("--folder", type=Path, help="where the states are made, and deleted")
    words = parser.parse_args()
    small = [World(MONTHS, SMALLEST // MONTHS), World(1, SMALLEST)]
    sizes = sorted({words.candidates, words.largest or words.candidates} - {SMALLEST})
    large = [World(MONTHS, size // MONTHS) for size in sizes]
    runs: dict[World, list[Measured]] = {}
    for world in [*small, *large, *small]:  # before and after: other work on the machine changes
        with tempfile.TemporaryDirectory(dir=words.folder) as folder:
            runs.setdefault(world, []).append(measure(world, Path(folder)))
        print(f"measured {world.candidates:,} candidates in {world.months} months", flush=True)
    report({world: Measured.mean(measured) for world, measured in runs.items()})


if __name__ == "__main__":
    main()
