"""flickr.photos.search: what it finds, and how it pages through it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.sandbox.answers import Loose, Places, Refusal, Tree, search_row
from flickrexif.sandbox.query import Query
from flickrexif.sandbox.viewer import STRANGER, Viewer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.sandbox.answers.tree import Node
    from flickrexif.sandbox.catalogue import Catalogue, SandboxPhoto
    from flickrexif.sandbox.ledger import Asked
    from flickrexif.sandbox.quirks import Quirks


@dataclass(frozen=True, slots=True)
class Searcher:
    """Answers searches over a catalogue."""

    catalogue: Catalogue
    places: Places
    quirks: Quirks
    result_cap: int
    seed: int
    viewer: Viewer = STRANGER

    def answer(self, asked: Asked) -> Tree:
        """Return the answer of flickr.photos.search."""
        query = Query.read(asked.query)
        found = self._found(query)
        page, photos = self._page(query, found)
        words = (self.seed, asked.address, asked.attempt)
        days = min(query.window_days, 3650.0)
        total = self.quirks.told_total(len(found), days, *words)
        told: dict[str, Node] = {
            "page": page,
            "pages": Loose(math.ceil(total / query.per_page)),
            "perpage": Loose(query.per_page),
            "total": Loose(total),
        }
        if not self.quirks.drops_list(asked.attempt, self.seed, asked.address):
            shown = [photo for photo in photos if self._is_shown(photo, query)]
            told["photo"] = [self._row(photo, query) for photo in shown]
        return {"photos": told}

    def _found(self, query: Query) -> Sequence[SandboxPhoto]:
        if query.owner is not None and not self._has_owner(query.owner):
            raise Refusal(2, "Unknown user")
        blind = self.quirks.licence_list_blind and query.owner and len(query.licenses) > 1
        if query.matches_nothing or blind:
            return ()
        uploaded_from, uploaded_to = self._blurred(query)
        found: Sequence[SandboxPhoto] = self.catalogue.search(
            taken_from=query.taken_from,
            taken_to=query.taken_to,
            uploaded_from=uploaded_from,
            uploaded_to=uploaded_to,
            license=query.licenses or None,
            owner=query.owner,
            sort=query.sort,
        )
        if query.tags or query.text:
            found = [photo for photo in found if _speaks_of(photo, query)]
        if not self.quirks.short_pages:
            found = [photo for photo in found if self._is_listed(photo)]
        return found

    def _has_owner(self, nsid: str) -> bool:
        owner = self.catalogue.owner(nsid)
        return owner is not None and owner.nsid == nsid

    def _blurred(self, query: Query) -> tuple[int | None, int | None]:
        start, end = query.uploaded_from, query.uploaded_to
        if start is None and end is None:
            return None, None
        blurred = self.quirks.blur(start or 0, 2**40 if end is None else end, self.seed)
        return None if start is None else blurred[0], None if end is None else blurred[1]

    def _page(
        self, query: Query, found: Sequence[SandboxPhoto]
    ) -> tuple[int, Sequence[SandboxPhoto]]:
        size, reach = query.per_page, min(len(found), self.result_cap)
        last = max(1, math.ceil(reach / size))
        page = min(query.page, self.quirks.page_ceiling) if self.quirks.clamps_page else query.page
        shown = page
        if page > last and len(found) > reach:
            if not self.quirks.repeats_past_cap:
                raise Refusal(20, "Excessive photo offset in search")
            shown = last
        elif page > last and self.quirks.clamps_page:
            page = shown = last
        return page, found[(shown - 1) * size : min(shown * size, reach)]

    def _is_listed(self, photo: SandboxPhoto) -> bool:
        if photo.visible == "deleted":
            return self.quirks.is_stale(photo.id, self.seed)
        return self.viewer.finds(photo)

    def _is_shown(self, photo: SandboxPhoto, query: Query) -> bool:
        is_forgotten = self.quirks.forgets(photo.id, query.sort, self.seed)
        return not is_forgotten and self._is_listed(photo)

    def _row(self, photo: SandboxPhoto, query: Query) -> Tree:
        withheld = self.quirks.withholds_original(photo.owner.nsid, photo.license, self.seed)
        return search_row(photo, query.extras, self.places, withheld=withheld)


def _speaks_of(photo: SandboxPhoto, query: Query) -> bool:
    tags = {tag.lower() for tag in photo.tags}
    wanted = query.tags & tags
    if query.tags and (wanted != query.tags if query.every_tag else not wanted):
        return False
    said = " ".join((photo.title, photo.description, *photo.tags)).lower()
    return all(word in said for word in query.text.split())
