"""Addresses of photos: their files and their pages."""

from __future__ import annotations

import hashlib
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
        secret = secret_of(photo, size)
        return f"{self.image_base}/{photo.server}/{photo.id}_{secret}{size.suffix}.jpg"

    def original(self, photo: SandboxPhoto) -> str:
        """Return the address of the original."""
        name = f"{photo.id}_{photo.original_secret}_o.{photo.original_format}"
        return f"{self.image_base}/{photo.server}/{name}"

    def page(self, photo: SandboxPhoto) -> str:
        """Return the address of the photo's page; it ends in a slash."""
        owner = photo.owner.path_alias or photo.owner.nsid
        return f"{self.page_base}/photos/{owner}/{photo.id}/"


def secret_of(photo: SandboxPhoto, size: Size) -> str:
    """Return the secret in the address of a resized file: one for all up to 1024 px."""
    if size.is_public:
        return photo.secret
    seed = f"{photo.original_secret}{size.suffix}".encode()
    return hashlib.blake2b(seed, digest_size=5).hexdigest()
