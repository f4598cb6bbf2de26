"""Reads mutated files in a process of its own, under limits, and tells the worst of each measure.

Run: python hostile_files.py MUTANTS [FOLDER]
"""

from __future__ import annotations

import gc
import json
import resource
import struct
import sys
import time
import tracemalloc
from pathlib import Path
from random import Random

from exif_files import FILES

from flickrexif.exif import RawRecord, Reading, inspect_exif

SEED = 20240501
HEAD_BYTES = 65_536
REACH = 4096
"""Bytes from a file's start, and around its EXIF, that are changed."""
ROOM = 64 * 1024 * 1024
CPU_S = 120
NUMBERS = (0, 1, 2, 7, 8, 0x7F, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)


def mutated(chance: Random, whole: bytes, others: list[bytes]) -> bytes:
    data = bytearray(whole)
    exif = max(whole.find(b"II*\0"), whole.find(b"MM\0*"), 0)
    for _ in range(chance.choice((1, 2, 4, 16, 64))):
        start = chance.choice((0, exif))
        at = chance.randrange(start, max(min(len(data), start + REACH), start + 1))
        change = chance.randrange(6)
        if change == 0:
            data[at : at + 1] = bytes((chance.randrange(256),))
        elif change == 1:
            kind = chance.choice(("<H", ">H", "<L", ">L"))
            number = struct.pack("<L", chance.choice((*NUMBERS, len(data), at)))
            wide = struct.pack(kind, int.from_bytes(number[: struct.calcsize(kind)], "little"))
            data[at : at + len(wide)] = wide
        elif change == 2:
            del data[at : at + chance.randrange(1, 40)]
        elif change == 3:
            data[at:at] = data[at : at + chance.randrange(1, 400)] * chance.choice((1, 2, 50))
        elif change == 4:
            other = chance.choice(others)
            begin = chance.randrange(len(other))
            data[at : at + 64] = other[begin : begin + 64]
        else:
            data[at : at + 8] = bytes((chance.choice((0, 0xFF)),)) * 8
    return bytes(data if chance.random() < 0.8 else data[: chance.randrange(len(data) + 1)])


def timed(data: bytes) -> tuple[float, Reading]:
    begun = time.process_time()
    reading = inspect_exif(data)
    return time.process_time() - begun, reading


def limit_this_process() -> None:
    """What nobody measures is bounded too: a runaway ends with an error, not with the machine."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    told = Path("/proc/self/statm")
    if told.exists():
        used = int(told.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2 * ROOM, used + 2 * ROOM))


def main(mutants: int, folder: str | None = None) -> None:
    paths = sorted(Path(folder).iterdir()) if folder else []
    files = [*FILES.values(), *(path.read_bytes()[:HEAD_BYTES] for path in paths)]
    chance = Random(SEED)
    limit_this_process()
    worst = {"count": 0, "seconds": 0.0, "peak_bytes": 0, "with_values": 0}
    faults: dict[str, int] = {}
    gc.disable()
    tracemalloc.start()
    for number in range(mutants):
        data = mutated(chance, files[number % len(files)], files)
        gc.collect(0)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        seconds, reading = timed(data)
        peak = tracemalloc.get_traced_memory()[1] - before
        if seconds > worst["seconds"]:  # twice more: a page fault or a neighbour is no finding
            seconds = min(seconds, timed(data)[0], timed(data)[0])
        assert RawRecord.from_json(reading.record.to_json()) == reading.record
        assert reading.needs is None or 0 <= reading.needs.start < reading.needs.end
        assert (reading.fault == "truncated") == (reading.needs is not None) or (
            reading.fault == "unknown_format"
        )
        worst["count"] += 1
        worst["with_values"] += not reading.record.is_empty
        worst["seconds"] = max(worst["seconds"], seconds)
        worst["peak_bytes"] = max(worst["peak_bytes"], peak)
        faults[str(reading.fault)] = faults.get(str(reading.fault), 0) + 1
    print(json.dumps({**worst, "faults": faults}))


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
