"""The REST endpoint: formats, keys, methods, and the two spellings of every answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.sandbox.answers import (
    Places,
    Refusal,
    Tree,
    exif_tree,
    info_tree,
    licenses_tree,
    sizes_tree,
    to_json,
    to_xml,
)
from flickrexif.sandbox.dice import roll, source
from flickrexif.sandbox.quirks import Quirks
from flickrexif.sandbox.response import Response
from flickrexif.sandbox.search import Searcher
from flickrexif.sandbox.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flickrexif.sandbox.catalogue import Catalogue, SandboxPhoto
    from flickrexif.sandbox.ledger import Asked


@dataclass(frozen=True, slots=True)
class Rest:
    """Answers API requests over a catalogue."""

    catalogue: Catalogue
    places: Places
    quirks: Quirks = field(default_factory=Quirks)
    result_cap: int = 4000
    seed: int = 0
    expired_keys: frozenset[str] = frozenset()

    def respond(self, asked: Asked, key: str) -> Response:
        """Answer a request made with this API key."""
        try:
            answer: Tree | Refusal = self._answer(asked, key)
        except Refusal as refusal:
            answer = refusal
        return self.spell(answer, asked)

    def spell(self, answer: Tree | Refusal, asked: Asked) -> Response:
        """Write an answer in the format that was asked for."""
        if asked.query.get("format", "rest") != "json":
            return Response(200, to_xml(answer).encode(), "text/xml; charset=utf-8")
        mixing = source("mix", self.seed, asked.address, asked.attempt)
        body = to_json(answer, mixing if self.quirks.mixed_types else None)
        if asked.query.get("nojsoncallback") != "1":
            body = f"{asked.query.get('jsoncallback', 'jsonFlickrApi')}({body})"
        return Response(200, body.encode(), "application/json")

    def _answer(self, asked: Asked, key: str) -> Tree:
        format_ = asked.query.get("format", "rest")
        if format_ not in {"rest", "json"}:
            raise Refusal(111, f'Format "{format_}" not found')
        name = asked.query.get("method", "")
        method = _METHODS.get(name)
        if method is None:
            raise Refusal(112, f'Method "{name}" not found')
        if not re.fullmatch(r"[0-9a-f]{32}", key, re.IGNORECASE):
            raise Refusal(100, "Invalid API Key (Key has invalid format)")
        if key in self.expired_keys:
            raise Refusal(100, "Invalid API Key (Key has expired)")
        return method(self, asked)

    def _search(self, asked: Asked) -> Tree:
        viewer = Viewer.of(asked.caller, asked.query)
        searcher = Searcher(
            self.catalogue, self.places, self.quirks, self.result_cap, self.seed, viewer
        )
        return searcher.answer(asked)

    def _exif(self, asked: Asked) -> Tree:
        photo = self._photo(asked, may_be_private=True)
        if photo.owner.hides_exif and not Viewer.of(asked.caller, asked.query).owns(photo):
            raise Refusal(2, "Permission denied")
        numbers = self.quirks.mixed_types and roll("raw", self.seed, photo.id) < 0.125
        return exif_tree(photo, self.catalogue.exif_tags(photo), numbers=numbers)

    def _info(self, asked: Asked) -> Tree:
        photo = self._photo(asked, may_be_private=True)
        return info_tree(photo, self.places, withheld=self._withholds(photo))

    def _sizes(self, asked: Asked) -> Tree:
        photo = self._photo(asked)
        return sizes_tree(photo, self.places, withheld=self._withholds(photo))

    def _withholds(self, photo: SandboxPhoto) -> bool:
        return self.quirks.withholds_original(photo.owner.nsid, photo.license, self.seed)

    def _photo(self, asked: Asked, *, may_be_private: bool = False) -> SandboxPhoto:
        told = asked.query.get("photo_id", "")
        photo = self.catalogue.photo(int(told)) if re.fullmatch(r"\d{1,18}", told) else None
        if photo is None and asked.query["method"] == "flickr.photos.getInfo":
            raise Refusal(1, f'Photo "{told}" not found (invalid ID)')
        if photo is None or not _may_see(photo, asked, may_be_private):
            raise Refusal(1, "Photo not found")
        return photo


def _may_see(photo: SandboxPhoto, asked: Asked, may_be_private: bool) -> bool:
    if photo.visible == "private":
        knows_it = may_be_private and asked.query.get("secret") == photo.secret
        return knows_it or Viewer.of(asked.caller, asked.query).owns(photo)
    return photo.visible == "public"


def _licenses(_: Rest, asked: Asked) -> Tree:
    return licenses_tree()


def _echo(_: Rest, asked: Asked) -> Tree:
    return {name: {"_content": told} for name, told in asked.query.items()}


def _login(_: Rest, asked: Asked) -> Tree:
    if asked.caller is None:
        raise Refusal(
            99, "Insufficient permissions. Method requires read privileges; none granted."
        )
    who = asked.caller.account
    name = {"_content": who.username}
    return {"user": {"id": who.nsid, "username": name, "path_alias": who.path_alias}}


def _check_token(_: Rest, asked: Asked) -> Tree:
    if asked.caller is None:
        raise Refusal(97, "Missing signature")
    who = asked.caller.account
    named = {"nsid": who.nsid, "username": who.username, "fullname": who.realname or ""}
    token, perms = {"_content": asked.caller.token}, {"_content": asked.caller.perms}
    return {"oauth": {"token": token, "perms": perms, "user": named}}


_METHODS: Mapping[str, Callable[[Rest, Asked], Tree]] = {
    "flickr.photos.search": Rest._search,
    "flickr.photos.getExif": Rest._exif,
    "flickr.photos.getInfo": Rest._info,
    "flickr.photos.getSizes": Rest._sizes,
    "flickr.photos.licenses.getInfo": _licenses,
    "flickr.auth.oauth.checkToken": _check_token,
    "flickr.test.echo": _echo,
    "flickr.test.login": _login,
}
