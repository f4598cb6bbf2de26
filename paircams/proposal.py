"""Pairs that `paircams.match` proposes, as a manifest for a person to review."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from paircams.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("subject_idx", "smartphone", "camera", "decision", "note")


@dataclass(frozen=True, slots=True)
class ProposedPair:
    """Two photos that belong together, by name, and what says so."""

    smartphone: str
    camera: str
    by: Literal["content", "time"]
    """``time`` alone is a guess: the nearest in time of what no content was found for."""
    inliers: int
    apart_s: float | None
    """Seconds between the captures, the clocks' difference taken off; None when unknown."""

    @property
    def note(self) -> str:
        """What the manifest says of the pair."""
        when = "time unknown" if self.apart_s is None else f"{self.apart_s:.0f} s apart"
        return f"by {self.by}: {self.inliers} matches, {when}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """All proposed pairs in the order of the smartphone's photos, and what is left over."""

    manifest: Path
    pairs: tuple[ProposedPair, ...]
    left: tuple[str, ...]
    """Photos that no pair was found for."""
    unreadable: tuple[str, ...]
    clock_s: float | None
    """By how much the cameras' clocks are ahead of the smartphones', in the median."""

    def lines(self) -> Iterator[str]:
        """A summary for a terminal."""
        guessed = sum(pair.by == "time" for pair in self.pairs)
        clock = "unknown" if self.clock_s is None else f"{self.clock_s:+.0f} s"
        yield (
            f"{len(self.pairs)} pairs proposed in {printable(self.manifest)}: "
            f"{len(self.pairs) - guessed} by content, {guessed} by time alone; clocks {clock} apart"
        )
        for name in self.left:
            yield f"no partner: {name}"
        for name in self.unreadable:
            yield f"cannot be read: {name}"

    def write(self) -> None:
        """Write the manifest, whole or not at all."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number, pair in enumerate(self.pairs, start=1):
            writer.writerow((f"{number:03}", pair.smartphone, pair.camera, "", pair.note))
        try:
            write_text(self.manifest, text.getvalue())
        except OSError as error:
            raise UsageError(
                f"{printable(self.manifest)!r} cannot be written: {error.strerror}; name another"
            ) from error
