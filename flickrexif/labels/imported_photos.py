"""The photos of a published table, kept as a crawl keeps the photos that it accepts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.plan import IMPORTED, CrawlPlan
from flickrexif.corpus.rows import UNKNOWN_MOMENT, UNKNOWN_MONTH, CandidateRow, Outcome
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.connection import PAGE_BASE, REST_URL
from flickrexif.flickr.licenses import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from flickrexif.ids import OwnerId, PhotoId

PLAN = CrawlPlan(months=IMPORTED, licenses="all", size="none", exif_from="api", passes=1)
ROWS_AT_ONCE = 50_000
_IMAGE = re.compile(r"https?://[a-z0-9.-]*\.?(?:static\.flickr|staticflickr)\.com/\S+", re.ASCII)


def keep_photos(path: Path, rows: pl.DataFrame) -> Corpus:
    """Make a corpus at ``path`` with the photos of ``rows`` (a `PublishedTable`'s) as accepted.

    Of none is there an image. What the published table does not tell stays unknown: licence, dates,
    flash. Its one address is the file's or the page's; the page's follows from owner and id.
    """
    corpus = Corpus.create(path, PLAN, endpoint=REST_URL)
    with corpus.state() as state:
        for part in rows.with_row_index("rank").iter_slices(ROWS_AT_ONCE):
            some = part.rows(named=True)
            with state.transaction():
                state.add_candidates(map(_candidate, some))
                for row in some:
                    state.add_outcome(_outcome(row))
                state.close_photos((row["photo_id"] for row in some), None)
    return corpus


def _candidate(row: dict[str, Any]) -> CandidateRow:
    photo_id: PhotoId = row["photo_id"]
    owner_id: OwnerId = row["owner_id"]
    url = row["url"] or ""
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
        image_url=url if _IMAGE.fullmatch(url) else None,
    )


def _outcome(row: dict[str, Any]) -> Outcome:
    record = RawRecord(
        source="api",
        make=row["make"],
        model=row["model"],
        exposure_text=row["exposure"],
        aperture_text=row["aperture"],
        iso_text=row["iso_speed"],
        focal_length_text=row["focal_length"],
    )
    return Outcome(row["photo_id"], row["owner_id"], "accepted", exif=record)
