"""Linear probes by three solvers behind one seam; one comparison never mixes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.probing.solvers import lbfgs, ridge
from flickrexif.probing.solvers.heads import Fitted, Heads, Scaling
from flickrexif.probing.solvers.lbfgs import Lbfgs
from flickrexif.probing.solvers.protocol import Choice, Labelled, Solver
from flickrexif.probing.solvers.ridge import Ridge
from flickrexif.probing.solvers.sgd import Sgd

if TYPE_CHECKING:
    from flickrexif.probing.plan import ProbePlan

__all__ = [
    "Choice",
    "Fitted",
    "Heads",
    "Labelled",
    "Lbfgs",
    "Ridge",
    "Scaling",
    "Sgd",
    "Solver",
    "solver_of",
]


def solver_of(plan: ProbePlan) -> Solver:
    """The solver that ``plan`` names, with the plan's path."""
    match plan.solver:
        case "lbfgs":
            return Lbfgs(plan.penalties or lbfgs.PENALTIES)
        case "ridge":
            return Ridge(plan.penalties or ridge.PENALTIES)
        case "sgd":
            return Sgd(trials=plan.trials, epochs=plan.epochs, seed=plan.seed)
