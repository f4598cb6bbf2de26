"""What retrieval found, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from flickrexif._version import __version__
from flickrexif.atomic import atomic_path, write_text
from flickrexif.errors import UsageError
from paircams.layout import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flickrexif.probing.protocols.retrieval import PairRetrieval, Recall
    from flickrexif.probing.resampling import Estimate

SCHEMA = "paircams-retrieval/1"
QUERIES = {"a_to_b": SIDES[0], "b_to_a": SIDES[1], "both": "both"}
"""Which side the queries are of, by the direction's word."""
NEGATIVES = {
    "share_query_camera": ("the query's camera", "different"),
    "share_target_camera": ("the target's camera", "same"),
}
"""What negatives share, and the word that the study's figure has for it. Its text has both words
the other way round once, so they are told beside, never alone."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the queries, 0 to 1, and its 95 % interval over subjects."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: Estimate) -> Self:
        """The same numbers."""
        return cls(estimate.value, estimate.low, estimate.high)

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Setting:
    """How well partners were found by queries of one side, or of both, among some negatives."""

    negatives_share: str
    """``query_camera`` or ``target_camera``."""
    queries_of: str
    """smartphone, camera or both."""
    queries: int
    ties: int
    """Queries with a negative exactly as similar as the target: counted as misses."""
    recall_at_1: Share
    recall_at_5: Share
    mean_average_precision: Share

    @classmethod
    def of(cls, recall: Recall) -> Self:
        """One of the settings of a search."""
        return cls(
            recall.negatives.removeprefix("share_"),
            QUERIES[recall.direction],
            recall.queries,
            recall.ties,
            Share.of(recall.recall_at_1),
            Share.of(recall.recall_at_5),
            Share.of(recall.mean_average_precision),
        )


@dataclass(frozen=True, slots=True)
class RetrievalRow:
    """One encoder: all its settings, and how far they are apart."""

    encoder: str
    family: str
    provenance: Mapping[str, str]
    settings: tuple[Setting, ...]
    difference: Share
    """Recall@1 over both sides: negatives by the target's camera minus by the query's."""
    sensitivity: float
    """The absolute value of the difference: 0 for an encoder that tells of subjects alone."""

    @classmethod
    def of(
        cls, encoder: str, family: str, provenance: Mapping[str, str], found: PairRetrieval
    ) -> Self:
        """What a search came to."""
        settings = tuple(Setting.of(recall) for recall in found.recalls)
        difference = Share.of(found.difference)
        return cls(encoder, family, provenance, settings, difference, found.sensitivity)

    def setting(self, negatives_share: str, queries_of: str = "both") -> Setting:
        """One of the settings; ``negatives_share`` is query_camera or target_camera."""
        return next(
            one
            for one in self.settings
            if (one.negatives_share, one.queries_of) == (negatives_share, queries_of)
        )


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """All encoders over one set of pairs."""

    pairs: str
    """The name of the set."""
    subjects: int
    left_out: Mapping[str, str]
    """Subject → why it has no part."""
    words: Mapping[str, object]
    """The plan, and the ``mask`` that the set's photos have already; None for whole ones."""
    rows: tuple[RetrievalRow, ...]

    def lines(self) -> Iterator[str]:
        """A table for a terminal."""
        masked = "" if self.words.get("mask") is None else ", of photos that are masked already"
        yield f"{self.pairs}: {self.subjects} pairs, {len(self.left_out)} left out{masked}"
        for row in self.rows:
            yield f"{row.encoder}: sensitivity {row.sensitivity:.3f}, difference {row.difference}"
            for word, (shared, published) in NEGATIVES.items():
                yield f'  negatives share {shared} (the study\'s figure: "{published}")'
                for side in QUERIES.values():
                    one = row.setting(word.removeprefix("share_"), side)
                    yield (
                        f"    queries {side:10} recall@1 {one.recall_at_1}  "
                        f"@5 {one.recall_at_5.value:.3f}  "
                        f"mAP {one.mean_average_precision.value:.3f}  ties {one.ties}"
                    )

    def to_json(self) -> str:
        """The whole report as a JSON object."""
        head = {"schema": SCHEMA, "paircams_version": __version__}
        return json.dumps(head | asdict(self), ensure_ascii=False, indent=2)

    def to_csv(self) -> str:
        """One line per encoder and setting."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        shares = ("recall_at_1", "recall_at_5", "mean_average_precision")
        writer.writerow(
            ["encoder", "family", "negatives_share", "queries_of", "queries", "ties"]
            + [f"{name}{end}" for name in shares for end in ("", "_low", "_high")]
        )
        for row in self.rows:
            for one in row.settings:
                told = [getattr(one, name) for name in shares]
                numbers = [
                    value for share in told for value in (share.value, share.low, share.high)
                ]
                head = [row.encoder, row.family, one.negatives_share, one.queries_of]
                writer.writerow([*head, one.queries, one.ties, *numbers])
        return text.getvalue()

    def write(self, folder: Path) -> None:
        """Write retrieval.json, retrieval.csv and retrieval.png, each whole or not at all."""
        from paircams.retrieving.figure import draw

        try:
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_path(folder / "retrieval.png") as partial:
                draw(self, partial)
            write_text(folder / "retrieval.csv", self.to_csv())
            write_text(folder / "retrieval.json", self.to_json() + "\n")
        except OSError as error:
            raise UsageError(
                f"the report cannot be written to {str(folder)!r}: {error.strerror}; "
                "name a folder that can be written"
            ) from error
