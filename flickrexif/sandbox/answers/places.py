"""Addresses of photos: their files and their pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flickrexif.sandbox.catalogue import SandboxPhoto
    from flickrexif.sandbox.sizes import Size


@dataclass(frozen=True, slots=True)
class Places:
    """Where the image host and the website live; neither ends in a slash."""

    image_base: str
    page_base: str = "https://www.flickr.test"

    def file(self, photo: SandboxPhoto, size: Size) -> str:
        """Return the address of a resized file."""
        return f"{self.image_base}/{photo.server}/{photo.id}_{photo.secret}{size.suffix}.jpg"

    def original(self, photo: SandboxPhoto) -> str:
        """Return the address of the original."""
        name = f"{photo.id}_{photo.original_secret}_o.{photo.original_format}"
        return f"{self.image_base}/{photo.server}/{name}"

    def page(self, photo: SandboxPhoto) -> str:
        """Return the address of the photo's page; it ends in a slash."""
        owner = photo.owner.path_alias or photo.owner.nsid
        return f"{self.page_base}/photos/{owner}/{photo.id}/"
