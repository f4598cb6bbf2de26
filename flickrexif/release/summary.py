"""What `build` tells of its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What a build made: ``attributes`` counts rows, ``left_out`` photos by reason."""

    out: Path
    version: str
    kind: str
    photos: int
    owners: int
    attributes: Mapping[str, int]
    attributes_left_out: Mapping[str, str]
    left_out: Mapping[str, int]
    unreadable: Mapping[int, str]
    """photo_id → why its image cannot be shown."""
    files: int
    bytes: int

    @classmethod
    def of(cls, out: Path, manifest: Manifest, unreadable: Mapping[int, str]) -> BuildSummary:
        """The summary of the release ``out`` from its whole manifest."""
        attributes = {
            name: sum(split["rows"] for split in words["splits"].values())
            for name, words in manifest["attributes"].items()
        }
        return cls(
            out=out,
            version=manifest["version"],
            kind=manifest["kind"],
            photos=manifest["photos"]["rows"],
            owners=manifest["photos"]["owners"],
            attributes=attributes,
            attributes_left_out=manifest["attributes_left_out"],
            left_out=manifest["left_out"],
            unreadable=unreadable,
            files=len(manifest["files"]) + 1,
            bytes=sum(file["bytes"] for file in manifest["files"].values()),
        )

    def lines(self) -> list[str]:
        """The summary for people."""
        head = f"{self.out}: {self.kind} release {self.version}"
        size = f"{self.files} files, {self.bytes / 1e6:.1f} MB"
        lines = [f"{head}, {self.photos} photos by {self.owners} owners, {size}"]
        lines += [f"  {name}: {rows} rows" for name, rows in self.attributes.items()]
        lines += [
            f"  {name} left out: {reason}" for name, reason in self.attributes_left_out.items()
        ]
        lines += [f"  {count} photos left out: {reason}" for reason, count in self.left_out.items()]
        return lines
