"""What tables of camera pairs tell of each photo: of which subject it is, and by which model.

The columns are those of the published set of pairs, ``subject_idx`` and ``model``; its scripts read
them from a file of embeddings as ``subject`` and ``model``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.imaging.image_place import Place

SUBJECT, MODEL = "subject_idx", "model"
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
"""As whole numbers print themselves: "007" and "7" are two subjects."""


@dataclass(frozen=True, slots=True, eq=False)
class PairColumns:
    """Of each photo of some tables, its subject and its model, as safetensors hold them: int64.

    A subject that is a whole number is that number where all are; otherwise it is its place among
    ``subjects``, as a model is among ``models``. -1 where a table tells none.
    """

    subject: NDArray[np.int64]
    model: NDArray[np.int64]
    subjects: tuple[str, ...]
    """In order of their text; empty where ``subject`` has the numbers themselves."""
    models: tuple[str, ...]
    """In order of their text."""

    @classmethod
    def of(cls, places: Sequence[Place]) -> PairColumns | None:
        """Read those of ``places``, in their order; None where they are no tables of pairs."""
        tables = {file: _read(file) for file in {place.file for place in places}}
        rows = [table[place.row] for place in places if (table := tables[place.file]) is not None]
        if len(rows) < len(places):
            return None
        told_subjects, told_models = zip(*rows, strict=True)
        subjects, models = _names(told_subjects), _names(told_models)
        if all(_WHOLE.fullmatch(name) for name in subjects):
            return cls(_numbers(told_subjects), _codes(told_models, models), (), models)
        return cls(_codes(told_subjects, subjects), _codes(told_models, models), subjects, models)

    @property
    def about(self) -> Mapping[str, str]:
        """The names, as JSON lists, for a file's metadata."""
        told = {"subjects": self.subjects, "models": self.models}
        return {key: json.dumps(names, ensure_ascii=False) for key, names in told.items() if names}


def _read(file: Path) -> list[tuple[str | None, str | None]] | None:
    """Subject and model of each row; None for a file that is no table of pairs."""
    if file.suffix.lower() != ".parquet" or not {SUBJECT, MODEL} <= {*pq.read_schema(file).names}:
        return None
    rows = pq.read_table(file, columns=[SUBJECT, MODEL]).to_pylist()
    return [(_text(row[SUBJECT]), _text(row[MODEL])) for row in rows]


def _text(told: object) -> str | None:
    return None if told is None else str(told)


def _names(told: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in told if name is not None}))


def _codes(told: Sequence[str | None], names: Sequence[str]) -> NDArray[np.int64]:
    places: dict[str | None, int] = {name: place for place, name in enumerate(names)}
    return np.array([places.get(name, -1) for name in told], dtype=np.int64)


def _numbers(told: Sequence[str | None]) -> NDArray[np.int64]:
    return np.array([-1 if name is None else int(name) for name in told], dtype=np.int64)
