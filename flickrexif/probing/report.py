"""What a probe found, as lines for people, JSON, parquet and a figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.table import table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEADER = (
    "attribute",
    "classes",
    "train",
    "test",
    "accuracy [95 % CI]",
    "chance",
    "majority",
    "shuffled",
    "size",
    "colour",
    "verdict",
)
ABOVE = "above chance"
NOT_ABOVE = "not above chance"


@dataclass(frozen=True, slots=True)
class AttributeResult:
    """One attribute's figures; accuracies are shares (0 to 1) of the test photos.

    ``low`` and ``high`` bound the accuracy's 95 % interval over owners. ``shuffled`` is the mean
    accuracy of heads fitted to permuted labels, ``shuffled_error`` its standard error. ``size`` and
    ``colour`` are accuracies from the original's width and height, and from averaged visible
    colours: traces of no camera. ``off_by_one`` counts neighbours of ordinal classes as right.
    """

    attribute: str
    classes: int
    train: int
    validation: int
    test: int
    test_owners: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    off_by_one: float | None
    off_by_one_chance: float | None
    chance: float
    majority: float
    shuffled: float
    shuffled_error: float
    size: float | None
    colour: float | None
    penalty: float
    validation_accuracy: float

    @property
    def above_chance(self) -> bool:
        """Whether the interval lies above chance, the majority class and shuffled labels."""
        return self.low > max(self.chance, self.majority, self.shuffled)

    @property
    def verdict(self) -> str:
        """`above_chance` in words."""
        return ABOVE if self.above_chance else NOT_ABOVE

    def cells(self) -> tuple[str, ...]:
        """The row of this attribute in the table."""
        return (
            self.attribute,
            str(self.classes),
            f"{self.train:,}",
            f"{self.test:,}",
            f"{percent(self.accuracy)} [{percent(self.low)}, {percent(self.high)}]",
            percent(self.chance),
            percent(self.majority),
            percent(self.shuffled),
            percent(self.size),
            percent(self.colour),
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """One encoder's probe of one release."""

    release: str
    version: str
    encoder: str
    provenance: Mapping[str, str]
    mask: Mapping[str, Any] | None
    hidden: float
    """The share of pixels really hidden."""
    solver: str
    seed: int
    photos: int
    skipped: Mapping[int, str]
    """Photos that could not be read, with the reason."""
    results: tuple[AttributeResult, ...]

    @property
    def above_chance(self) -> tuple[str, ...]:
        """The attributes that came out above chance."""
        return tuple(result.attribute for result in self.results if result.above_chance)

    def lines(self) -> list[str]:
        """A heading, a table in percent with one row per attribute, and what was skipped."""
        version = f" {self.version}" if self.version else ""
        heading = (
            f"{self.release}{version}, encoder {self.encoder}: {self.photos:,} photos, "
            f"{percent(self.hidden)} % of each hidden (accuracies in %)"
        )
        lines = [heading, *table([HEADER, *(result.cells() for result in self.results)])]
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
        """One row per attribute, as the parquet file holds it."""
        return [asdict(r) | {"verdict": r.verdict, "encoder": self.encoder} for r in self.results]

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


def percent(share: float | None) -> str:
    """``share`` in percent with one digit; a dash for None."""
    return "-" if share is None else f"{100 * share:.1f}"
