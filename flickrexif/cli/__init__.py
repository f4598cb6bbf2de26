"""The command line: parses, makes one call, prints its result. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif import console
from flickrexif.cli import (
    crawling,
    hydrating,
    login,
    machine,
    measuring,
    probing,
    publishing,
    reading,
    releasing,
    splitting,
    treating,
    upkeep,
    versions,
)
from flickrexif.cli.root import NOTICE, cli

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "NOTICE",
    "cli",
    "crawling",
    "hydrating",
    "login",
    "machine",
    "main",
    "measuring",
    "probing",
    "publishing",
    "reading",
    "releasing",
    "splitting",
    "treating",
    "upkeep",
    "versions",
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    console.run(cli, "flickrexif", arguments)
