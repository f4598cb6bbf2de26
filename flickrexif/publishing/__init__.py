"""Publish releases as versions, list and roll back, withdraw, and load one knowing what came."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.publishing.folder_shelf import TREES, FolderShelf
from flickrexif.publishing.hub_shelf import HubShelf
from flickrexif.publishing.load import Fetched, fetch
from flickrexif.publishing.load import load as _load
from flickrexif.publishing.publish import PublishSummary, publish
from flickrexif.publishing.verify import verify_fetched
from flickrexif.publishing.versions import (
    Moved,
    PublishedVersion,
    releases,
    rollback,
    withdraw,
)
from flickrexif.release.verify import verify

if TYPE_CHECKING:
    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Shelf
    from flickrexif.publishing.verify import Verifier
    from flickrexif.release.finding import Finding

__all__ = [
    "Fetched",
    "FolderShelf",
    "HubShelf",
    "Moved",
    "PublishSummary",
    "PublishedVersion",
    "fetch",
    "is_published",
    "load",
    "publish",
    "releases",
    "rollback",
    "shelf_at",
    "verify_published",
    "withdraw",
]


def shelf_at(where: Path | str) -> Shelf:
    """The shelf in a folder, else of the repo ``org/name`` on a Hub.

    A folder is a `Path`, or a text that begins with ``.``, ``/`` or ``~``, or names one.
    """
    text = str(where)
    is_folder = isinstance(where, Path) or text.startswith((".", "/", "~")) or Path(text).is_dir()
    return FolderShelf(Path(text).expanduser()) if is_folder else HubShelf(text)


def load(
    where: Path | str, config: str | None = None, *, version: str | None = None, **words: Any
) -> Any:
    """The datasets of one config of a published version, by split, every file checked.

    ``where`` is a repo ``org/name`` on a Hub or a folder that was published to; ``version`` the
    newest one by default, ``config`` the default one. ``words`` go to ``datasets.load_dataset``.
    Unlike that one with ``revision=``, this never gives another version than was asked for, also
    offline. Raises `UsageError` for a version or config that is unknown or withdrawn, and
    `FlickrexifError` for files that are not as published.
    """
    return _load(shelf_at(where), config, version=version, **words)


def is_published(where: Path | str) -> bool:
    """True for what names versions, not a release: a folder published to, or no folder at all."""
    path = Path(where)
    is_repo = isinstance(where, str) and where.count("/") == 1 and where[0] not in "./~"
    return (path / TREES).is_dir() or (is_repo and not path.exists())


def verify_published(
    where: Path | str,
    version: str | None = None,
    *,
    verifier: Verifier = verify,
    progress: Progress | None = None,
) -> list[Finding]:
    """Every breach in a published version (in ``main`` when None), as ``verifier`` has them.

    That is `flickrexif.verify`, or the one of another kind of release. Besides these: ``tag``, of a
    tag that leads to another version. ``where`` is a repo ``org/name`` or a folder that was
    published to. Raises `UsageError` where there is no such version.
    """
    return verify_fetched(shelf_at(where), version, verifier=verifier, progress=progress)
