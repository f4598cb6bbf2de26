"""The arguments of flickr.photos.search, read once or refused in Flickr's words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flickrexif.sandbox.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_GEO = ("bbox", "lat", "lon", "radius", "woe_id", "place_id", "accuracy", "geo_context")
_NARROWING = (
    "user_id", "tags", "text", "min_upload_date", "max_upload_date", "min_taken_date",
    "max_taken_date", "machine_tags", "group_id", "contacts", "is_commons", "in_gallery",
    "is_getty", "has_geo", *_GEO,
)  # fmt: skip
_SORTS = frozenset(
    {
        "date-posted-desc",
        "date-posted-asc",
        "date-taken-desc",
        "date-taken-asc",
        "interestingness-desc",
        "interestingness-asc",
        "relevance",
    }
)


@dataclass(frozen=True, slots=True)
class Query:
    """The arguments of one search, read. ``None`` means not asked; date ends are inclusive."""

    taken_from: datetime | None
    taken_to: datetime | None
    uploaded_from: int | None
    uploaded_to: int | None
    licenses: tuple[int, ...]
    owner: str | None
    tags: frozenset[str]
    every_tag: bool
    text: str
    sort: str
    page: int
    per_page: int
    extras: frozenset[str]
    matches_nothing: bool

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> Query:
        """Read the arguments of a request, or refuse them as Flickr does."""
        if not any(arguments.get(name) for name in _NARROWING):
            raise Refusal(3, "Parameterless searches have been disabled.")
        geo = any(arguments.get(name) for name in _GEO)
        uploaded_from = _moment(arguments.get("min_upload_date"))
        uploaded_to = _moment(arguments.get("max_upload_date"))
        query = cls(
            taken_from=_moment(arguments.get("min_taken_date")),
            taken_to=_moment(arguments.get("max_taken_date")),
            uploaded_from=None if uploaded_from is None else _unix(uploaded_from),
            uploaded_to=None if uploaded_to is None else _unix(uploaded_to),
            licenses=_numbers(arguments.get("license", "")),
            owner=arguments.get("user_id") or None,
            tags=frozenset(filter(None, arguments.get("tags", "").lower().split(","))),
            every_tag=arguments.get("tag_mode") == "all",
            text=arguments.get("text", "").lower(),
            sort=_known_sort(arguments.get("sort", "")),
            page=max(1, _number(arguments.get("page"), 1)),
            per_page=_per_page(arguments.get("per_page"), 250 if geo else 500),
            extras=frozenset(re.split(r"[,\s]+", arguments.get("extras", ""))),
            matches_nothing=geo or _finds_no_photo(arguments),
        )
        if _reversed(query.taken_from, query.taken_to) or _reversed(
            query.uploaded_from, query.uploaded_to
        ):
            raise _illogical()
        return query

    @property
    def window_days(self) -> float:
        """The width of the narrowest date window asked, in days; infinite without one."""
        widths = [math.inf]
        if self.taken_from and self.taken_to:
            widths.append((self.taken_to - self.taken_from).total_seconds() / 86_400)
        if self.uploaded_from is not None and self.uploaded_to is not None:
            widths.append((self.uploaded_to - self.uploaded_from) / 86_400)
        return min(widths)


def _finds_no_photo(arguments: Mapping[str, str]) -> bool:
    kinds = [kind.strip() for kind in arguments.get("content_types", "").split(",") if kind.strip()]
    if any(kind not in {"0", "1", "2", "3"} for kind in kinds):
        raise _illogical()
    return (
        bool(kinds and "0" not in kinds)
        or arguments.get("media") == "videos"
        or bool(arguments.get("license") and not _numbers(arguments["license"]))
        or arguments.get("has_geo") == "1"
        or any(arguments.get(name) for name in ("machine_tags", "group_id", "contacts"))
        or any(arguments.get(name) == "1" for name in ("is_commons", "in_gallery", "is_getty"))
    )


def _moment(told: str | None) -> datetime | None:
    if not told:
        return None
    try:
        if re.fullmatch(r"-?\d+", told):
            return datetime.fromtimestamp(int(told), UTC).replace(tzinfo=None)
        return datetime.fromisoformat(told).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        raise _illogical() from None


def _unix(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())


def _numbers(told: str) -> tuple[int, ...]:
    return tuple(int(word) for word in told.split(",") if re.fullmatch(r"\s*\d+\s*", word))


def _number(told: str | None, otherwise: int) -> int:
    return int(told) if told and re.fullmatch(r"\d{1,9}", told) else otherwise


def _per_page(told: str | None, most: int) -> int:
    return min(_number(told, 100) or 100, most)


def _known_sort(told: str) -> str:
    return told if told in _SORTS else "date-posted-desc"


def _reversed(start: datetime | int | None, end: datetime | int | None) -> bool:
    return start is not None and end is not None and start > end  # type: ignore[operator]


def _illogical() -> Refusal:
    return Refusal(18, "Illogical arguments")
