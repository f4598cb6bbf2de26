"""The photos of a published table, kept as a crawl keeps the photos that it accepts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.plan import IMPORTED, CrawlPlan
from flickrexif.corpus.rows import UNKNOWN_MOMENT, UNKNOWN_MONTH, CandidateRow, Outcome
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.connection import PAGE_BASE, REST_URL
from flickrexif.flickr.licenses import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from flickrexif.ids import OwnerId, PhotoId

PLAN = CrawlPlan(months=IMPORTED, licenses="all", size="none", exif_from="api", passes=1)
ROWS_AT_ONCE = 50_000
_IMAGE = re.compile(r"https?://[a-z0-9.-]*\.?(?:static\.flickr|staticflickr)\.com/\S+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportedPhoto:
    """One photo that was told of; ``sha256`` (hex) where it was told what its image is."""

    candidate: CandidateRow
    exif: RawRecord
    sha256: str | None = None


def keep_photos(path: Path, rows: pl.DataFrame) -> Corpus:
    """Make a corpus at ``path`` with the photos of ``rows`` (a `PublishedTable`'s) as accepted.

    Of none is there an image. What the published table does not tell stays unknown: licence, dates,
    flash. Its one address is the file's or the page's; the page's follows from owner and id.
    """
    return keep_each(path, photos_of(rows, stored=is_image))


def keep_each(
    path: Path,
    photos: Iterable[ImportedPhoto],
    *,
    plan: CrawlPlan = PLAN,
    endpoint: str = REST_URL,
) -> Corpus:
    """Make a corpus at ``path`` with these photos as accepted, their images to be fetched later."""
    corpus, left = Corpus.create(path, plan, endpoint=endpoint), iter(photos)
    with corpus.state() as state:
        while some := list(islice(left, ROWS_AT_ONCE)):
            with state.transaction():
                state.add_candidates(photo.candidate for photo in some)
                for photo in some:
                    told = photo.candidate
                    outcome = Outcome(told.photo_id, told.owner_id, "accepted", exif=photo.exif)
                    state.add_outcome(outcome)
                    if photo.sha256 is not None:
                        state.tell_sha256(told.photo_id, photo.sha256)
                state.close_photos((photo.candidate.photo_id for photo in some), None)
    return corpus


def photos_of(
    rows: pl.DataFrame, *, stored: Callable[[str], str | None]
) -> Iterator[ImportedPhoto]:
    """The photos of a `PublishedTable`'s rows, in their order.

    ``stored`` is the address of an image as it is kept, or None for what is none. Where ``rows``
    have a column sha256 it is kept too.
    """
    for part in rows.with_row_index("rank").iter_slices(ROWS_AT_ONCE):
        for row in part.iter_rows(named=True):
            yield ImportedPhoto(_candidate(row, stored), _record(row), row.get("sha256"))


def is_image(url: str) -> str | None:
    """``url`` when it is of Flickr's image host, today's or one before; else None."""
    return url if _IMAGE.fullmatch(url) else None


def _candidate(row: dict[str, Any], stored: Callable[[str], str | None]) -> CandidateRow:
    photo_id: PhotoId = row["photo_id"]
    owner_id: OwnerId = row["owner_id"]
    return CandidateRow(
        photo_id=photo_id,
        rank=row["rank"],
        month=UNKNOWN_MONTH,
        owner_id=owner_id,
        owner_name=None,
        license_id=UNKNOWN.id,
        taken_at=None,
        uploaded_at=UNKNOWN_MOMENT,
        page_url=f"{PAGE_BASE}/photos/{owner_id}/{photo_id}",
        original_url=None,
        image_url=stored(row["url"] or ""),
    )


def _record(row: dict[str, Any]) -> RawRecord:
    return RawRecord(
        source="api",
        make=row["make"],
        model=row["model"],
        exposure_text=row["exposure"],
        aperture_text=row["aperture"],
        iso_text=row["iso_speed"],
        focal_length_text=row["focal_length"],
    )
