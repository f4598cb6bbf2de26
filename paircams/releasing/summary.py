"""What a build of pairs tells of its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """A release that was written."""

    out: Path
    version: str
    pixels: str
    pairs: int
    left_out: Mapping[str, int]
    files: int
    bytes: int

    @classmethod
    def of(cls, out: Path, manifest: Manifest) -> BuildSummary:
        """The summary of the release ``out`` from its whole manifest."""
        return cls(
            out=out,
            version=manifest["version"],
            pixels=manifest["pixels"],
            pairs=manifest["photos"]["pairs"],
            left_out=manifest["left_out"],
            files=len(manifest["files"]) + 1,
            bytes=sum(file["bytes"] for file in manifest["files"].values()),
        )

    def lines(self) -> Iterator[str]:
        """The summary for people."""
        size = f"{self.files} files, {self.bytes / 1e6:.1f} MB"
        yield f"{self.out}: {self.pairs} pairs, {self.pixels}, version {self.version}, {size}"
        for reason, count in self.left_out.items():
            yield f"  {count} pairs left out: {reason}"
