"""What a probe found, as lines for people and as the rows of its files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import HEADER, AttributeResult, percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.probing.reporting.predictions import Predictions


@dataclass(frozen=True, slots=True)
class EncoderRecord:
    """An encoder as it was probed: its own words, and what it saw of each photo."""

    name: str
    family: str
    dim: int
    crop: int
    """The side of the square that it was shown, in pixels."""
    hidden: float
    """The share of these pixels really hidden."""
    provenance: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The probes of one release by one encoder or several, in the order they were asked for."""

    release: str
    version: str
    mask: Mapping[str, Any] | None
    solver: str
    seed: int
    photos: int
    skipped: Mapping[int, str]
    """Photos that could not be read, with the reason."""
    encoders: tuple[EncoderRecord, ...]
    results: tuple[AttributeResult, ...]
    """Encoder by encoder, and for each its attributes."""
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each attribute's classes, in the order of their labels."""
    synthetic: bool = False
    """Whether the photos are rendered ones, of cameras that do not exist."""
    manifest_sha256: str = ""
    """Of the release's manifest, which holds the hash of every file."""
    plan: Mapping[str, Any] = field(default_factory=dict)
    """The words of the plan."""
    made_with: Mapping[str, str] = field(default_factory=dict)
    """The versions that decide the figures."""
    predictions: tuple[Predictions, ...] = field(default=(), compare=False, repr=False)
    """What was said of each test photo; not among what makes two reports equal."""

    @property
    def above_chance(self) -> tuple[tuple[str, str], ...]:
        """The (encoder, attribute) that came out above chance."""
        return tuple((r.encoder, r.attribute) for r in self.results if r.above_chance)

    @property
    def heading(self) -> str:
        """What was probed and how, in one line."""
        version = f" {self.version}" if self.version else ""
        hidden = ", ".join(dict.fromkeys(percent(encoder.hidden) for encoder in self.encoders))
        return (
            f"{self.release}{version}: {self.photos:,} photos, {hidden} % of each hidden, "
            f"solver {self.solver} (accuracies in %)"
        )

    def lines(self) -> list[str]:
        """A heading, a table in percent with one row per result, and what was skipped."""
        rows = [HEADER, *(r.cells() for r in self.results)]
        lines = [self.heading, *table(rows, left=(0, 1, -1))]
        if self.skipped:
            lines.append(f"{len(self.skipped)} photos skipped, as they could not be read")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it; see `flickrexif.probing.reporting.report_files`."""
        from flickrexif.probing.reporting.report_files import as_dict

        return as_dict(self)

    def rows(self) -> list[dict[str, Any]]:
        """One row per result, as the parquet file holds it."""
        families = {encoder.name: encoder.family for encoder in self.encoders}
        return [
            asdict(r) | {"verdict": r.verdict, "family": families[r.encoder]} for r in self.results
        ]

    def write(self, out: Path) -> None:
        """Write its files into ``out``; see `flickrexif.probing.reporting.report_files`."""
        from flickrexif.probing.reporting.report_files import write

        write(self, out)

    @classmethod
    def read(cls, source: Path) -> ProbeReport:
        """The report that was written into the folder ``source``, or its ``results.json``.

        Raises `UsageError` where there is none, or one of another form than this package writes.
        """
        from flickrexif.probing.reporting.report_files import read

        return read(source)
