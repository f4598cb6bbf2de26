"""What a release costs to write, to change, to publish and to read. Ratios, no promises.

build     CPU and peak memory of `flickrexif.build` of an ``images`` release against datasets
          (Dataset.from_generator, then to_parquet, or push_to_hub to an embedded Hub) and
          webdataset's ShardWriter, of the same photos on one thread. Each way is a process of its
          own; CPU is told of all of it and without what it does before its first photo, memory is
          the most that it ever held. What only a release does: compare each image with the digest
          in the corpus, strip its metadata, hash every file, draw the card. A release writes a
          photo once for each of its attributes, so CPU per row is told too. At least 2 times less
          CPU than to_parquet, at a quarter of its memory, is the aim.
takedown  bytes that a Hub gains when 5 photos leave, again and again, against the same dataset as
          push_to_hub writes it: by Xet (the real hf_xet, on a store in a folder; a Hub's own
          search for known chunks is not imitated) and by LFS. A takedown in a release also drops
          rows to keep classes equal; the peer drops the 5 alone. At most 5 % by Xet is the aim.
requests  requests of a first and a second version, by kind. Fewer than 10 and one for each new
          file is the aim, reading back apart; LFS takes a PUT and a verify for each.
stream    load_dataset(streaming=True) from the embedded Hub: the first row, then all of train,
          with the bytes that were fetched, against what push_to_hub wrote.

Photos are parts of scenes of the sandbox's cameras, of about 125 kB (`release_corpus`). Ways take
turns; medians, with least and greatest, are of the rounds. webdataset (PyPI) lives in an
environment of its own, made on the first run in --peer; without a network give one that has it.

Run: python benchmarks/release.py [build] [takedown] [requests] [stream] [--photos 5000]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from release_corpus import make_corpus
from release_hub import measure_requests, measure_stream, measure_takedown, spread
from release_writers import OF_PEER, WAYS, run_way

from flickrexif.sandbox.hub import Hub

TRANSFERS = ("xet", "lfs")
AGAINST = "from_generator.to_parquet"


def measure_build(words, corpus: Path, place: Path) -> None:
    told: dict[str, list[dict]] = defaultdict(list)
    for number in range(words.rounds):
        for way in WAYS if words.peer else sorted(set(WAYS) - OF_PEER):
            folder = Path(tempfile.mkdtemp(prefix=f"{number}-", dir=place))
            with Hub() as hub:
                environment = hub.environment(folder / "home")
                done = run_way(way, corpus, folder / "out", peer=words.peer, **environment)
            told[way].append(done | {"all_s": done["cpu_s"] + done["start_s"]})
            shutil.rmtree(folder)
    print(f"writing {words.photos} photos, against {AGAINST} (below 1 is less)")
    for way, ours in told.items():
        print(f"  {way:28}{compared(ours, told[AGAINST])}", flush=True)


def compared(ours: list[dict], peers: list[dict]) -> str:
    def ratios(word: str, *, per_row: bool = False) -> str:
        pairs = [
            (own[word] / own["rows"], peer[word] / peer["rows"])
            if per_row
            else (own[word], peer[word])
            for own, peer in zip(ours, peers, strict=True)
        ]
        return spread([own / peer for own, peer in pairs], ".2f")

    seconds = statistics.median(one["all_s"] for one in ours)
    megabytes = statistics.median(one["peak_mb"] for one in ours)
    return (
        f"CPU {ratios('all_s')}, start apart {ratios('cpu_s')}, "
        f"per row {ratios('cpu_s', per_row=True)}, memory {ratios('peak_mb')}"
        f" [{seconds:.1f} s, {megabytes:.0f} MB, {ours[0]['rows']} rows]"
    )


PARTS = {
    "build": measure_build,
    "takedown": measure_takedown,
    "requests": measure_requests,
    "stream": measure_stream,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--transfers", nargs="+", choices=TRANSFERS, default=TRANSFERS)
    parser.add_argument("--corpus", type=Path, help="Keep the photos there, for other runs.")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir(), "webdataset"))
    parser.add_argument(
        "--no-peer", dest="peer", action="store_const", const=None, help="Leave webdataset out."
    )
    words = parser.parse_args()
    for part in words.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}: choose from {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as place:
        corpus = words.corpus or Path(place, "corpus")
        if not corpus.exists():
            make_corpus(corpus, words.photos)
        for part in words.parts or PARTS:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                PARTS[part](words, corpus, Path(folder))


if __name__ == "__main__":
    main()
