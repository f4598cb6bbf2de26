"""The command line: parses, makes one call, prints its result. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif import console
from flickrexif.cli import (
    comparing,
    crawling,
    degradations,
    embedding,
    golden,
    hydrating,
    login,
    machine,
    measuring,
    probing,
    protocols,
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
    "comparing",
    "crawling",
    "degradations",
    "embedding",
    "golden",
    "hydrating",
    "login",
    "machine",
    "main",
    "measuring",
    "probing",
    "protocols",
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
