"""A labelled corpus, as a build reads it: finished files, and which photos still stand today."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.corpus.layout import Corpus
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class AttributeWords:
    """What the labels say of one attribute: its classes in order, and how to speak of it."""

    name: str
    classes: tuple[str, ...]
    ordinal: bool
    description: str


@dataclass(frozen=True, slots=True)
class Source:
    """The corpus directory ``path`` with what ``label`` wrote into it."""

    path: Path
    asked: Mapping[str, Any]
    """The words of corpus.toml, tables flattened: months, licenses, size, seed, endpoint."""
    attributes: Mapping[str, AttributeWords]

    @classmethod
    def open(cls, path: Path) -> Source:
        """Read what is small; raises `UsageError` when ``path`` is no labelled corpus."""
        try:
            asked = tomllib.loads((path / "corpus.toml").read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageError(
                f"{str(path)!r} is no corpus (no corpus.toml); make one with `flickrexif crawl`"
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{str(path / 'corpus.toml')!r} is damaged: {error}") from error
        for name in ("photos.parquet", "labels.parquet", "labels.json"):
            if not (path / name).is_file():
                raise UsageError(
                    f"corpus {str(path)!r} has no {name}; run `flickrexif label` on it first"
                )
        labels = json.loads((path / "labels.json").read_text(encoding="utf-8"))
        return cls(path, _flat(asked), _attributes(labels))

    @property
    def endpoint(self) -> str:
        """Where the photos came from: an address, or ``sandbox:...``."""
        return str(self.asked.get("endpoint", "unknown"))

    @property
    def is_synthetic(self) -> bool:
        """True when the corpus was crawled from the embedded Flickr with simulated cameras."""
        return self.endpoint.startswith("sandbox")

    @property
    def seed(self) -> int:
        """The seed of the crawl."""
        return int(self.asked.get("seed", 0))

    def photos(self) -> pl.DataFrame:
        """The photos table, sorted by photo_id."""
        return pl.read_parquet(self.path / "photos.parquet").sort("photo_id")

    def standing(self) -> dict[int, int]:
        """The photos that the corpus holds at this moment, with their Flickr licence ids.

        Those that a recheck or a takedown removed are not among them, whatever ``label`` wrote.
        """
        with Corpus.open(self.path).state(reading=True) as state:
            removed = state.removed_ids()
            return {
                photo.photo_id: photo.license_id
                for photo in state.accepted_photos()
                if photo.photo_id not in removed
            }

    def labels(self, attribute: str) -> pl.DataFrame:
        """photo_id, label and split of the photos that ``attribute`` uses."""
        labels = pl.scan_parquet(self.path / "labels.parquet")
        return labels.filter(pl.col("attribute") == attribute).drop("attribute").collect()

    def image_shards(self) -> list[Path]:
        """The closed image shards, sorted by name."""
        return sorted((self.path / "images").glob("*.parquet"))

    def fingerprint(self) -> dict[str, str]:
        """sha256 of the files that decide a release, by name."""
        names = ("corpus.toml", "photos.parquet", "labels.parquet", "labels.json")
        return {name: sha256_of(self.path / name) for name in names}


def sha256_of(path: Path) -> str:
    """The sha256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flat(asked: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for word, value in asked.items():
        flat |= value if isinstance(value, dict) else {word: value}
    return flat


def _attributes(labels: Mapping[str, Any]) -> dict[str, AttributeWords]:
    return {
        name: AttributeWords(
            name,
            tuple(words["classes"]),
            bool(words.get("ordinal", False)),
            str(words.get("description", "")),
        )
        for name, words in labels["attributes"].items()
    }
