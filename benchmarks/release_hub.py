"""What versions cost on a Hub: bytes of a takedown, requests of a version, rows streamed."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING

import polars as pl
from release_clients import ask

from flickrexif.release import BuildPlan, build, take_down_release
from flickrexif.sandbox.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OURS, PUSHED = "lab/release", "lab/pushed"
TAKEN_DOWN = 5
READING = ("resolve-head", "resolve", "cdn-head", "cdn", "xet-read-token")
"""Kinds of requests that read back what was sent."""
ATTRIBUTE = "make"


def release_of(corpus: Path, place: Path, attributes: tuple[str, ...] | None) -> Path:
    out = place / "release"
    build(corpus, BuildPlan("1.0.0", "images", attributes), out=out)
    return out


# Takedown


def measure_takedown(words, corpus: Path, place: Path) -> None:
    release = release_of(corpus, place, (ATTRIBUTE,))
    print(
        f"bytes sent again when {TAKEN_DOWN} of {words.photos} photos leave, {words.rounds} times",
        flush=True,
    )
    for transfer in words.transfers:
        for name, shares in takedowns(release, place / transfer, transfer, words.rounds).items():
            print(f"  {transfer:4} {name:26} {spread(shares, '.1%')} of the first version")


def takedowns(release: Path, place: Path, transfer: str, rounds: int) -> dict[str, list[float]]:
    """The share of the first version's bytes that each takedown after it adds."""
    place.mkdir()
    chance, left = random.Random(0), sorted(photos_of(release))
    gone: list[int] = []
    pushing = {"attribute": ATTRIBUTE, "release": str(release), "repo": PUSHED}
    with (
        Hub(place / "ours", transfer=transfer) as ours,
        Hub(place / "peer", transfer=transfer) as peer,
    ):
        ask(ours, place / "home", "publish", release=str(release), repo=OURS)
        ask(peer, place / "home-of-peer", "push", **pushing, without=gone)
        grown = {
            "this release": Growth(ours.folder, transfer),
            "datasets push_to_hub": Growth(peer.folder, transfer),
        }
        for number in range(rounds):
            gone += (some := chance.sample(left, TAKEN_DOWN))
            left = sorted(set(left).difference(some))
            after = place / f"release-{number}"
            take_down_release(release, photos=some, date="2026-01-01", out=after)
            release, left = after, sorted(set(left) & photos_of(after))
            ask(ours, place / "home", "publish", release=str(release), repo=OURS)
            ask(peer, place / "home-of-peer", "push", **pushing, without=gone)
            for one in grown.values():
                one.look()
    return {name: one.shares for name, one in grown.items()}


class Growth:
    """How a Hub's folder of large files grows, as shares of what it first held."""

    def __init__(self, hub: Path, transfer: str) -> None:
        self._folder = hub / ("xet" if transfer == "xet" else "blobs")
        self._first = self._last = size_of(self._folder)
        self.shares: list[float] = []

    def look(self) -> None:
        now = size_of(self._folder)
        self.shares.append((now - self._last) / self._first)
        self._last = now


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def photos_of(release: Path) -> set[int]:
    files = sorted((release / ATTRIBUTE).glob("*.parquet"))
    return set(pl.read_parquet(files, columns=["photo_id"], glob=False)["photo_id"])


# Requests


def measure_requests(words, corpus: Path, place: Path) -> None:
    """Of a release with five attributes, and of the same rows of one of them by push_to_hub."""
    first = release_of(corpus, place, None)
    second = place / "second"
    some = random.Random(0).sample(sorted(photos_of(first)), TAKEN_DOWN)
    take_down_release(first, photos=some, date="2026-01-01", out=second)
    with Hub() as hub:
        print("requests of a version")
        for release in (first, second):
            shards = len(list(release.rglob("*.parquet")))
            with Counted(hub) as asked:
                ask(hub, place / "home", "publish", release=str(release), repo=OURS)
            tell_requests(f"publish, {shards} shards", asked)
        pushing = {"attribute": ATTRIBUTE, "release": str(first), "repo": PUSHED}
        for without in ([], some):
            with Counted(hub) as asked:
                ask(hub, place / "home-of-peer", "push", **pushing, without=without)
            tell_requests("push_to_hub, 3 shards", asked)


class Counted:
    """The requests that come during the block, by kind."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self.kinds = hub, hub.requests

    def __enter__(self) -> Counted:
        self.kinds = self._hub.requests
        return self

    def __exit__(self, *_: object) -> None:
        self.kinds = self._hub.requests - self.kinds


def tell_requests(name: str, asked: Counted) -> None:
    read = sum(asked.kinds[kind] for kind in READING)
    sent = asked.kinds["lfs-put"]
    fixed = asked.kinds.total() - read - sent - asked.kinds["lfs-verify"]
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(asked.kinds.items()))
    per_shard = asked.kinds["lfs-verify"] / sent if sent else 0
    print(
        f"  {name:24} {fixed} + {1 + per_shard:.0f} for each of {sent} new files (PUT, verify), "
        f"{read} to read back\n    {kinds}",
        flush=True,
    )


# Streaming


def measure_stream(words, corpus: Path, place: Path) -> None:
    release = release_of(corpus, place, (ATTRIBUTE,))
    with Hub() as hub:
        ask(hub, place / "home", "publish", release=str(release), repo=OURS)
        pushing = {"attribute": ATTRIBUTE, "release": str(release), "repo": PUSHED}
        ask(hub, place / "home-of-peer", "push", **pushing, without=[])
        print("load_dataset(streaming=True), train, images undecoded, against push_to_hub's files")
        for rows, what in ((1, "first row"), (0, "all rows")):
            told = {OURS: [], PUSHED: []}
            for number in range(words.rounds):
                for repo, found in told.items():
                    home = place / f"home-{rows}-{number}-{found is told[OURS]}"
                    config = ATTRIBUTE if repo == OURS else "default"
                    before = len(hub.log)
                    answer = ask(hub, home, "stream", repo=repo, config=config, rows=rows)
                    fetched = sum(asked.sent for asked in hub.log[before:])
                    found.append(answer | {"fetched": fetched})
            tell_stream(what, told[OURS], told[PUSHED])


def tell_stream(what: str, ours: list[dict], peers: list[dict]) -> None:
    def compared(ratio: Callable[[dict, dict], float]) -> str:
        return spread([ratio(own, peer) for own, peer in zip(ours, peers, strict=True)], ".2f")

    speed = compared(lambda own, peer: own["rows_s"] / peer["rows_s"])
    sizes = compared(lambda own, peer: own["fetched"] / peer["fetched"])
    megabytes = statistics.median(one["fetched"] for one in ours) / 1e6
    print(f"  {what:10} {speed} times as fast, {sizes} times the bytes ({megabytes:.1f} MB)")


def spread(values: list[float], form: str) -> str:
    """Median, least and greatest."""
    middle, least, greatest = (
        format(value, form) for value in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} ({least} to {greatest})"
