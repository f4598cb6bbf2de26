"""From a row of a search to a candidate of the corpus: what the list alone can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flickrexif.corpus.months import Month
from flickrexif.corpus.rows import CandidateRow
from flickrexif.crawling.sampling import sampled_rank
from flickrexif.crawling.select import rank_of
from flickrexif.flickr.search import Addresses
from flickrexif.flickr.sizes import SIZES

if TYPE_CHECKING:
    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.search import Candidate

VAGUE_GRANULARITY = 5
"""From here on (6 year, 8 circa) a taken date does not tell the month."""

_JPEG_FORMATS = ("jpg", "jpeg")


def addresses_of(plan: CrawlPlan) -> Addresses:
    """The files that a search for ``plan`` is to tell of; the original only when it is read."""
    has_original = plan.size == "original" or plan.exif_from != "api"
    return Addresses(SIZES[plan.size], has_original)


def is_stray(candidate: Candidate, *, month: Month, plan: CrawlPlan) -> bool:
    """True for a photo that the search should not have told: of another month or licence.

    A stray is no candidate here, and none is recorded: it may be one elsewhere.
    """
    if candidate.license_id not in plan.license_ids:
        return True
    return candidate.taken_at is not None and Month.of(candidate.taken_at) != month


def candidate_row(
    candidate: Candidate, *, month: Month, plan: CrawlPlan, connection: Connection
) -> CandidateRow:
    """The candidate as the state keeps it, with the reason when the list alone rules it out.

    ``candidate`` is no stray.
    """
    original, image = _stored_urls(candidate, plan, connection)
    account = candidate.path_alias or candidate.owner_id
    return CandidateRow(
        photo_id=candidate.photo_id,
        rank=_rank(candidate, month, plan),
        month=str(month),
        owner_id=candidate.owner_id,
        owner_name=candidate.owner_name,
        license_id=candidate.license_id if candidate.license_id is not None else -1,
        taken_at=None if candidate.taken_at is None else candidate.taken_at.isoformat(sep=" "),
        uploaded_at=candidate.uploaded_at,
        page_url=f"{connection.page_base}/photos/{quote(account, safe='@')}/{candidate.photo_id}/",
        original_url=original,
        image_url=image,
        reason=_refusal(candidate, plan, original, image),
    )


def _rank(candidate: Candidate, month: Month, plan: CrawlPlan) -> int:
    if plan.per_month is None:
        return rank_of(candidate.photo_id, seed=plan.seed)
    return sampled_rank(candidate.photo_id, candidate.taken_at, month=month, seed=plan.seed)


def _stored_urls(
    candidate: Candidate, plan: CrawlPlan, connection: Connection
) -> tuple[str | None, str | None]:
    def stored(url: str | None) -> str | None:
        return None if url is None else connection.stored_url(url)

    original = stored(candidate.original_url) if _is_jpeg(candidate) else None
    return original, original if plan.size == "original" else stored(candidate.image_url)


def _refusal(
    candidate: Candidate, plan: CrawlPlan, original: str | None, image: str | None
) -> str | None:
    if candidate.media != "photo":
        return "not_a_photo"
    if candidate.taken_at is None or not candidate.is_taken_known:
        return "taken_unknown"
    if candidate.taken_granularity >= VAGUE_GRANULARITY:
        return "taken_vague"
    if not _is_jpeg(candidate):
        return "not_jpeg"
    if plan.size != "none" and image is None:
        return f"no_{plan.size.replace('-', '_')}"
    if plan.exif_from == "file" and original is None:
        return "no_original"
    return None


def _is_jpeg(candidate: Candidate) -> bool:
    told = candidate.original_format
    return told is None or told.lower() in _JPEG_FORMATS
