"""The words by which people name what is to be taken down: ids, accounts, addresses of pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PHOTO = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_OWNER = re.compile(r"\d+@N\d{2}", re.ASCII)
_PAGE = re.compile(r"https?://[^/?#\s]+/photos/([^/?#]+)(?:/(\d+))?(?:[/?#].*)?", re.ASCII)
_REMEDY = (
    "give a photo id such as 49512345678, the address of a photo's page, "
    "or an owner's NSID such as 12345678@N00"
)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a takedown names: a photo by its id or an owner by their NSID, as text."""

    kind: Literal["photo", "owner"]
    name: str


def parse_subject(word: str) -> Subject:
    """The photo or owner that ``word`` names.

    Raises `UsageError` for other words, also for the page of an owner who is told by an alias: only
    Flickr knows whose that is.
    """
    word = word.strip()
    if _PHOTO.fullmatch(word):
        return Subject("photo", word)
    if _OWNER.fullmatch(word):
        return Subject("owner", word)
    page = _PAGE.fullmatch(word)
    if page is None:
        raise UsageError(f"{word!r} names no photo and no owner: {_REMEDY}")
    account, photo_id = unquote(page[1]), page[2]
    if photo_id is not None and _PHOTO.fullmatch(photo_id):
        return Subject("photo", photo_id)
    if photo_id is None and _OWNER.fullmatch(account):
        return Subject("owner", account)
    raise UsageError(f"{word!r} does not tell which photo or whose photos: {_REMEDY}")


def parse_photo(word: str) -> Subject:
    """The photo that ``word`` names; raises `UsageError` for an owner and for other words."""
    subject = parse_subject(word)
    if subject.kind != "photo":
        raise UsageError(f"{word!r} names an owner, not a photo: name it as an owner")
    return subject


def parse_owner(word: str) -> Subject:
    """The owner that ``word`` names; raises `UsageError` for a photo and for other words."""
    subject = parse_subject(word)
    if subject.kind != "owner":
        raise UsageError(f"{word!r} names a photo, not an owner: name it as a photo")
    return subject


def all_subjects(
    photos: Iterable[int | str], owners: Iterable[str], listed_in: Path | str | None
) -> list[Subject]:
    """What photos, owners and the lines of a file name, each once.

    Raises `UsageError` for words that name neither, and when nothing is named.
    """
    named = [parse_photo(str(photo)) for photo in photos]
    named += [parse_owner(owner) for owner in owners]
    named += [] if listed_in is None else read_subjects(Path(listed_in))
    if not named:
        raise UsageError("nothing is named: give photos or owners to take down")
    return list(dict.fromkeys(named))


def read_subjects(path: Path) -> list[Subject]:
    """The photos and owners that a file lists, one a line; blank lines and ``#`` lines are passed.

    Raises `UsageError` with the number of the first line that names neither.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error}): give a list as text") from None
    subjects = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            subjects.append(parse_subject(line))
        except UsageError as error:
            raise UsageError(f"{str(path)!r}, line {number}: {error}") from None
    return subjects
