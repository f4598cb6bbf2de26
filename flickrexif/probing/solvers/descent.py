"""L-BFGS for many problems at once, each with its own steps, in a diagonal metric.

Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
Programming 45, 1989; the metric takes the place of the first guess of the Hessian.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from flickrexif.probing.solvers.objective import Problems, dot

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY = 6
TOLERANCE = 1e-3
"""A problem is solved when its gradient, in the metric, fell to this share of the first."""
SUFFICIENT = 1e-4
"""Armijo's constant: the share of the linear decrease that a step must keep."""
ROUNDING = 1e-6
"""The relative error of a loss summed in float32, by which a step is not judged."""
HALVINGS = 12


class Descent:
    """Where each of P problems stands; `step` moves those that are left all at once.

    ``places`` are the problems left, of those it began with; ``point`` is theirs alone.
    """

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.places = torch.arange(problems.goals.shape[1], device=problems.goals.device)
        self.point = problems.start()
        self._loss, self._slope = problems.evaluate(self.point)
        self._enough = TOLERANCE * self._size()
        self._memory: deque[tuple[Tensor, Tensor]] = deque(maxlen=HISTORY)
        self.still = self._enough == 0
        """Which of the problems left are solved, or can be moved no further: bool."""

    def step(self) -> None:
        """One quasi-Newton step of each problem left."""
        direction = downhill(self._slope, self._memory, self.problems.metric)
        descent = dot(direction, self._slope)
        size = (descent < 0).to(descent.dtype)
        allowed = self._loss + ROUNDING * self._loss.abs()
        loss, slope = self.problems.evaluate(self.point + direction * size[:, None])
        for _ in range(HALVINGS):
            short = (loss > allowed + SUFFICIENT * size * descent).nonzero().flatten()
            if not len(short):
                break
            size[short] /= 2
            there = self.point[:, short] + direction[:, short] * size[short, None]
            loss[short], slope[:, short] = self.problems.some(short).evaluate(there)
        moved = (size > 0) & (loss <= allowed + SUFFICIENT * size * descent)
        move = direction * (size * moved)[:, None]
        change = torch.where(moved[:, None], slope - self._slope, 0)
        self.point, self._slope = self.point + move, self._slope + change
        self._loss = torch.where(moved, loss, self._loss)
        self._memory.append((move, change))
        self.still = ~moved | (self._size() <= self._enough)

    def keep(self, those: Tensor) -> None:
        """Leave aside the problems that are not among ``those`` (bool)."""
        if bool(those.all()):
            return
        which = those.nonzero().flatten()
        self.problems, self.places = self.problems.some(which), self.places[which]
        self.point, self._slope = self.point[:, which], self._slope[:, which]
        self._loss, self._enough = self._loss[which], self._enough[which]
        self.still = self.still[which]
        kept = ((move[:, which], change[:, which]) for move, change in self._memory)
        self._memory = deque(kept, maxlen=HISTORY)

    def _size(self) -> Tensor:
        return dot(self._slope, self._slope / self.problems.metric).sqrt()


def downhill(slope: Tensor, memory: Sequence[tuple[Tensor, Tensor]], metric: Tensor) -> Tensor:
    """The quasi-Newton direction, for every problem with its own coefficients.

    ``memory`` holds past moves with the changes of slope that they brought, the last one last. It
    is the two-loop recursion; a slope like the last change gives the last move, turned round.
    """
    aim = slope
    past: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for move, change in reversed(memory):
        curvature = dot(move, change)
        inverse = torch.where(curvature > 0, 1 / curvature.clamp_min(1e-30), 0.0)
        share = inverse * dot(move, aim)
        aim = aim - change * share[:, None]
        past.append((move, change, inverse, share))
    aim = aim / metric
    if memory:
        aim = aim * _stretch(*memory[-1], metric)
    for move, change, inverse, share in reversed(past):
        aim = aim + move * (share - inverse * dot(change, aim))[:, None]
    return -aim


def _stretch(move: Tensor, change: Tensor, metric: Tensor) -> Tensor:
    """How much flatter than the metric a step found its problem to be: P x 1."""
    curvature, bound = dot(move, change), dot(change, change / metric)
    usable = (curvature > 0) & (bound > 0)
    return torch.where(usable, curvature / bound.clamp_min(1e-30), 1.0)[:, None]
