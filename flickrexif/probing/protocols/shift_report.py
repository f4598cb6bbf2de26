"""A map of similarities over shifts, as lines for people, JSON, CSV and a heat map."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.probing.protocols.shift_plan import ShiftPlan


@dataclass(frozen=True, slots=True, eq=False)
class ShiftMap:
    """Cosine similarity of an encoder's features of a shifted object to those at the centre.

    ``similarity`` (float64, rows x columns) and ``classes`` (int64, of the same shape; None without
    a classifier) are by ``dy`` (rows, downwards) and ``dx`` (columns, to the right), in pixels from
    the centre position, ascending.
    """

    subject: str
    """The file name of the object."""
    size: tuple[int, int]
    """Its width and height, in pixels."""
    encoder: str
    provenance: Mapping[str, str]
    plan: ShiftPlan
    dy: NDArray[np.int64]
    dx: NDArray[np.int64]
    similarity: NDArray[np.float64]
    classes: NDArray[np.int64] | None

    @property
    def local_shifts(self) -> NDArray[np.bool_]:
        """Which positions are at most ``plan.radius`` px from the centre, both ways, but not it."""
        near = [np.abs(offsets) <= self.plan.radius for offsets in (self.dy, self.dx)]
        found: NDArray[np.bool_] = np.logical_and.outer(*near) & ~self._centre
        return found

    @property
    def local_similarity(self) -> float:
        """The mean over `local_shifts`."""
        return float(self.similarity[self.local_shifts].mean())

    @property
    def global_similarity(self) -> float:
        """The mean over all positions but the centre."""
        return float(self.similarity[~self._centre].mean())

    @property
    def minimum(self) -> tuple[float, int, int]:
        """The least similarity, and the dy and dx of the first position that has it."""
        row, column = divmod(int(self.similarity.argmin()), len(self.dx))
        return float(self.similarity[row, column]), int(self.dy[row]), int(self.dx[column])

    @property
    def consistency(self) -> float | None:
        """The share of pairs of positions that have the same top-1 class; None without classes.

        As Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019, section 4.2, has
        it, over all pairs where that draws some.
        """
        if self.classes is None:
            return None
        _, counts = np.unique(self.classes, return_counts=True)
        equal = sum(count * (count - 1) for count in counts.tolist())
        return float(equal / (self.classes.size * (self.classes.size - 1)))

    def lines(self) -> list[str]:
        """A heading and a table of similarities."""
        plan, (width, height) = self.plan, self.size
        least, dy, dx = self.minimum
        rows = [
            ("shifts", "positions", "similarity"),
            (
                f"local, within {plan.radius} px",
                f"{int(self.local_shifts.sum()):,}",
                f"{self.local_similarity:.6f}",
            ),
            ("global", f"{self.similarity.size - 1:,}", f"{self.global_similarity:.6f}"),
            (f"minimum, at dx {dx} dy {dy}", "1", f"{least:.6f}"),
        ]
        told = [
            f"{self.subject} ({width} x {height} px), encoder {self.encoder}: {plan.mode} every "
            f"{plan.stride} px on {plan.canvas} px (cosine similarity to the centre)",
            *table(rows, left=(0,)),
        ]
        if self.consistency is not None:
            told.append(f"{self.consistency:.4f} of the pairs of positions have the same class")
        return told

    def as_dict(self) -> dict[str, Any]:
        """The words and the summary as JSON holds them; the map itself is in map.csv."""
        least, dy, dx = self.minimum
        return {
            "subject": self.subject,
            "width": self.size[0],
            "height": self.size[1],
            "encoder": self.encoder,
            "provenance": dict(self.provenance),
            **asdict(self.plan),
            "positions": self.similarity.size,
            "local_positions": int(self.local_shifts.sum()),
            "local": self.local_similarity,
            "global": self.global_similarity,
            "minimum": {"similarity": least, "dy": dy, "dx": dx},
            "consistency": self.consistency,
        }

    def write(self, out: Path) -> None:
        """Write map.csv (a row per position), results.json and map.png into ``out``, atomically."""
        import polars as pl

        from flickrexif.probing.protocols.shift_figure import draw

        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        write_text(out / "results.json", text + "\n")
        columns = {
            "dy": np.repeat(self.dy, len(self.dx)),
            "dx": np.tile(self.dx, len(self.dy)),
            "similarity": self.similarity.ravel(),
        }
        if self.classes is not None:
            columns["class"] = self.classes.ravel()
        with atomic_path(out / "map.csv") as partial:
            pl.DataFrame(columns).write_csv(partial)
        with atomic_path(out / "map.png") as partial:
            draw(self, partial)

    @property
    def _centre(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.logical_and.outer(self.dy == 0, self.dx == 0)
        return found
