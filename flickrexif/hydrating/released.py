"""The photos and labels of a release, made into a corpus again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif._version import __version__
from flickrexif.corpus.rows import UNKNOWN_MOMENT, UNKNOWN_MONTH, CandidateRow
from flickrexif.corpus.schema import PHOTOS
from flickrexif.errors import UsageError
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.connection import REST_URL
from flickrexif.labels.attributes import ATTRIBUTES, SPLITS
from flickrexif.labels.imported_photos import PLAN, ImportedPhoto, keep_each
from flickrexif.labels.kept import IMPORTED
from flickrexif.labels.photos import photos_table
from flickrexif.labels.store import write_labelled
from flickrexif.labels.summary import SCHEMA_VERSION
from flickrexif.release.manifest import files_of, read_manifest
from flickrexif.release.schema import PHOTOS_CONFIG
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flickrexif.ids import PhotoId

LARGEST_DENOMINATOR = 2**32 - 1
"""Of an Exif rational: the nearest fraction within it has the very double that it gave."""
ROWS_AT_ONCE = 50_000
_PUBLISHED_NAMES = {one.name: one.published_name for one in ATTRIBUTES}


@dataclass(frozen=True, slots=True, eq=False)
class ReleasedPhotos:
    """A release folder: its manifest, its photos by id, and its labels."""

    path: Path
    manifest: Mapping[str, Any]
    photos: pl.DataFrame

    @classmethod
    def read(cls, path: Path) -> ReleasedPhotos:
        """The photos of the release at ``path``, whose digests are checked.

        Raises `UsageError` for a release without photos or whose files are not those it tells of.
        """
        manifest = read_manifest(path)
        try:
            files = files_of(PHOTOS_CONFIG, manifest).get("train", [])
            for name in files:
                if sha256_of(path / name) != manifest["files"][name]["sha256"]:
                    raise UsageError(_damaged(path, f"{name} is another file"))
            photos = pl.concat([pl.read_parquet(path / name, glob=False) for name in files])
            photos = photos.select(PHOTOS.names).sort("photo_id")
        except (KeyError, TypeError, ValueError, OSError, pl.exceptions.PolarsError) as error:
            why = (str(error).splitlines() or [type(error).__name__])[0]
            raise UsageError(_damaged(path, why)) from error
        if photos.is_empty():
            raise UsageError(f"release {str(path)!r} has no photos: name another")
        return cls(path, manifest, photos)

    @property
    def words(self) -> bytes:
        """See `flickrexif.hydrating.sources.Photos`."""
        digests = [self.manifest["files"][name]["sha256"] for name in sorted(self._files())]
        return " ".join(digests).encode()

    def addresses(self) -> Iterable[tuple[PhotoId, str | None]]:
        """See `flickrexif.hydrating.sources.Photos`."""
        return self.photos.select("photo_id", "image_url").iter_rows()

    def make(self, path: Path) -> None:
        """Make a corpus of it at ``path``, labelled as the release is."""
        words, labels = self._words(), self._labels()
        plan = replace(PLAN, seed=int(self.manifest.get("seed", PLAN.seed)))
        endpoint = str(self.manifest.get("corpus", {}).get("endpoint", REST_URL))
        corpus = keep_each(path, self._each(), plan=plan, endpoint=endpoint)
        write_labelled(path, photos_table(corpus.accepted(), []), labels, words)

    def _files(self) -> list[str]:
        configs = (PHOTOS_CONFIG, *self.manifest["attributes"])
        return [
            name
            for config in configs
            for names in files_of(config, self.manifest).values()
            for name in names
        ]

    def _each(self) -> Iterator[ImportedPhoto]:
        moments = self.photos.with_columns(
            pl.col("taken_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
            pl.col("uploaded_at").dt.epoch("s"),
        )
        for part in moments.with_row_index("rank").iter_slices(ROWS_AT_ONCE):
            for row in part.iter_rows(named=True):
                yield ImportedPhoto(_candidate(row), record_of(row), row["sha256"])

    def _labels(self) -> pl.DataFrame:
        frames = [pl.DataFrame(schema=_LABELS)]
        for name, told in self.manifest["attributes"].items():
            classes = dict(enumerate(told["classes"]))
            for split, files in files_of(name, self.manifest).items():
                for file in files:
                    frames.append(self._labels_in(file, name, split, classes))
        return pl.concat(frames)

    def _labels_in(
        self, file: str, name: str, split: str, classes: Mapping[int, str]
    ) -> pl.DataFrame:
        try:
            rows = pl.read_parquet(self.path / file, columns=["photo_id", "label"], glob=False)
            named = pl.col("label").replace_strict(classes, return_dtype=pl.String)
            return rows.with_columns(named, attribute=pl.lit(name), split=pl.lit(split)).select(
                _LABELS.names()
            )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise UsageError(_damaged(self.path, f"{file} cannot be read")) from error

    def _words(self) -> dict[str, Any]:
        """What stands in labels.json, as an import of splits has it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "made_with": {"flickrexif": __version__},
            "preset": IMPORTED,
            "seed": int(self.manifest.get("seed", PLAN.seed)),
            "photos": self.photos.height,
            "duplicates": 0,
            "attributes": {
                name: _attribute_words(name, told)
                for name, told in self.manifest["attributes"].items()
            },
            "left_out": dict(self.manifest.get("attributes_left_out", {})),
        }


