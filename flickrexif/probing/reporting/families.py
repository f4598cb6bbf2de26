"""The families by which a report tells encoders apart, in its order, with their colours."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.probing.reporting.report import EncoderRecord

COLOURS: Mapping[str, str] = {
    "contrastive": "#2f7fd1",
    "supervised": "#d1701f",
    "self-supervised": "#2f9a5d",
    "filters": "#a65cc7",
    "control": "#858b92",
    "other": "#c2506b",
}
"""Colours that stand out, by WCAG's 3 to 1, on white and on near-black alike."""


def family_of(encoder: EncoderRecord) -> str:
    """Its family; ``other`` for a word that is none of `COLOURS`."""
    return encoder.family if encoder.family in COLOURS else "other"


def by_family(encoders: Sequence[EncoderRecord]) -> Mapping[str, tuple[EncoderRecord, ...]]:
    """The families that occur, in order, each with its encoders in theirs."""
    groups = {name: tuple(e for e in encoders if family_of(e) == name) for name in COLOURS}
    return {name: group for name, group in groups.items() if group}


def in_order(encoders: Sequence[EncoderRecord]) -> tuple[EncoderRecord, ...]:
    """``encoders``, family after family."""
    return tuple(chain.from_iterable(by_family(encoders).values()))
