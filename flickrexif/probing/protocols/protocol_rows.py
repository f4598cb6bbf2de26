"""One figure of a protocol over processed images, with its interval: the rows of its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from flickrexif.probing.result import percent
from flickrexif.probing.verdict import AgainstShuffled

if TYPE_CHECKING:
    from flickrexif.probing.protocols.semantics import SetupAccuracy


def around(value: float, low: float, high: float) -> str:
    """A share and its interval, in percent."""
    return f"{percent(value)} [{percent(low)}, {percent(high)}]"


@dataclass(frozen=True, slots=True)
class ProcessingRow(AgainstShuffled):
    """How well one encoder's embeddings tell the classes of one family; shares of the test images.

    ``accuracy`` is the mean over the draws of classes and ``deviation`` their standard deviation;
    ``by_seed`` has each. ``low`` and ``high`` bound the 95 % interval over draws and over owners,
    or images where owners are not known. ``chance`` is 1 / classes, ``majority`` what always saying
    the class drawn most often gives, ``shuffled`` the mean of probes of permuted labels and
    ``shuffled_error`` its standard error over the draws. Of a single draw there is neither
    ``deviation`` nor ``shuffled_error``.
    """

    family: str
    encoder: str
    classes: int
    accuracy: float
    low: float
    high: float
    deviation: float | None
    by_seed: tuple[float, ...]
    chance: float
    majority: float
    shuffled: float
    shuffled_error: float | None

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.family,
            self.encoder,
            around(self.accuracy, self.low, self.high),
            "-" if self.deviation is None else percent(self.deviation),
            percent(self.chance),
            percent(self.majority),
            percent(self.shuffled),
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class NeighboursRow:
    """The kNN accuracy of one encoder in one set-up of one family; shares of the query images.

    Intervals are 95 %, over owners or over images where owners are not known. ``against_same`` is
    the accuracy minus that of all-same, with an interval of that difference; None where all-same
    was not asked for. ``chance`` is 1 / ``labels``, those of the gallery, ``majority`` what always
    saying the gallery's commonest label gives: the larger one where labels differ in number.
    """

    family: str
    encoder: str
    setup: str
    comparisons: int
    labels: int
    accuracy: float
    low: float
    high: float
    against_same: float | None
    against_same_low: float | None
    against_same_high: float | None
    chance: float
    majority: float

    @classmethod
    def of(
        cls, found: SetupAccuracy, *, family: str, encoder: str, labels: int, majority: float
    ) -> Self:
        """The row of what `setup_accuracies` found."""
        accuracy, apart = found.accuracy, found.against_same
        return cls(
            family=family,
            encoder=encoder,
            setup=found.setup,
            comparisons=found.comparisons,
            labels=labels,
            accuracy=accuracy.value,
            low=accuracy.low,
            high=accuracy.high,
            against_same=None if apart is None else apart.value,
            against_same_low=None if apart is None else apart.low,
            against_same_high=None if apart is None else apart.high,
            chance=1 / labels,
            majority=majority,
        )

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.family,
            self.encoder,
            self.setup,
            around(self.accuracy, self.low, self.high),
            self._against_same(),
            percent(self.chance),
            percent(self.majority),
            str(self.comparisons),
        )

    def _against_same(self) -> str:
        numbers = self.against_same, self.against_same_low, self.against_same_high
        if self.setup == "all-same" or None in numbers:
            return "-"
        value, low, high = (f"{100 * number:+.1f}" for number in numbers if number is not None)
        return f"{value} [{low}, {high}]"
