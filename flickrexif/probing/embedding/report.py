"""What an embedding made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class EmbeddedRow:
    """One encoder's embeddings."""

    encoder: str
    family: str
    crop: int
    """Pixels a side that it was shown."""
    hidden: float
    """The share of them hidden, by the mask's first photo where photos differ."""
    dim: int
    photos: int
    found: int
    """Of these, how many an earlier run had embedded."""
    file: str
    provenance: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """The embeddings of one source by one encoder or several."""

    source: str
    device: str
    """Or several, as torch names them."""
    dtype: str
    skipped: Mapping[str, str]
    """Photos that could not be read, by name (a file's below the set's folder), with the reason."""
    rows: tuple[EmbeddedRow, ...]

    def lines(self) -> list[str]:
        """A heading, a row for each encoder, and what was skipped."""
        header = ("encoder", "px", "hidden %", "dim", "photos", "found", "file")
        rows = [
            (
                row.encoder,
                str(row.crop),
                percent(row.hidden),
                str(row.dim),
                f"{row.photos:,}",
                f"{row.found:,}",
                row.file,
            )
            for row in self.rows
        ]
        heading = f"{self.source}: embedded on {self.device} in {self.dtype}"
        lines = [heading, *table([header, *rows], left=(0, -1))]
        if self.skipped:
            lines.append(f"{len(self.skipped)} photos skipped, as they could not be read")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return asdict(self)
