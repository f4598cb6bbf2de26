"""From a labelled corpus to a release folder, without a network."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.engine import InProcess, ShardFailure, ShardReport, ShardTask
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.progress import Silent
from flickrexif.release.manifest import describe, describe_file, made_with
from flickrexif.release.previous import Previous, whatever_images_show
from flickrexif.release.schema import SPLITS, Config, attribute_config, photos_config
from flickrexif.release.select import (
    AttributeRows,
    Selection,
    attributed,
    balanced_rows,
    chosen_attributes,
    publishable,
    withdrawn,
)
from flickrexif.release.source import Source
from flickrexif.release.stages import Assemble, CorpusShard, MakeImages, RowSlice
from flickrexif.release.summary import BuildSummary
from flickrexif.release.versions import refuse_small_step
from flickrexif.release.words import write_words
from flickrexif.release.work import WITHDRAWN, WorkDirectory, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.engine import Engine, Stage
    from flickrexif.progress import Progress
    from flickrexif.release.manifest import Manifest
    from flickrexif.release.plan import BuildPlan
    from flickrexif.release.source import AttributeWords

log = logging.getLogger("flickrexif")

NO_IMAGE = "no image in the corpus"
UNREADABLE = "image cannot be read"


def build(
    corpus: Path | str,
    plan: BuildPlan,
    *,
    out: Path | str,
    engine: Engine | None = None,
    progress: Progress | None = None,
    previous: Path | str | None = None,
) -> BuildSummary:
    """Make the release ``out`` from the labelled corpus directory ``corpus``.

    It grows in ``<out>.partial``; a build that was stopped goes on there when called again with the
    same words. Photos that left the corpus since it was labelled are left out. The same corpus,
    plan, ``previous`` and library versions give byte-identical files.

    ``previous`` is the release before. Within its major version every owner stays in their split
    of each attribute, and rows that it had stay where a class has rows to spare. Photos that it
    withdrew stay out; the changelog tells the difference. A version that promises more than the
    difference keeps is refused: for what holds whatever the images show (photos, classes, labels,
    splits, kind) before anything is made; for rows that came or went as soon as the images are
    made, before any file of the release is.

    Raises `UsageError` when ``out`` exists, when the version is too low, when the corpus is not
    labelled or when nothing may be released, and `FlickrexifError` when a shard fails.
    """
    source = Source.open(Path(corpus))
    before = None
    if previous is not None:
        before = Previous.open(Path(previous), version=plan.version)
    making = _Build(source, plan, engine or InProcess(), progress or Silent(), before)
    return making.run(Path(out))


@dataclass(slots=True)
class _Build:
    source: Source
    plan: BuildPlan
    engine: Engine
    progress: Progress
    previous: Previous | None
    unreadable: dict[int, str] = field(default_factory=dict)

    def run(self, out: Path) -> BuildSummary:
        chosen = chosen_attributes(self.source, self.plan)
        listed = self.source.photos()
        left = withdrawn(listed, self.source.standing())
        gone = left | (self.previous.withdrawn_among(listed) if self.previous else {})
        selection = publishable(listed, gone, self.plan)
        labels = {one.name: self._labels(one.name, listed) for one in chosen}
        shards = self._shards(labels, selection)
        self._refuse_early(chosen, labels, selection, shards)
        words = {
            "plan": self.plan.words(),
            "corpus": self.source.fingerprint(),
            "made with": made_with(),
            "previous": self.previous.digest if self.previous else None,
            WITHDRAWN: digest_of(gone),
        }
        work = WorkDirectory.open(out, words)
        usable, made = self._usable(labels, selection, shards, work)
        attributes = self._attributes(chosen, labels, usable, selection)
        photos, configs = photos_config(), self._configs(attributes)
        manifest = self._described(attributes, selection)
        difference = None
        if self.previous is not None:
            difference = self.previous.difference(manifest, selection.photos, attributes)
            refuse_small_step(self.plan.version, difference)
        files = self._slices(photos, "train", selection.photos, work)
        for one, config in zip(attributes, configs, strict=True):
            rows = attributed(one.rows, selection.photos)
            for split in SPLITS:
                of_split = rows.filter(pl.col("split") == split).drop("split")
                files |= self._slices(config, split, of_split, work)
        manifest["files"] = self._assemble(files, made, work)
        write_words(
            work.release,
            manifest,
            difference=difference,
            before=self.previous.release.path if self.previous else None,
            ledger=self.previous.ledger if self.previous else (),
        )
        if withdrawn(listed, self.source.standing()) != left:
            raise FlickrexifError(
                f"photos left corpus {str(self.source.path)!r} while it was built: "
                "run the same command again"
            )
        work.finish()
        return BuildSummary.of(out, manifest, self.unreadable)

    def _labels(self, attribute: str, listed: pl.DataFrame) -> pl.DataFrame:
        labels = self.source.labels(attribute)
        if self.previous is None:
            return labels
        return self.previous.with_kept_splits(attribute, labels, listed)

    def _shards(
        self, labels: Mapping[str, pl.DataFrame], selection: Selection
    ) -> list[CorpusShard]:
        """The image shards of the corpus, each with the photos of it that rows may show."""
        if not self.plan.has_images:
            return []
        wanted = self._wanted(labels, selection)
        return [CorpusShard(one, _photo_ids(one) & wanted) for one in self.source.image_shards()]

    def _wanted(self, labels: Mapping[str, pl.DataFrame], selection: Selection) -> set[int]:
        labelled = {photo_id for rows in labels.values() for photo_id in rows["photo_id"]}
        return labelled.intersection(selection.photos["photo_id"])

    def _refuse_early(
        self,
        chosen: Sequence[AttributeWords],
        labels: Mapping[str, pl.DataFrame],
        selection: Selection,
        shards: Sequence[CorpusShard],
    ) -> None:
        """Refuse a version before images are made, as if all of them could be read."""
        if self.previous is None:
            return
        usable = selection.photos.select("photo_id")
        if self.plan.has_images:
            held = [photo_id for shard in shards for photo_id in shard.photo_ids]
            usable = usable.filter(pl.col("photo_id").is_in(held))
        every = [self._rows(one, labels[one.name], usable) for one in chosen]
        attributes = [one for one in every if not isinstance(one, str)]
        manifest = self._described(attributes, selection)
        difference = self.previous.difference(manifest, selection.photos, attributes)
        if self.plan.has_images:
            difference = whatever_images_show(difference)
        refuse_small_step(self.plan.version, difference)

    def _described(self, attributes: Sequence[AttributeRows], selection: Selection) -> Manifest:
        configs = [photos_config(), *self._configs(attributes)]
        manifest = describe(self.source, self.plan, selection, attributes, configs)
        return manifest | {"previous": self.previous.release.version if self.previous else None}

    def _usable(
        self,
        labels: Mapping[str, pl.DataFrame],
        selection: Selection,
        shards: Sequence[CorpusShard],
        work: WorkDirectory,
    ) -> tuple[pl.DataFrame, tuple[Path, ...]]:
        """The photos that rows may use (with the place of their image), and the image files."""
        if not self.plan.has_images:
            return selection.photos.select("photo_id"), ()
        tasks = [
            ShardTask(index, shard, work.images / f"images-{index:05}.arrow")
            for index, shard in enumerate(shards)
            if shard.photo_ids
        ]
        found = sum(len(shard.photo_ids) for shard in shards)
        self._run(MakeImages(self.plan), tasks, total=found, unit="photos")
        made = tuple(task.target for task in tasks)
        index = pl.concat([_index(number, path) for number, path in enumerate(made)] or [_EMPTY])
        failed = index.filter(pl.col("reason").is_not_null())
        self.unreadable = dict(failed.select("photo_id", "reason").iter_rows())
        for photo_id, reason in self.unreadable.items():
            log.warning("photo %d is left out: %s", photo_id, reason)
        lacking = len(self._wanted(labels, selection)) - found
        selection.left_out.update({UNREADABLE: failed.height, NO_IMAGE: lacking})
        selection.left_out += type(selection.left_out)()  # drops the counts of zero
        return index.filter(pl.col("reason").is_null()).drop("reason"), made

    def _attributes(
        self,
        chosen: Sequence[AttributeWords],
        labels: Mapping[str, pl.DataFrame],
        usable: pl.DataFrame,
        selection: Selection,
    ) -> list[AttributeRows]:
        kept = []
        for words in chosen:
            rows = self._rows(words, labels[words.name], usable)
            if isinstance(rows, str):
                selection.attributes_left_out[words.name] = rows
            else:
                kept.append(rows)
        if not kept and self.plan.has_images:
            raise UsageError(
                f"no attribute of corpus {str(self.source.path)!r} can be released: "
                "crawl more months, or label it anew"
            )
        return kept

    def _rows(
        self, words: AttributeWords, labels: pl.DataFrame, usable: pl.DataFrame
    ) -> AttributeRows | str:
        settled = self.previous.settled(words.name) if self.previous else ()
        return balanced_rows(words, labels, usable, seed=self.source.seed, settled=settled)

    def _configs(self, attributes: Sequence[AttributeRows]) -> list[Config]:
        has_image = self.plan.has_images
        return [
            attribute_config(one.words.name, one.classes, has_image=has_image) for one in attributes
        ]

    def _slices(
        self, config: Config, split: str, rows: pl.DataFrame, work: WorkDirectory
    ) -> dict[str, RowSlice]:
        """File name → its slice of ``rows``, which are written for the workers to read."""
        path = work.rows / f"{config.name}-{split}.arrow"
        table = rows.rechunk().to_arrow()
        with atomic_path(path) as partial, pa.ipc.new_file(partial, table.schema) as writer:
            writer.write_table(table)
        size = int(rows["image_bytes"].sum()) if config.has_image else 0
        count = max(1, min(rows.height, -(-size // self.plan.shard_bytes)))
        bounds = [rows.height * number // count for number in range(count + 1)]
        return {
            f"{config.name}/{split}-{number:05}-of-{count:05}.parquet": RowSlice(
                config, path, start, stop
            )
            for number, (start, stop) in enumerate(pairwise(bounds))
        }

    def _assemble(
        self, files: Mapping[str, RowSlice], made: tuple[Path, ...], work: WorkDirectory
    ) -> dict[str, dict[str, object]]:
        tasks = []
        for index, (name, rows) in enumerate(files.items()):
            target = work.release / name
            target.parent.mkdir(exist_ok=True)
            tasks.append(ShardTask(index, rows, target))
        stage = Assemble(made, self._about())
        total = sum(rows.stop - rows.start for rows in files.values())
        reports = self._run(stage, tasks, total=total, unit="rows")
        described = {
            name: describe_file(work.release / name, sha256=reports[index].sha256)
            for index, name in enumerate(files)
        }
        return dict(sorted(described.items()))

    def _about(self) -> dict[str, object]:
        words = self.plan.words()
        of_masks = ("crop", "interpolation", "mask") if self.plan.kind == "masked" else ()
        return {word: words[word] for word in ("name", "version", "kind", *of_masks)}

    def _run(
        self, stage: Stage, tasks: Sequence[ShardTask], *, total: int, unit: str
    ) -> dict[int, ShardReport]:
        self.progress.start(stage.name, total, unit)
        reports: dict[int, ShardReport] = {}
        failures: list[ShardFailure] = []
        for outcome in self.engine.run(stage, tasks):
            if isinstance(outcome, ShardFailure):
                failures.append(outcome)
            else:
                reports[outcome.index] = outcome
                self.progress.advance(outcome.rows_in)
        self.progress.close()
        if failures:
            first = min(failures, key=lambda failure: failure.index)
            raise FlickrexifError(
                f"{len(failures)} of {len(tasks)} shards of {stage.name!r} failed, shard "
                f"{first.index} by {first.reason}; the same command tries only those again"
            )
        return reports


_EMPTY = pl.DataFrame(
    schema={
        "photo_id": pl.Int64,
        "reason": pl.String,
        "image_bytes": pl.Int64,
        "made": pl.Int32,
        "place": pl.UInt32,
    }
)


def _photo_ids(shard: Path) -> frozenset[int]:
    with pq.ParquetFile(shard) as parquet:  # read_table would import pandas
        return frozenset(parquet.read(columns=["photo_id"])["photo_id"].to_pylist())


def _index(number: int, path: Path) -> pl.DataFrame:
    """Where each photo's image lies in the made file ``path``, and how long it is."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        lengths = pc.binary_length(table["image"])
        index = pa.table({"photo_id": table["photo_id"], "reason": table["reason"]})
        frame = pl.DataFrame(pl.from_arrow(index.append_column("image_bytes", lengths)))
    frame = frame.with_columns(pl.lit(number, pl.Int32).alias("made"))
    return frame.with_row_index("place").select(_EMPTY.columns).cast(_EMPTY.schema)
