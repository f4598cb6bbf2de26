"""How fast EXIF becomes labels. Ratios against named peers in the same run, no promises.

read    files per CPU second of flickrexif.exif.read_exif on the first 64 KiB of JPEGs, against
        exifread (PyPI) on the same bytes, Pillow's getexif on whole files, and exiftool (Debian's
        libimage-exiftool-perl) as one batch process with -fast2, asked for seven tags. Beside each
        stands how many of its values are wrong or missing, judged by the truth.csv of --oracle
        (files with one row each; those whose truth is solid count); without it, by what was
        written into synthetic JPEGs. Every reader has a process of its own, with all files in
        memory, and its best pass counts; exiftool reads files and starts once. A text counts
        without the blanks and NULs around it, a number to six digits, a zero as no value, and of
        two values the first one, for everybody alike. exifread lives in an environment of its own,
        made on the first run in --peer. At least 3 times exifread with nothing wrong is the aim.
rows    rows per second of normalising and labelling, from memory to memory and from parquet to
        parquet, against the same rules in a pandas apply; see exif_rows.py.

Run: python benchmarks/exif.py [read] [rows] [--oracle FOLDER] [--rounds 3] [--rows 5000000]
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import math
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
import warnings
from pathlib import Path
from random import Random

PARTS = ("read", "rows")
PEER = "exifread==3.5.1"
HEAD_BYTES = 65_536
SYNTHETIC = 300
LEAST_S, LEAST_PASSES = 0.5, 3

TAGS = ("make", "model", "exposure", "f_number", "iso", "focal_length", "flash")
TRUTH = dict(
    zip(
        TAGS,
        ("make", "model", "exposure_time", "f_number", "iso", "focal_length", "flash"),
        strict=True,
    )
)
PILLOW = dict(zip(TAGS, (0x10F, 0x110, 0x829A, 0x829D, 0x8827, 0x920A, 0x9209), strict=True))
EXIFREAD = dict(
    zip(
        TAGS,
        (
            *("Image Make", "Image Model", "EXIF ExposureTime", "EXIF FNumber"),
            *("EXIF ISOSpeedRatings", "EXIF FocalLength", "EXIF Flash"),
        ),
        strict=True,
    )
)
EXIFTOOL = dict(
    zip(
        TAGS,
        (
            *("IFD0:Make", "IFD0:Model", "ExifIFD:ExposureTime", "ExifIFD:FNumber"),
            *("ExifIFD:ISO", "ExifIFD:FocalLength", "ExifIFD:Flash"),
        ),
        strict=True,
    )
)

# Readers: bytes of a file → its values by tag, as the library gives them


def ours():
    from flickrexif.exif import read_exif

    def ratio(top, bottom):
        return top / bottom if top else None

    def values(record):
        return {
            "make": record.make,
            "model": record.model,
            "exposure": ratio(record.exposure_num, record.exposure_den),
            "f_number": ratio(record.aperture_num, record.aperture_den),
            "iso": record.iso,
            "focal_length": ratio(record.focal_length_num, record.focal_length_den),
            "flash": record.flash,
        }

    return read_exif, values


def pillow():
    from PIL import Image

    def read(data):
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            return dict(exif), exif.get_ifd(0x8769)

    def values(read):
        main, settings = read
        found = {**settings, **{tag: main.get(tag) for tag in (0x10F, 0x110)}}
        return {name: found.get(tag) for name, tag in PILLOW.items()}

    return read, values


def exifread():
    import exifread as library

    def read(data):
        return library.process_file(io.BytesIO(data), details=False)

    def values(tags):
        return {name: getattr(tags.get(tag), "values", None) for name, tag in EXIFREAD.items()}

    return read, values


READERS = {"ours": ours, "pillow": pillow, "exifread": exifread}


def run_reader(name: str, folder: Path) -> None:
    """Print the CPU seconds of the best pass over the folder's files, and what was read."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    read, values = READERS[name]()
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    found, passes = {}, []
    while len(passes) < LEAST_PASSES or sum(passes) < LEAST_S:
        begun = time.process_time()
        for file, data in files.items():
            try:
                found[file] = read(data)
            except Exception:  # noqa: BLE001 - what a reader cannot read counts as missing
                found[file] = None
        passes.append(time.process_time() - begun)
    told = {file: values(one) if one is not None else {} for file, one in found.items()}
    print(json.dumps({"seconds": min(passes), "values": told}, default=plain))


