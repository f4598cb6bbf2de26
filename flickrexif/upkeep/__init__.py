"""Keeping a corpus right after the crawl: what Flickr lost, and what its owners want out."""

from flickrexif.upkeep.recheck import recheck
from flickrexif.upkeep.summary import (
    RecheckSummary,
    TakedownSummary,
    UndoSummary,
    takedown_lines,
)
from flickrexif.upkeep.takedown import takedown, takedowns, undo_takedown

__all__ = [
    "RecheckSummary",
    "TakedownSummary",
    "UndoSummary",
    "recheck",
    "takedown",
    "takedown_lines",
    "takedowns",
    "undo_takedown",
]
