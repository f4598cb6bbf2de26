"""The quantisation tables of a JPEG file: which quality they are nearest to, and their hash.

A table has 64 steps, row by row: ``table[8 * row + column]`` divides the coefficient of that
vertical and horizontal frequency.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
    *([99] * 32),
)  # fmt: skip
"""The example tables of ISO/IEC 10918-1 annex K, which libjpeg (IJG) scales."""

BASELINE, EXTENDED = 255, 32767
"""The largest steps that libjpeg writes: in a baseline file, and where it may leave that."""

HASH_DIGITS = 16

Table = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What a file's tables say of its encoder."""

    quality: int
    """libjpeg's quality, 1 to 100, whose tables are nearest; the lower of two as near."""
    residual: float
    """The mean absolute difference to those, in steps; 0 where they are the same."""
    fingerprint: str
    """The first 16 digits of the SHA-256 of the steps that each component uses.

    Component after component, row by row, each step in 16 bits, big-endian: the same for the same
    quantisation, however the header shares its tables out.
    """

    @property
    def is_exact(self) -> bool:
        """Whether libjpeg writes these very tables, so that the quality is more than a likeness."""
        return self.residual == 0


def table_facts(
    tables: Mapping[int, Sequence[int]], layers: Sequence[tuple[int, int, int, int]]
) -> TableFacts | None:
    """The facts of a file's tables; None where a component names a table that is not there.

    ``tables`` and ``layers`` (per component: id, factors across and down, number of its table) are
    as Pillow's ``quantization`` and ``layer`` have them. The first component's table is compared
    with libjpeg's for luma, and other tables with those for chroma; tables of no component are not
    looked at.
    """
    numbers = [layer[3] for layer in layers]
    if not numbers or any(len(tables.get(number, ())) != 64 for number in numbers):
        return None
    used = {number: tuple(tables[number]) for number in numbers}
    return _facts(tuple(used.values()), tuple(used[number] for number in numbers))


@lru_cache(maxsize=1024)
def _facts(tables: tuple[Table, ...], by_component: tuple[Table, ...]) -> TableFacts:
    qualities, scaled = _ijg()
    likes = scaled[:, [min(place, 1) for place in range(len(tables))]]
    apart = np.abs(likes - np.array(tables)).mean(axis=(1, 2))
    nearest = int(apart.argmin())
    steps = np.array(by_component, dtype=">u2").tobytes()
    digest = hashlib.sha256(steps).hexdigest()[:HASH_DIGITS]
    return TableFacts(int(qualities[nearest]), float(apart[nearest]), digest)


@cache
def _ijg() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """libjpeg's qualities, and the tables of each: quality x (luma, chroma) x 64."""
    words = [(quality, most) for quality in range(1, 101) for most in (BASELINE, EXTENDED)]
    scaled = [[scaled_table(table, *word) for table in (LUMA, CHROMA)] for word in words]
    return np.array([quality for quality, _ in words]), np.array(scaled)


def scaled_table(table: Table, quality: int, most: int = BASELINE) -> Table:
    """``table`` as libjpeg scales it for ``quality`` (1 to 100): steps from 1 to ``most``.

    As ``jpeg_quality_scaling`` and ``jpeg_add_quant_table`` of libjpeg's jcparam.c have it.
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(min(max((step * scale + 50) // 100, 1), most) for step in table)
