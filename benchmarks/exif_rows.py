"""Rows per second from raw EXIF records to the ten attributes' labels, and the peak memory.

Synthetic records, half of them as files give them and half as Flickr's answers, are normalised and
given camera names and classes. The peer is the same rules as a Python function of one row, applied
by pandas to a sample in memory; it looks a camera up once per pair and reuses the answer. Two
figures stand against the same peer:

memory   polars frame in memory → polars frame in memory, as pandas has it: nothing is read from
         disk and nothing written. The figure that compares like with like.
parquet  zstd parquet on disk → parquet on disk as a stream, with its bounded memory. It also pays
         for reading and writing, which the peer does not.

Each way is a process of its own. Its CPU seconds (all threads) and wall seconds count from when the
rows are at hand, with polars or pandas imported and the tables of camera names read, for every way
alike. The look-up of distinct cameras counts. All labels and exact values must be equal: of both
polars ways on the rows in memory, and with the peer's on its sample. pandas comes with the core (by
way of datasets). At least 50 times the peer, below 2 GB, is the aim.

Run: python benchmarks/exif_rows.py [--rows 5000000] [--held 1000000] [--sample 50000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from random import Random

ROWS_AT_ONCE = 250_000
SAMPLE = 50_000
HELD = 1_000_000
PRINTED = ("exposure", "aperture", "focal_length")
EXACT = ("exposure_seconds", "f_number", "focal_length_mm", "iso", "focal_length_35mm")
LARGEST = 2**32 - 1


# The rules, for one row


def ten_digits(value: float) -> float:
    return float(f"{value:.10g}")


def exposure_text(seconds: float) -> str:
    seconds = ten_digits(seconds)
    if seconds < 0.25001:
        return f"1/{int(0.5 + 1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def f_number_text(f_number: float) -> str:
    f_number = ten_digits(f_number)
    return f"{f_number:.2f}" if f_number < 1 else f"{f_number:.1f}"


def focal_length_text(millimetres: float) -> str:
    return f"{ten_digits(millimetres):.1f} mm"


PRINTS = dict(zip(PRINTED, (exposure_text, f_number_text, focal_length_text), strict=True))
DATE = re.compile(r"(\d{4}):(?:0[1-9]|1[0-2]):(?:0[1-9]|[12]\d|3[01])(?:\D|$)")


def exact_value(numerator, denominator, text: str | None) -> float | None:
    if numerator is not None and denominator:
        value = numerator / denominator
    elif text is None:
        return None
    else:
        over, _, under = text.removesuffix("mm").rstrip().partition("/")
        try:
            value = float(over) / float(under or 1)
        except (ValueError, ZeroDivisionError):
            return None
    return value if 1 / LARGEST <= value <= LARGEST else None


def row_rules():
    """A function of a row (a mapping with None for nothing): its exact values and ten classes."""
    from flickrexif.exif.cameras import identify
    from flickrexif.exif.flash import FLASH_FIRED, FLASH_WORDS

    camera_of = cache(lambda make, model, name: identify(make, model, flickr_name=name))

    def values(row) -> tuple:
        exact, texts = [], []
        for name in PRINTED:
            value = exact_value(row[f"{name}_num"], row[f"{name}_den"], row[f"{name}_text"])
            text = None if value is None else PRINTS[name](value)
            exact.append(value)
            texts.append(None if text in ("0.00", "0.0 mm") else text)
        iso, focal_35mm = row["iso"], row["focal_length_35mm"]
        if iso is None and row["iso_text"] is not None:
            iso = re.match(r"\d*", row["iso_text"])[0]
        iso = int(iso) if iso else None
        flash = FLASH_WORDS.get(row["flash"]) or row["flash_text"]
        fired = FLASH_FIRED.get(flash)
        date = DATE.match(row["date_time_original"] or "")
        year = int(date[1]) if date and 1990 <= int(date[1]) <= 2100 else None
        camera = camera_of(row["make"], row["model"], row["camera_name"])
        is_phone = camera.is_smartphone
        return (
            *exact, iso or None, int(focal_35mm) if focal_35mm else None,
            camera.make,
            row["model"] if camera.make else None,
            row["model"] if is_phone else None,
            None if is_phone is None else str(is_phone),
            *texts[:2], str(iso) if iso else None, texts[2],
            None if fired is None else "with flash" if fired else "without flash",
            None if year is None else f"{year}.0",
        )  # fmt: skip

    return values


# Synthetic records


def choices(seed: int) -> dict[str, tuple[list, list]]:
    """Column set → (its rows in files, the same rows as answers print them)."""
    random = Random(seed)
    stops = [(1, int(30 * 2 ** (third / 3))) for third in range(25)]
    stops += [(10, 10 * bottom) for _, bottom in stops] + [(1, 4), (1, 2), (13, 10), (30, 1)]
    phones = [(random.randint(10**6, 4 * 10**7), 10**9) for _ in range(600)]
    f_numbers = [(tenths, 10) for tenths in (18, 20, 22, 24, 28, 35, 40, 56, 63, 71, 80, 110)]
    f_numbers += [(random.randint(10**8, 10**9), 10**8) for _ in range(100)] + [(95, 100), (14, 5)]
    lengths = [(length, 1) for length in range(10, 400)]
    lengths += [(random.randint(300, 9000), 1000) for _ in range(400)] + [(173, 32), (227, 32)]
    ratios = {"exposure": stops * 8 + phones, "aperture": f_numbers, "focal_length": lengths}
    found = {
        name: (some, [PRINTS[name](top / bottom) for top, bottom in some])
        for name, some in ratios.items()
    }
    speeds = [50, 64, 80, 100, 125, 160, 200, 400, 800, 1600, 3200, 0, *range(20, 900, 7)]
    return found | {"iso": (speeds, [str(speed) for speed in speeds])}


def cameras(random: Random) -> list[tuple[str | None, str | None, str | None]]:
    """(make, model, Flickr's name), a few of which nobody knows."""
    makes = ("Canon", "NIKON CORPORATION", "SONY", "Apple", "samsung", "FUJIFILM", "Unheard Of")
    models = [(make, f"{make.split()[0]} {random.randint(1, 10**4)}") for make in makes * 60]
    known = [("Apple", f"iPhone {number}") for number in range(5, 16)]
    known += [("NIKON CORPORATION", f"NIKON D{number}0") for number in range(4, 90)]
    return [(make, model, f"{make.title()} {model}") for make, model in models + known] + [
        (None, None, None),
        ("Canon", None, None),
    ]


def write_rows(target: Path, rows: int, *, seed: int = 0) -> None:
    """``rows`` records with a photo_id and ``camera_name``, Flickr's name whoever tells it."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    from flickrexif.exif.flash import FLASH_WORDS
    from flickrexif.exif.normalize import RECORD_SCHEMA

    dice, sets, devices = np.random.default_rng(seed), choices(seed), cameras(Random(seed))
    codes = [*FLASH_WORDS] + [16, 16, 24, 0] * 12 + [2, 3]
    words = [FLASH_WORDS.get(code, f"Unknown (0x{code:x})") for code in codes]
    schema = pl.Schema({"photo_id": pl.Int64, "camera_name": pl.String, **RECORD_SCHEMA})
    writer = None
    for start in range(0, rows, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, rows - start)

        def drawn(some: list, count: int = count) -> pl.Series:
            return pl.Series(dice.integers(len(some), size=count))

        def taken(some: list, at: pl.Series) -> pl.Series:
            return pl.Series(some).gather(at)

        columns = {"photo_id": range(start, start + count)}
        device, flash = drawn(devices), drawn(codes)
        names = ("make", "model", "camera_name")
        for name, column in zip(names, zip(*devices, strict=True), strict=True):
            columns[name] = taken(list(column), device)
        for name, (values, texts) in sets.items():
            at = drawn(values)
            columns[f"{name}_text"] = taken(texts, at)
            if name == "iso":
                columns[name] = taken(values, at)
            else:
                columns[f"{name}_num"] = taken([top for top, _ in values], at)
                columns[f"{name}_den"] = taken([bottom for _, bottom in values], at)
        columns |= {"flash": taken(codes, flash), "flash_text": taken(words, flash)}
        columns["focal_length_35mm"] = taken([0, None, *range(20, 200)], drawn([0] * 182))
        seconds = pl.Series(dice.integers(9 * 10**8, 1_700_000_000, size=count) * 1000)
        clock = seconds.cast(pl.Datetime("ms")).dt.strftime("%Y:%m:%d %H:%M:%S")
        from_file = pl.Series(dice.random(count) < 0.5)
        texts = [name for name in RECORD_SCHEMA if name.endswith("_text")]
        numbers = [name for name, kind in RECORD_SCHEMA.items() if kind == pl.Int64]
        numbers.remove("focal_length_35mm")
        frame = pl.DataFrame(columns).with_columns(
            pl.when(~from_file).then(pl.col("camera_name")).alias("camera"),
            *(pl.when(~from_file).then(pl.col(name)).alias(name) for name in texts),
            *(pl.when(from_file).then(pl.col(name)).alias(name) for name in numbers),
            date_time_original=pl.when(pl.Series(dice.random(count) < 0.97)).then(clock),
            source=pl.when(from_file).then(pl.lit("file")).otherwise(pl.lit("api")),
        )
        batch = frame.select(schema.names()).cast(dict(schema)).to_arrow()
        writer = writer or pq.ParquetWriter(target, batch.schema, compression="zstd")
        writer.write_table(batch)
    if writer:
        writer.close()


# Both ways


def labelled(raw):
    """The lazy frame of photo_id, exact values and classes."""
    from flickrexif.exif.cameras import identify_columns
    from flickrexif.exif.normalize import normalize
    from flickrexif.labels.attributes import ATTRIBUTES

    labels = [one.label("auto").alias(f"label_{one.name}") for one in ATTRIBUTES]
    return identify_columns(normalize(raw)).select("photo_id", *EXACT, *labels)


def read_camera_tables() -> None:
    from flickrexif.exif.cameras import identify
    from flickrexif.labels import attributes  # noqa: F401 - an import, before the clock

    identify("Canon", "Canon EOS 40D")


class Clock:
    """CPU and wall seconds of this process since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def told(self) -> dict:
        cpu, wall = time.process_time() - self.cpu, time.perf_counter() - self.wall
        return {"cpu": cpu, "wall": wall, "peak_mb": peak_mb()}


def label_stream(source: Path, target: Path) -> dict:
    """From parquet to parquet, as a stream."""
    import polars as pl

    read_camera_tables()
    clock = Clock()
    labelled(pl.scan_parquet(source)).sink_parquet(target)
    return clock.told()


def label_held(source: Path, target: Path, rows: int) -> dict:
    """From memory to memory; kept as parquet when the clock has stopped."""
    import polars as pl

    raw = pl.read_parquet(source, n_rows=rows)
    read_camera_tables()
    clock = Clock()
    table = labelled(raw.lazy()).collect(engine="streaming")
    told = clock.told()
    table.write_parquet(target)
    return told


def label_rows(source: Path, target: Path) -> dict:
    """The sample by pandas, row by row; kept as parquet when the clock has stopped."""
    import pandas as pd
    import polars as pl

    raw = pl.read_parquet(source)
    sample = pd.DataFrame({name: raw[name].to_list() for name in raw.columns}, dtype=object)
    rules = row_rules()
    read_camera_tables()
    clock = Clock()
    found = sample.apply(rules, axis=1)
    told = clock.told()
    names = [*EXACT, *(f"label_{name}" for name in ATTRIBUTE_NAMES)]
    table = pl.DataFrame(found.tolist(), schema=names, orient="row", infer_schema_length=None)
    table.with_columns(raw["photo_id"]).write_parquet(target)
    return told


ATTRIBUTE_NAMES = ("make", "model", "smartphone_model", "is_smartphone", "exposure", "aperture",
                   "iso", "focal_length", "flash", "year")  # fmt: skip


def insist_equal(wanted: Path, found: Path) -> None:
    """Raises AssertionError unless both files say the same of the photos that both have."""
    import polars as pl

    rows = pl.read_parquet(wanted).sort("photo_id")
    theirs = rows.join(
        pl.scan_parquet(found).select("photo_id").collect(), on="photo_id", how="semi"
    )
    ours = pl.scan_parquet(found).filter(pl.col("photo_id").is_in(theirs["photo_id"].implode()))
    assert len(theirs), "no photo in common"
    for name, column in ours.collect().sort("photo_id").to_dict().items():
        want = theirs.sort("photo_id")[name].cast(column.dtype)
        differ = column.ne_missing(want)
        assert not differ.any(), (name, column.filter(differ)[:3], want.filter(differ)[:3])


def measure_rows(words) -> None:
    rows, rounds = getattr(words, "rows", 5_000_000), getattr(words, "rounds", 3)
    sample, held = (min(getattr(words, name, some), rows) for name, some in SIZES.items())
    with tempfile.TemporaryDirectory() as place:
        raw, small, stream, memory, theirs = (Path(place, name) for name in FILES)
        write_rows_elsewhere(raw, small, rows=rows, sample=sample)
        told = []
        for _ in range(rounds):
            told.append(
                {
                    "pandas": spawned("rows", small, theirs),
                    "memory": spawned("held", raw, memory, held),
                    "parquet": spawned("stream", raw, stream),
                }
            )
        insist_equal(theirs, stream)
        insist_equal(memory, stream)
    print(f"labels as a pandas apply gives them, equal on {sample} rows")
    for way, count in (("memory", held), ("parquet", rows)):
        peak = max(one[way]["peak_mb"] for one in told)
        print(f"  {way} to {way}, {count} rows, peak memory {peak:.0f} MB")
        for clock in ("cpu", "wall"):
            print_ratio(
                clock, [(one[way][clock] / count, one["pandas"][clock] / sample) for one in told]
            )


FILES = ("raw", "small", "stream", "memory", "rows")
SIZES = {"sample": SAMPLE, "held": HELD}


def print_ratio(clock: str, per_row: list[tuple[float, float]]) -> None:
    """One line of seconds a row, (ours, the peer's) in every round."""
    ratios = [peer / own for own, peer in per_row]
    print(
        f"    {clock:4} {1 / statistics.median(own for own, _ in per_row):9.0f} rows a second, "
        f"pandas {1 / statistics.median(peer for _, peer in per_row):6.0f}: "
        f"{statistics.median(ratios):6.1f} times ({min(ratios):.1f} to {max(ratios):.1f})",
        flush=True,
    )


def write_rows_elsewhere(raw: Path, small: Path, *, rows: int, sample: int) -> None:
    command = [sys.executable, __file__, "--write", str(raw), str(small), str(rows), str(sample)]
    subprocess.run(command, check=True)


def spawned(way: str, *rest: object) -> dict:
    command = [sys.executable, __file__, f"--{way}", *map(str, rest)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def peak_mb() -> float:
    """VmHWM of /proc where there is one, else ru_maxrss."""
    import resource

    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    way, *rest = sys.argv[1:] or [""]
    if way == "--write":
        import polars as pl

        write_rows(Path(rest[0]), int(rest[2]))
        every = max(int(rest[2]) // int(rest[3]), 1)
        spread = pl.scan_parquet(rest[0]).gather_every(every).head(int(rest[3]))
        spread.sink_parquet(rest[1])
    elif way == "--held" and len(rest) == 3:
        print(json.dumps(label_held(Path(rest[0]), Path(rest[1]), int(rest[2]))))
    elif way in ("--stream", "--rows") and len(rest) == 2:
        label = label_stream if way == "--stream" else label_rows
        print(json.dumps(label(Path(rest[0]), Path(rest[1]))))
    else:
        parser = argparse.ArgumentParser(
            description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--rows", type=int, default=5_000_000)
        parser.add_argument("--held", type=int, default=HELD)
        parser.add_argument("--sample", type=int, default=SAMPLE)
        parser.add_argument("--rounds", type=int, default=3)
        measure_rows(parser.parse_args())


if __name__ == "__main__":
    main()