_LABELS = pl.Schema(
    {"attribute": pl.String, "photo_id": pl.Int64, "label": pl.String, "split": pl.String}
)


def _attribute_words(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    splits = told["splits"]
    return {
        "published_name": _PUBLISHED_NAMES.get(name, name),
        "classes": list(told["classes"]),
        "ordinal": told["ordinal"],
        "description": told["description"],
        "splits": {
            split: dict.fromkeys(told["classes"], splits[split]["per_class"]) for split in SPLITS
        },
    }


def _candidate(row: Mapping[str, Any]) -> CandidateRow:
    uploaded_at = row["uploaded_at"]
    return CandidateRow(
        photo_id=row["photo_id"],
        rank=row["rank"],
        month=row["month"] or UNKNOWN_MONTH,
        owner_id=row["owner_id"],
        owner_name=row["owner_name"],
        license_id=row["license_id"],
        taken_at=row["taken_at"],
        uploaded_at=UNKNOWN_MOMENT if uploaded_at is None else uploaded_at,
        page_url=row["page_url"],
        original_url=None,
        image_url=row["image_url"],
    )


def record_of(row: Mapping[str, Any]) -> RawRecord:
    """The record whose normal form is ``row``, of a photos table.

    Of the date a photos table tells the year alone, and so does the record's: its month and day
    mean nothing.
    """
    exposure = _rational(row["exposure_seconds"])
    aperture = _rational(row["f_number"])
    focal_length = _rational(row["focal_length_mm"])
    return RawRecord(
        source=row["exif_source"],
        make=row["make"],
        model=row["model"],
        camera=" ".join(filter(None, (row["make_canonical"], row["model_canonical"]))) or None,
        exposure_text=row["exposure"],
        exposure_num=exposure[0],
        exposure_den=exposure[1],
        aperture_text=row["aperture"],
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        iso_text=row["iso_speed"],
        iso=row["iso"],
        focal_length_text=row["focal_length"],
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        focal_length_35mm=row["focal_length_35mm"],
        flash_text=row["flash"],
        date_time_original=None if row["year"] is None else f"{row['year']:04}:01:01 00:00:00",
    )


def _rational(value: float | None) -> tuple[int | None, int | None]:
    if value is None:
        return None, None
    return Fraction(value).limit_denominator(LARGEST_DENOMINATOR).as_integer_ratio()


def _damaged(path: Path, why: str) -> str:
    return f"release {str(path)!r} is damaged ({why}): fetch or build it again"
