"""What a probe is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from flickrexif.errors import UsageError
from flickrexif.probing.embedding.plan import EmbedPlan, name_of

if TYPE_CHECKING:
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder

Solver = Literal["lbfgs", "sgd", "ridge"]
SOLVERS: tuple[Solver, ...] = get_args(Solver)


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """The words of one probe; equal words over an equal release give equal results.

    ``threads`` is the number of torch threads; results are promised equal for equal ``threads``.
    Raises `UsageError` for a value that does not fit.
    """

    encoders: tuple[str | Encoder, ...] = ("residual",)
    """As `EmbedPlan.encoders`; each photo is decoded once for all."""
    attributes: tuple[str, ...] | None = None
    """The attributes to probe; None is all that the release has."""
    mask: MaskSpec | None = None
    """Hides pixels of a release of whole images; None keeps what the release hides."""
    solver: Solver = "lbfgs"
    """``sgd`` is the published protocol, ``ridge`` a smoke test; see `flickrexif.probing.solvers`.
    Figures of two solvers are not comparable."""
    penalties: tuple[float, ...] | None = None
    """The L2 path of ``lbfgs`` and ``ridge``; None is the solver's own."""
    trials: int = 30
    """How many points of learning rate and weight decay ``sgd`` tries."""
    epochs: int = 100
    """Of ``sgd``."""
    shuffles: int = 5
    """How many label permutations the shuffled control averages."""
    resamples: int = 1000
    """How many bootstrap resamples of the test owners an interval takes."""
    seed: int = 0
    threads: int = 1
    batch: int = 64
    """Photos embedded at once."""
    device: Device = "auto"
    """Where encoders embed, see `EmbedPlan`; heads are fitted on the first of several, and on the
    CPU where it is ``mps``."""
    dtype: Dtype = "float32"
    """Of the encoders; see `EmbedPlan`."""
    exact: bool = False
    """Decode and resize by Pillow alone; see `EmbedPlan`."""

    def __post_init__(self) -> None:
        _ = self.embedding  # refuses what does not fit an embedding
        if self.solver not in SOLVERS:
            raise UsageError(f"unknown solver {self.solver!r}; known are: {', '.join(SOLVERS)}")
        if self.penalties is not None and min(self.penalties, default=0) <= 0:
            raise UsageError(f"penalties {self.penalties!r} must be positive; give at least one")
        for name, least in (("shuffles", 1), ("resamples", 100), ("trials", 1), ("epochs", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give at least {least}")

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the encoders."""
        return tuple(name_of(encoder) for encoder in self.encoders)

    @property
    def embedding(self) -> EmbedPlan:
        """The plan of the embeddings."""
        return EmbedPlan(
            encoders=self.encoders,
            mask=self.mask,
            device=self.device,
            dtype=self.dtype,
            exact=self.exact,
            threads=self.threads,
            batch=self.batch,
        )
