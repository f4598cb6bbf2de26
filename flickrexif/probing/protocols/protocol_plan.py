"""What the protocols over processed images are asked to do."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Crop
from flickrexif.imaging.processing import FAMILIES, family_named
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.protocols.unreadable import MOST_UNREADABLE, require_share

if TYPE_CHECKING:
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder
    from flickrexif.probing.plan import Solver

Setup = Literal["all-same", "pos-same", "neg-same", "uniform", "all-diff"]

SETUPS: tuple[Setup, ...] = get_args(Setup)
"""Of a kNN of what images show, in the order of the study's figure: see
`flickrexif.probing.protocols.semantics`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolPlan:
    """The words that all protocols have; equal words over equal images give equal results.

    Raises `UsageError` for a value that does not fit.
    """

    families: tuple[str, ...] = tuple(FAMILIES)
    """Of `flickrexif.imaging.FAMILIES`, each once."""
    encoders: tuple[str | Encoder, ...] = ("residual",)
    """As `flickrexif.probing.ProbePlan.encoders`."""
    seeds: int = 10
    """How many draws of processings are averaged."""
    seed: int = 0
    """Of splits, scales and resamples; draws of processings take it and those after it."""
    most_unreadable: float = MOST_UNREADABLE
    """The share of images, 0..1, above which unreadable ones stop the work."""
    crop: int = 224
    """Pixels a side, of an encoder that takes any."""
    resamples: int = 1000
    """How many bootstrap resamples of the test images an interval takes."""
    device: Device = "auto"
    """Where encoders embed and neighbours are searched."""
    dtype: Dtype = "float32"
    """Of the encoders."""
    threads: int = 1
    """Of torch."""
    batch: int = 32
    """Images embedded at once under one processing; their crops under all are held."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "families", tuple(dict.fromkeys(self.families)))
        for family in self.families:
            family_named(family)
        if not self.families:
            raise UsageError(f"no family is given: use some of {', '.join(FAMILIES)}")
        if self.seeds < 1:
            raise UsageError(f"seeds is {self.seeds!r}; give at least 1")
        require_share(self.most_unreadable)
        _ = self.probe, Crop(self.crop)  # each refuses what does not fit

    @property
    def probe(self) -> ProbePlan:
        """The plan of a linear probe by these words."""
        return ProbePlan(
            encoders=self.encoders,
            resamples=self.resamples,
            seed=self.seed,
            threads=self.threads,
            batch=self.batch,
            device=self.device,
            dtype=self.dtype,
        )

    def words(self) -> dict[str, Any]:
        """The plan as plain values, all but the encoders: a report tells their provenance."""
        names = (field.name for field in fields(self) if field.name != "encoders")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingPlan(ProtocolPlan):
    """The words of a prediction of processing labels; those of `ProtocolPlan`, and these."""

    solver: Solver = "lbfgs"
    """As `flickrexif.probing.ProbePlan.solver`: ``sgd`` is the published protocol."""
    shuffles: int = 1
    """How many label permutations the shuffled control takes, for each draw of processings."""

    def __post_init__(self) -> None:
        ProtocolPlan.__post_init__(self)
        _ = self.solving  # refuses what does not fit

    @property
    def solving(self) -> ProbePlan:
        """The plan of the probe of each draw."""
        return replace(self.probe, solver=self.solver, shuffles=self.shuffles)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighboursPlan(ProtocolPlan):
    """The words of a kNN of what images show; those of `ProtocolPlan`, and these.

    ``seeds`` draws of processings are for set-up ``uniform`` alone.
    """

    k: int = 10
    """Neighbours that vote: the study has 10 on ImageNet and 1 on iNaturalist."""
    setups: tuple[Setup, ...] = SETUPS

    def __post_init__(self) -> None:
        ProtocolPlan.__post_init__(self)
        object.__setattr__(self, "setups", tuple(dict.fromkeys(self.setups)))
        unknown = [setup for setup in self.setups if setup not in SETUPS]
        if unknown or not self.setups:
            told = f"unknown set-up {unknown[0]!r}" if unknown else "no set-up is given"
            raise UsageError(f"{told}: use some of {', '.join(SETUPS)}")
        if self.k < 1:
            raise UsageError(f"k is {self.k!r}; give at least 1")
