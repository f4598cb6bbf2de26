"""What is a smartphone, by maker and model: yes, no, or unknown.

``makers.csv`` says what a maker's devices are when nothing else is known: ``false`` for makers of
cameras, ``true`` for makers of smartphones, ``null`` for makers of both. ``models.csv`` has
patterns for whole model names (without the maker's name, regardless of case; maker ``*`` is any)
and what they say. The order of rows plays no part: where rows disagree, ``null`` goes before
``false`` and ``false`` before ``true``: nothing is called a smartphone against a row's word.
Android devices write their Build.MODEL, hence the model numbers. Each row has an ``example``, a
model that it decides, and a ``source``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flickrexif.exif.camera_tables import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY_MAKER = "*"
LONGEST_MODEL = 128
"""Characters. Cameras write at most some 50; longer texts are junk and matched with nothing."""

Verdict = bool | None
BY_CAUTION: tuple[Verdict, ...] = (None, False, True)
_VERDICTS: Mapping[str, Verdict] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class ModelRule:
    """A pattern for whole model names of a maker and its verdict (``None``: unknown)."""

    maker: str
    pattern: re.Pattern[str]
    verdict: Verdict
    example: str


def is_smartphone(maker: str, model: str | None) -> Verdict:
    """Whether ``model`` (without brand) of ``maker`` (canonical) is a smartphone."""
    default = maker_verdicts().get(maker)
    if model is None:
        return default
    if len(model) > LONGEST_MODEL:
        return None
    told = {rule.verdict for rule in model_rules(maker) if rule.pattern.fullmatch(model)}
    return next((verdict for verdict in BY_CAUTION if verdict in told), default)


@cache
def maker_verdicts() -> Mapping[str, Verdict]:
    """What each maker's devices are when no row for models says otherwise."""
    return {row["maker"]: _VERDICTS[row["is_smartphone"]] for row in read_table("makers.csv")}


@cache
def model_rules(maker: str) -> tuple[ModelRule, ...]:
    """The rows for ``maker`` and for any maker."""
    return tuple(rule for rule in all_model_rules() if rule.maker in (maker, ANY_MAKER))


@cache
def all_model_rules() -> tuple[ModelRule, ...]:
    """All rows of ``models.csv``."""
    return tuple(
        ModelRule(
            maker=row["maker"],
            pattern=re.compile(row["pattern"], re.IGNORECASE),
            verdict=_VERDICTS[row["is_smartphone"]],
            example=row["example"],
        )
        for row in read_table("models.csv")
    )
