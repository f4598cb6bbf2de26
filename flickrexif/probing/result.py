"""One encoder's probe of one attribute, as figures and as a row of a table."""

from __future__ import annotations

from dataclasses import dataclass

from flickrexif.probing.verdict import AgainstShuffled

HEADER = (
    "encoder",
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
    "nuisance",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class AttributeResult(AgainstShuffled):
    """What one encoder holds of one attribute; accuracies are shares (0 to 1) of the test photos.

    ``low`` and ``high`` bound the accuracy's 95 % interval over owners. ``shuffled`` is the mean
    accuracy of heads fitted to permuted labels, ``shuffled_error`` its standard error. ``size`` and
    ``colour`` are accuracies from the original's width and height, and from averaged visible
    colours, ``nuisance`` that from all of ``nuisance_columns`` together: traces of no camera.
    ``off_by_one`` counts neighbours of ordinal classes as right. ``penalty`` is the weight decay
    of ``sgd``. What has a default may be absent from results of before it was told.
    """

    encoder: str
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
    nuisance: float | None = None
    nuisance_columns: tuple[str, ...] = ()
    """The published facts of a photo that the control was told."""
    macro_f1: float | None = None
    spearman: float | None = None
    """Rank correlation of an ordinal attribute; None where one class alone is true or said."""
    kendall: float | None = None
    """Tau-b, likewise."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """Test photos by true class (row) and by what was said (column)."""
    steps: int | None = None
    """After which ``lbfgs`` stopped."""
    learning_rate: float | None = None
    """The first of ``sgd``."""

    def cells(self) -> tuple[str, ...]:
        """The row of this attribute in the table."""
        return (
            self.encoder,
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
            percent(self.nuisance),
            self.verdict,
        )


def percent(share: float | None) -> str:
    """``share`` in percent with one digit; a dash for None."""
    return "-" if share is None else f"{100 * share:.1f}"
