from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def small_image(seed: int, *, suffix: str = "png", size: tuple[int, int] = (48, 40)) -> bytes:
    """Smooth colours in the file format that ``suffix`` names."""
    coarse = np.random.default_rng(seed).integers(20, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG" if suffix in ("jpg", "jpeg") else suffix.upper())
    return buffer.getvalue()


@pytest.fixture(scope="session")
def image_bytes():
    return small_image


@pytest.fixture(scope="session")
def fill_folder():
    """Write image files below a folder; a name without bytes gets an image of its own."""

    def fill(folder: Path, names, **contents: bytes) -> Path:
        for seed, name in enumerate(names):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(small_image(seed, suffix=file.suffix[1:].lower()))
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        return folder

    return fill


@pytest.fixture(scope="session")
def labelled(fill_folder, tmp_path_factory) -> Path:
    """Two classes in three splits, two image formats: 24 images, for tests that only look."""
    counts = {"train": 6, "validation": 3, "test": 3}
    names = [
        f"{split}/{label}/{number:02}.{'jpg' if number % 2 else 'png'}"
        for split, count in counts.items()
        for label in ("cat", "dog")
        for number in range(count)
    ]
    return fill_folder(tmp_path_factory.mktemp("sets") / "labelled", names)


@pytest.fixture(scope="session")
def plain(fill_folder, tmp_path_factory) -> Path:
    """Twenty images without classes or splits, for tests that only look."""
    names = [f"{number:02}.jpg" for number in range(20)]
    return fill_folder(tmp_path_factory.mktemp("sets") / "plain", names)


@pytest.fixture(scope="session")
def write_table():
    """A parquet file with an image in each row, beside the columns given."""

    def write(file: Path, count: int, **columns) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        images = [{"bytes": small_image(seed), "path": None} for seed in range(count)]
        table = pa.table({"image": images, **columns})
        pq.write_table(table, file)
        return file

    return write


@pytest.fixture(scope="session")
def contents():
    """Everything in a folder: name → bytes."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }

    return read


@pytest.fixture(scope="session")
def rows_in():
    """All rows of a config of a release, in the order of its files."""

    def read(release: Path, split: str = "") -> list[dict]:
        files = sorted(release.glob(f"*/{split}*.parquet"))
        return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]

    return read