def plain(value):
    """A library's own number or bytes as JSON has it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def run_exiftool(folder: Path) -> dict:
    """One batch over the files of a folder: CPU seconds, and the values."""
    wanted = [f"-{tag}" for tag in EXIFTOOL.values()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["exiftool", "-fast2", "-n", "-j", "-q", "-q", "-G1", *wanted, str(folder)],
        capture_output=True,
        check=False,  # it tells of every damaged file by its exit code
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = json.loads(done.stdout.decode("utf-8", "replace"))
    told = {
        Path(row["SourceFile"]).name: {name: row.get(tag) for name, tag in EXIFTOOL.items()}
        for row in rows
    }
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"seconds": seconds, "values": told}


# What is wrong or missing


def same(tag: str, want, got) -> bool:
    if tag in ("make", "model") or want is None or got is None:
        return want == got
    return math.isclose(want, got, rel_tol=1e-6)


def cleaned(tag: str, value):
    """One form for everybody: a text without padding, a positive number, else None."""
    if tag in ("make", "model"):
        return str(value or "").split("\0")[0].strip() or None
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        value = value.split()[0] if value.split() else None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and (number > 0 or tag == "flash") else None


def judged(truth: dict, values: dict) -> str:
    """How many values are wrong and how many missing."""
    wrong = missing = 0
    for file, want in truth.items():
        for tag in TAGS:
            right, got = cleaned(tag, want[tag]), cleaned(tag, values.get(file, {}).get(tag))
            if not same(tag, right, got):
                missing += got is None
                wrong += got is not None
    return f"{wrong:4} wrong {missing:4} missing"


# The files


def oracle_files(oracle: Path) -> tuple[dict[str, bytes], dict]:
    """The JPEGs of a folder with truth.csv and files/, and the truth of those that are sound."""
    with (oracle / "truth.csv").open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["type"] in ("JPEG", "MPO")]
    files = {row["name"]: (oracle / "files" / row["name"]).read_bytes() for row in rows}
    sound = (row for row in rows if row["gt_solid"] == "true")
    return files, {row["name"]: {tag: row[TRUTH[tag]] for tag in TAGS} for row in sound}


def synthetic_files() -> tuple[dict[str, bytes], dict]:
    """JPEGs with EXIF as cameras write it, and what was written."""
    import piexif
    from PIL import Image

    chance, files, truth = Random(0), {}, {}
    noise = Image.frombytes("RGB", (640, 480), chance.randbytes(640 * 480 * 3))
    for number in range(SYNTHETIC):
        written = {
            "make": chance.choice(("Canon", "NIKON CORPORATION", "SONY")),
            "model": f"Model {number}",
            "exposure": (1, chance.choice((30, 60, 125, 1000))),
            "f_number": (chance.choice((18, 28, 40, 56)), 10),
            "iso": chance.choice((100, 200, 400)),
            "focal_length": (chance.choice((50, 180, 550)), 10),
            "flash": chance.choice((0, 16, 25)),
        }
        settings = {tag: written[name] for name, tag in PILLOW.items() if tag > 0x110}
        settings[piexif.ExifIFD.MakerNote] = chance.randbytes(2000)
        main = {PILLOW[name]: written[name] for name in ("make", "model")}
        file = io.BytesIO()
        noise.save(file, "JPEG", exif=piexif.dump({"0th": main, "Exif": settings}))
        files[f"{number:04}.jpg"] = file.getvalue()
        truth[f"{number:04}.jpg"] = {
            name: value[0] / value[1] if isinstance(value, tuple) else value
            for name, value in written.items()
        }
    return files, truth


# The parts


def compare_readers(words) -> None:
    files, truth = oracle_files(words.oracle) if words.oracle else synthetic_files()
    with tempfile.TemporaryDirectory() as place:
        heads, wholes = Path(place, "heads"), Path(place, "wholes")
        for folder, size in ((heads, HEAD_BYTES), (wholes, None)):
            folder.mkdir()
            for name, data in files.items():
                (folder / name).write_bytes(data[:size])
        python = peer_python(words.peer)
        runs = {
            "exifread, heads": lambda: spawned(python, "exifread", heads),
            "this reader, heads": lambda: spawned(sys.executable, "ours", heads),
            "this reader, whole files": lambda: spawned(sys.executable, "ours", wholes),
            "Pillow getexif, whole files": lambda: spawned(sys.executable, "pillow", wholes),
            "exiftool -fast2, heads": lambda: run_exiftool(heads),
        }
        if shutil.which("exiftool") is None:
            del runs["exiftool -fast2, heads"]
            print("exiftool is left out: it is not installed (libimage-exiftool-perl)")
        told = [{name: run() for name, run in runs.items()} for _ in range(words.rounds)]
    print(f"files per CPU second, {len(files)} JPEGs; of {len(truth)} the truth is known")
    for name in runs:
        seconds = [one[name]["seconds"] for one in told]
        ratios = [one["exifread, heads"]["seconds"] / one[name]["seconds"] for one in told]
        print(
            f"  {name:28} {len(files) / statistics.median(seconds):8.0f} files per CPU second, "
            f"{statistics.median(ratios):6.2f} times exifread's "
            f"({min(ratios):.2f} to {max(ratios):.2f}), {judged(truth, told[0][name]['values'])}",
            flush=True,
        )


def spawned(python, reader: str, folder: Path) -> dict:
    done = subprocess.run(
        [python, __file__, "--reader", reader, str(folder)], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        sys.exit(f"the reader {reader!r} failed")
    return json.loads(done.stdout)


def peer_python(folder: Path) -> Path:
    """The Python of the environment that exifread has for itself, made if need be."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {PEER} into {folder}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", PEER], check=True)
    return python


def measure_rows(words) -> None:
    from exif_rows import measure_rows as measure

    measure(words)


def main() -> None:
    if sys.argv[1:2] == ["--reader"]:
        return run_reader(sys.argv[2], Path(sys.argv[3]))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--oracle", type=Path, help="folder of truth.csv and files/")
    parser.add_argument("--peer", type=Path, default=Path(tempfile.gettempdir(), "exifread"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=5_000_000)
    words = parser.parse_args()
    told = {"read": compare_readers, "rows": measure_rows}
    for part in words.parts or PARTS:
        if part not in told:
            parser.error(f"there is no part {part!r}: choose from {', '.join(PARTS)}")
        told[part](words)
    return None


if __name__ == "__main__":
    main()
