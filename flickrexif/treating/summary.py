"""What a treatment tells of its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.release.manifest import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

NAMED = 5
"""So many unreadable images are named to people; the file tells all."""


@dataclass(frozen=True, slots=True)
class TreatSummary:
    """What was made: rows by split, and what was left out, by reason and by name."""

    out: Path
    config: str
    description: str
    classes: tuple[str, ...]
    rows: Mapping[str, int]
    left_out: Mapping[str, int]
    unreadable: Mapping[str, str]
    files: int
    bytes: int

    @classmethod
    def of(cls, out: Path, manifest: Manifest, *, unreadable: Mapping[str, str]) -> TreatSummary:
        """The summary of the release ``out`` from its whole manifest."""
        (config,) = manifest["configs"]
        rows = {
            split: sum(manifest["files"][name]["rows"] for name in names)
            for split, names in files_of(config, manifest).items()
        }
        return cls(
            out=out,
            config=config,
            description=manifest["description"],
            classes=tuple(manifest["attributes"].get(config, {}).get("classes", ())),
            rows=rows,
            left_out=manifest["left_out"],
            unreadable=unreadable,
            files=len(manifest["files"]) + 1,
            bytes=sum(file["bytes"] for file in manifest["files"].values()),
        )

    def lines(self) -> list[str]:
        """The summary for people."""
        split = ", ".join(f"{count} {name}" for name, count in self.rows.items())
        size = f"{self.files} files, {self.bytes / 1e6:.1f} MB"
        told = [f"{self.out}: {self.config}, {split} images, {size}", f"  {self.description}"]
        if self.classes:
            told.append(f"  classes: {', '.join(self.classes)}")
        told += [f"  {count} images left out: {why}" for why, count in self.left_out.items()]
        told += [f"    {name}: {why}" for name, why in list(self.unreadable.items())[:NAMED]]
        if len(self.unreadable) > NAMED:
            told.append(f"    and {len(self.unreadable) - NAMED} more, see left_out.json")
        return told
