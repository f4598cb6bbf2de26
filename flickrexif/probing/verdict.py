"""Whether an accuracy is above what it is held against, and the words for it."""

from __future__ import annotations

ABOVE = "above chance"
NOT_ABOVE = "not above chance"


class AgainstChance:
    """An accuracy whose 95 % interval begins at ``low``, and its controls; all are shares."""

    __slots__ = ()

    low: float
    chance: float
    majority: float

    @property
    def controls(self) -> tuple[float, ...]:
        """What it is held against: chance and the majority class."""
        return self.chance, self.majority

    @property
    def above_chance(self) -> bool:
        """Whether the interval lies above all of `controls`."""
        return self.low > max(self.controls)

    @property
    def verdict(self) -> str:
        """`above_chance` in words."""
        return ABOVE if self.above_chance else NOT_ABOVE


class AgainstShuffled(AgainstChance):
    """One that has the accuracy of heads fitted to permuted labels beside it."""

    __slots__ = ()

    shuffled: float

    @property
    def controls(self) -> tuple[float, ...]:
        """Chance, the majority class and shuffled labels."""
        return self.chance, self.majority, self.shuffled
