"""What a golden set is asked to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from flickrexif.golden.distortions import DISTORTIONS, distortions_named
from flickrexif.probing.protocols.encoder_plan import EncoderPlan

if TYPE_CHECKING:
    from flickrexif.golden.distortions import Distortion


@dataclass(frozen=True, slots=True)
class GoldenPlan(EncoderPlan):
    """The words of one golden set; equal words over equal images freeze equal pixels.

    Those of `EncoderPlan`, of which ``seed`` is of the choice too and ``batch`` of each check, and
    these. Raises `UsageError` for a value that does not fit.
    """

    distortions: tuple[str, ...] = DISTORTIONS
    """See `flickrexif.golden.distortions`; the original is always among them."""
    images: int = 100
    """How many are tested, in every distortion; of a labelled set equally many of each class, or
    all of a class that has fewer."""
    fitted: int = 200
    """How many others, as they are, the linear probe of a labelled set is fitted to."""

    def __post_init__(self) -> None:
        EncoderPlan.__post_init__(self)
        for name in ("images", "fitted"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give at least 1")
        _ = self.made  # refuses what does not fit

    @property
    def made(self) -> tuple[Distortion, ...]:
        """The distortions, the original first."""
        return distortions_named(self.distortions, seed=self.seed)

    def words(self) -> dict[str, Any]:
        """What decides frozen pixels and embeddings, as plain values."""
        names = ("images", "fitted", "seed", "dtype", "batch")
        return {name: getattr(self, name) for name in names} | {
            "distortions": [each.name for each in self.made]
        }
