"""Identifiers that must not be mixed up."""

from __future__ import annotations

from typing import NewType

PhotoId = NewType("PhotoId", int)
"""A Flickr photo id: a positive 64-bit integer, sequential by upload."""

OwnerId = NewType("OwnerId", str)
"""A Flickr account id (NSID), such as ``12345678@N00``."""
