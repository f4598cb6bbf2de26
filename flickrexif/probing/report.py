"""What a probe found, as lines for people, JSON, parquet and a figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.result import HEADER, AttributeResult, percent
from flickrexif.probing.table import table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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

    @property
    def above_chance(self) -> tuple[tuple[str, str], ...]:
        """The (encoder, attribute) that came out above chance."""
        return tuple((r.encoder, r.attribute) for r in self.results if r.above_chance)

    def lines(self) -> list[str]:
        """A heading, a table in percent with one row per result, and what was skipped."""
        version = f" {self.version}" if self.version else ""
        hidden = ", ".join(dict.fromkeys(percent(encoder.hidden) for encoder in self.encoders))
        heading = (
            f"{self.release}{version}: {self.photos:,} photos, {hidden} % of each hidden, "
            f"solver {self.solver} (accuracies in %)"
        )
        lines = [heading, *table([HEADER, *(r.cells() for r in self.results)], left=(0, 1, -1))]
        if self.skipped:
            lines.append(f"{len(self.skipped)} photos skipped, as they could not be read")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: `dataclasses.asdict` plus the verdicts."""
        fields = asdict(self)
        fields["skipped"] = {str(photo_id): reason for photo_id, reason in self.skipped.items()}
        fields["results"] = self.rows()
        return fields

    def rows(self) -> list[dict[str, Any]]:
        """One row per result, as the parquet file holds it."""
        families = {encoder.name: encoder.family for encoder in self.encoders}
        return [
            asdict(r) | {"verdict": r.verdict, "family": families[r.encoder]} for r in self.results
        ]

    def write(self, out: Path) -> None:
        """Write results.json, results.parquet and accuracy.png into ``out``, each atomically."""
        import polars as pl

        from flickrexif.probing.figure import draw

        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        write_text(out / "results.json", text + "\n")
        with atomic_path(out / "results.parquet") as partial:
            pl.DataFrame(self.rows(), infer_schema_length=None).write_parquet(partial)
        with atomic_path(out / "accuracy.png") as partial:
            draw(self, partial)
