"""The ways from a corpus to a dataset on disk or on a Hub, each a process of its own.

Run as a program it is one of them: ``WAY CORPUS PLACE``. It prints as JSON what it came to. Every
way reads the corpus's shards by pyarrow; the peers read them in the shortest way there is.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

SHARD_PHOTOS = 1000
"""Photos of a webdataset tar."""
PEER = ("webdataset==1.0.2", f"pyarrow=={version('pyarrow')}")
CREDITS = ("owner_id", "owner_name", "license", "license_url", "page_url")
CLASSES = 8
ONE_THREAD = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "ARROW_IO_THREADS": "1"}


# Ways: each imports what it needs, then returns what is to be called and tells the rows it wrote


def build_one(corpus: Path, place: Path):
    return build_of(corpus, place, ("make",))


def build_five(corpus: Path, place: Path):
    return build_of(corpus, place, None)


def build_of(corpus: Path, place: Path, attributes):
    from flickrexif.release import BuildPlan, build

    plan = BuildPlan("1.0.0", "images", attributes)

    def way() -> int:
        summary = build(corpus, plan, out=place / "release")
        return sum(summary.attributes.values())

    return way


def build_and_publish(corpus: Path, place: Path):
    from flickrexif.publishing import HubShelf, publish

    made = build_one(corpus, place)
    import datasets  # noqa: F401 - as the peer's start is not counted

    def way() -> int:
        rows = made()
        publish(place / "release", HubShelf("lab/release"))
        return rows

    return way


def to_parquet(corpus: Path, place: Path):
    generated = from_generator(corpus, place)

    def way() -> int:
        dataset = generated()
        dataset.to_parquet(place / "train.parquet")
        return len(dataset)

    return way


def push_to_hub(corpus: Path, place: Path):
    generated = from_generator(corpus, place)

    def way() -> int:
        dataset = generated()
        dataset.push_to_hub("lab/pushed")
        return len(dataset)

    return way


def from_generator(corpus: Path, place: Path):
    from datasets import ClassLabel, Dataset, Features, Image, Value

    text = {name: Value("string") for name in CREDITS}
    label = ClassLabel(names=[f"make {code}" for code in range(CLASSES)])
    features = Features({"image": Image(), "label": label, "photo_id": Value("int64"), **text})
    return lambda: Dataset.from_generator(
        rows_of, features=features, gen_kwargs={"corpus": corpus}, cache_dir=str(place / "cache")
    )


def webdataset(corpus: Path, place: Path):
    from webdataset import ShardWriter

    def way() -> int:
        count = 0
        with ShardWriter(f"{place}/%05d.tar", maxcount=SHARD_PHOTOS, verbose=0) as sink:
            for row in rows_of(corpus):
                image = row.pop("image")["bytes"]
                sink.write({"__key__": str(row["photo_id"]), "jpg": image, "json": row})
                count += 1
        return count

    return way


def rows_of(corpus: Path):
    """Every photo of a corpus with its label and credits, as the peers take rows."""
    import pyarrow.parquet as pq

    told = pq.read_table(corpus / "photos.parquet", columns=["photo_id", *CREDITS]).to_pylist()
    credit = {row["photo_id"]: row for row in told}
    for shard in sorted((corpus / "images").glob("*.parquet")):
        with pq.ParquetFile(shard) as parquet:
            for batch in parquet.iter_batches(32, columns=["photo_id", "image"]):
                for photo_id, image in zip(*batch.to_pydict().values(), strict=True):
                    file = {"bytes": image, "path": f"{photo_id}.jpg"}
                    yield {"image": file, "label": photo_id % CLASSES, **credit[photo_id]}


WAYS = {
    "build, 1 attribute": build_one,
    "build, 5 attributes": build_five,
    "build and publish": build_and_publish,
    "from_generator.to_parquet": to_parquet,
    "from_generator.push_to_hub": push_to_hub,
    "webdataset.ShardWriter": webdataset,
}
OF_PEER = frozenset({"webdataset.ShardWriter"})
"""Ways that run in the peer's own environment."""


# Measuring


def do(way: str, corpus: Path, place: Path) -> None:
    """Go one way; print CPU seconds of the work and of the start before it, peak memory, rows."""
    call = WAYS[way](corpus, place)
    began = cpu_seconds()
    rows = call()
    spent = cpu_seconds() - began
    told = {"cpu_s": spent, "start_s": began, "peak_mb": peak_mb(), "rows": rows}
    print(json.dumps(told))


def cpu_seconds() -> float:
    """Of this process and the children it has waited for."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, whose))


def peak_mb() -> float:
    """The most memory this process ever held, in 10^6 bytes.

    Not by ru_maxrss where there is /proc: a process inherits it from the one that started it.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def run_way(way: str, corpus: Path, place: Path, *, peer: Path, **environment: str) -> dict:
    """What `do` prints of a way in a process of its own, on one thread."""
    python = peer_python(peer) if way in OF_PEER else Path(sys.executable)
    command = [python, __file__, way, str(corpus), str(place)]
    place.mkdir()
    environment = {**os.environ, **ONE_THREAD, "HF_HOME": str(place / "home"), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{way} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def peer_python(folder: Path) -> Path:
    """The Python of the environment that webdataset has for itself, made if need be."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {', '.join(PEER)} into {folder}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
    return python


if __name__ == "__main__":
    way, corpus, place = sys.argv[1:]
    do(way, Path(corpus), Path(place))
