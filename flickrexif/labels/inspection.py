"""What is wrong with splits, published or our own, and how they seem to have been made."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.labels.attributes import ATTRIBUTES, SPLITS
from flickrexif.labels.bursts import NEAR, ascending_runs, near_rates
from flickrexif.labels.proof import Fault, prove
from flickrexif.labels.published import splits_of
from flickrexif.labels.published_table import OWNERS, read_table
from flickrexif.labels.split_files import read_each
from flickrexif.labels.store import LABELS_FILE, read_labelled, read_owners

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flickrexif.labels.published import PublishedSplits

LEAKED = "photo-in-two-splits"


@dataclass(frozen=True, slots=True)
class SplitInspection:
    """The splits of one attribute, looked at."""

    source: str
    """The file or the corpus."""
    attribute: str
    """By its published name."""
    classes: tuple[str, ...]
    photos: Mapping[str, int]
    """Split → rows."""
    per_class: Mapping[str, tuple[int, int]]
    """Split → rows of its smallest and of its largest class."""
    faults: tuple[Fault, ...]
    """Everything that makes the splits unsound."""
    leaks: Mapping[str, Mapping[str, int]]
    """Pair of splits, as in ``train-test`` → class → photos of it that stand in both."""
    without_owner: int | None
    """Photos whose owner nobody told, so that they prove nothing; None when no owners were told."""
    limiting_class: str | None
    """The class that seems to have been too small to be cut: alone, it kept an ascending order."""
    ascending_run: int | None
    """So many ids of it ascend in train."""
    near_rates: Mapping[str, float]
    """As `flickrexif.labels.bursts.near_rates` gives them."""

    def lines(self) -> Iterator[str]:
        """The inspection for people; what is found begins with ``FOUND``."""
        counts = ", ".join(f"{self.photos[split]} {split}" for split in SPLITS)
        yield f"{self.attribute} ({self.source}): {len(self.classes)} classes; {counts}"
        yield f"  per class: {', '.join(self._each(split) for split in SPLITS)}"
        for pair, by_class in self.leaks.items():
            each = ", ".join(f"{count} of {name!r}" for name, count in by_class.items())
            both = " and ".join(pair.split("-"))
            yield f"  FOUND {sum(by_class.values())} photos in both {both}: {each}"
        yield from (f"  FOUND {fault.words}" for fault in self.faults if fault.flaw != LEAKED)
        if self.without_owner is None:
            yield "  owners: not told, so that nothing is proved of them"
        elif self.without_owner:
            yield f"  owners: not told of {self.without_owner} photos"
        if self.limiting_class is not None:
            yield (
                f"  limiting class: {self.limiting_class!r} "
                f"({self.ascending_run} of its ids in train ascend, as if none was left out)"
            )
        rates = ", ".join(f"{pair} {rate:.2%}" for pair, rate in self.near_rates.items())
        yield f"  photos with one of their class within {NEAR} ids: {rates}"

    def _each(self, split: str) -> str:
        least, most = self.per_class[split]
        return f"{least} {split}" if least == most else f"{least} to {most} {split}"


def inspect_splits(
    paths: Iterable[Path | str], *, table: Path | str | None = None
) -> tuple[SplitInspection, ...]:
    """Look at the splits in files of the published form, in folders of such, and in corpora.

    ``table`` (as the published one) tells the owners of photos in files; a corpus knows its own.
    Raises `UsageError` for what is neither, or is damaged.
    """
    owners = None if table is None else read_table(Path(table), OWNERS).rows
    corpora: list[Path] = []
    files: list[Path] = []
    for path in map(Path, paths):
        (corpora if (path / LABELS_FILE).is_file() else files).append(path)
    inspected = [_inspect(str(path), splits, owners) for path, splits in read_each(files).items()]
    for corpus in corpora:
        inspected += _inspect_corpus(corpus)
    return tuple(inspected)


def _inspect_corpus(corpus: Path) -> Iterator[SplitInspection]:
    labels, _ = read_labelled(corpus)
    owners = read_owners(corpus)
    for attribute in ATTRIBUTES:
        if attribute.name in set(labels["attribute"]):
            yield _inspect(str(corpus), splits_of(labels, attribute), owners)


def _inspect(source: str, splits: PublishedSplits, owners: pl.DataFrame | None) -> SplitInspection:
    labels = splits.labels()
    without_owner = None
    if owners is not None:
        labels = labels.join(owners, on="photo_id", how="left", maintain_order="left")
        without_owner = labels.filter(pl.col("owner_id").is_null())["photo_id"].n_unique()
    runs = ascending_runs(splits.splits["train"], splits.classes)
    limiting, run = next(iter(runs.items())) if len(runs) == 1 else (None, None)
    return SplitInspection(
        source=source,
        attribute=splits.published_name,
        classes=splits.classes,
        photos={split: len(splits.splits[split].photo_ids) for split in SPLITS},
        per_class={split: _extremes(labels, split, splits.classes) for split in SPLITS},
        faults=tuple(prove(labels)),
        leaks=_leaks(labels),
        without_owner=without_owner,
        limiting_class=limiting,
        ascending_run=run,
        near_rates=near_rates(splits.splits),
    )


def _extremes(labels: pl.DataFrame, split: str, classes: tuple[str, ...]) -> tuple[int, int]:
    rows = labels.filter(pl.col("split") == split)["label"]
    counted = dict(rows.value_counts().iter_rows())
    counts = [counted.get(name, 0) for name in classes]
    return min(counts), max(counts)


def _leaks(labels: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Pair of splits → class (as in the first of them) → photos in both, the most first."""
    found = {}
    for one, other in combinations(SPLITS, 2):
        rows, there = (labels.filter(pl.col("split") == split) for split in (one, other))
        shared = rows.unique("photo_id", maintain_order=True).join(there, on="photo_id", how="semi")
        if shared.height:
            counted = shared.group_by("label").len().sort("len", "label", descending=[True, False])
            found[f"{one}-{other}"] = dict(counted.iter_rows())
    return found
