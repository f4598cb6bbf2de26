"""How alike two aligned photos are, grey level by grey level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paircams.matching.geometry import Frame, Matrix, rescaled
from paircams.matching.opencv import opencv

if TYPE_CHECKING:
    from paircams.matching.features import Grey

LEAST_PIXELS = 64
LEAST_DEVIATION = 1.0


def correlation(a: Grey, b: Grey, homography: Matrix) -> float | None:
    """The correlation of ``b`` with ``a`` mapped onto it, over the pixels that both cover.

    ``homography`` is for places that are shares of width and height. None where the two hardly
    overlap or one is flat there. Exposure and contrast do not matter, local differences do: 8 real
    pairs had at least 0.64, 56 couples of different subjects at most 0.38.
    """
    cv2 = opencv()
    size_a, size_b = _frame(a), _frame(b)
    in_pixels = rescaled(homography, (1 / size_a[0], 1 / size_a[1]), (1 / size_b[0], 1 / size_b[1]))
    onto_b = cv2.warpPerspective(a, in_pixels, size_b)
    covered = cv2.warpPerspective(np.full_like(a, 255), in_pixels, size_b) == 255
    mine, other = onto_b[covered].astype(np.float64), b[covered].astype(np.float64)
    if len(mine) < LEAST_PIXELS or min(mine.std(), other.std()) < LEAST_DEVIATION:
        return None
    return float(np.corrcoef(mine, other)[0, 1])


def _frame(grey: Grey) -> Frame:
    height, width = grey.shape
    return width, height
