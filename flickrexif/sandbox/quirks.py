"""Flickr's documented and reported oddities, each of which can be turned off."""

from __future__ import annotations

from dataclasses import dataclass

from flickrexif.sandbox.dice import roll


@dataclass(frozen=True, slots=True)
class Quirks:
    """Which oddities the sandbox shows; the defaults are what crawlers report of Flickr.

    - ``repeats_past_cap``: pages past the result cap repeat the last one; off, they are error 20.
    - ``clamps_page``: a page past the end, or past ``page_ceiling``, is answered by the last page
      there is, and the answer's ``page`` says so; off, it is an empty list.
    - ``short_pages``: deleted and private photos take a place in a page but are not shown.
    - ``stale_rows``: share of the deleted photos that the search index still lists.
    - ``unstable_total``: ``total`` is off by 5-10 % either way, differently at each request.
    - ``understated_total``: ``total`` of a window wider than a week shows only a part.
    - ``mixed_types``: numbers in JSON are sent as numbers or strings, also inside one list.
    - ``blurred_uploads``: a search by upload date returns 10 to 15 minutes more than asked.
    - ``missing_list``: share of the searches whose first answer is ok but holds no ``photo``.
    - ``licence_list_blind``: a comma list of licences together with a user finds nothing.
    - ``ignores_range``: share of the originals that are sent whole when a part is asked.
    - ``withheld_originals``: share of the owners whose all-rights-reserved originals are withheld.
    - ``forgotten_rows``: share of the photos that a search does not show under one sort order;
      under another it forgets others. They take a place in a page, as deleted ones do.
    """

    repeats_past_cap: bool = True
    clamps_page: bool = True
    page_ceiling: int = 10_000
    short_pages: bool = True
    stale_rows: float = 0.25
    unstable_total: bool = True
    understated_total: bool = True
    mixed_types: bool = True
    blurred_uploads: bool = True
    missing_list: float = 0.02
    licence_list_blind: bool = True
    ignores_range: float = 0.15
    withheld_originals: float = 0.47
    forgotten_rows: float = 0.0

    @classmethod
    def none(cls) -> Quirks:
        """Return a Flickr as one would wish it."""
        return cls(
            repeats_past_cap=False,
            clamps_page=False,
            short_pages=False,
            stale_rows=0.0,
            unstable_total=False,
            understated_total=False,
            mixed_types=False,
            blurred_uploads=False,
            missing_list=0.0,
            licence_list_blind=False,
            ignores_range=0.0,
            withheld_originals=0.0,
        )

    def told_total(self, found: int, window_days: float, *words: object) -> int:
        """Return the ``total`` that is told of ``found`` photos; ``words`` seed the chance."""
        told = float(found)
        if self.understated_total and window_days > 7:
            told /= 1 + window_days / 30
        if self.unstable_total:
            chance = roll("total", *words)
            told *= 1 + (0.05 + 0.05 * roll("size", *words)) * (1 if chance < 0.5 else -1)
        return max(1, round(told)) if found else 0

    def blur(self, uploaded_from: int, uploaded_to: int, *words: object) -> tuple[int, int]:
        """Widen an upload window (seconds, both ends inclusive) by 600 to 900 s in all."""
        if not self.blurred_uploads:
            return uploaded_from, uploaded_to
        extra = 600 + round(300 * roll("blur", *words, uploaded_from, uploaded_to))
        before = round(extra * roll("blur before", *words, uploaded_from, uploaded_to))
        return uploaded_from - before, uploaded_to + extra - before

    def drops_list(self, attempt: int, *words: object) -> bool:
        """Tell whether this answer lacks its ``photo`` list; only the first one ever does."""
        return attempt == 0 and roll("missing list", *words) < self.missing_list

    def is_stale(self, photo_id: int, seed: int) -> bool:
        """Tell whether the search still lists this deleted photo."""
        return roll("stale", seed, photo_id) < self.stale_rows

    def forgets(self, photo_id: int, sort: str, seed: int) -> bool:
        """Tell whether a search in this sort order never shows this photo."""
        return roll("forgotten", seed, sort, photo_id) < self.forgotten_rows

    def ignores_range_of(self, photo_id: int, seed: int) -> bool:
        """Tell whether the original of this photo is always sent whole."""
        return roll("range", seed, photo_id) < self.ignores_range

    def withholds_original(self, owner: str, license_id: int, seed: int) -> bool:
        """Tell whether the address of this original is kept from strangers."""
        return license_id == 0 and roll("withheld", seed, owner) < self.withheld_originals
