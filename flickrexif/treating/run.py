"""From any set of images to a treated one, in a folder that load_dataset and probe open."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.atomic import write_text
from flickrexif.engine import InProcess, ShardFailure, ShardTask
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.imaging.image_set import ImageSet
from flickrexif.imaging.mask import achieved_ratio
from flickrexif.progress import Silent
from flickrexif.release.card import CARD, render_card
from flickrexif.release.manifest import MANIFEST, describe_file, made_with, to_text
from flickrexif.release.schema import MANIFEST_SCHEMA, TREATED, treated_config
from flickrexif.release.work import WorkDirectory
from flickrexif.treating.origin import origin
from flickrexif.treating.rows import dealt, may_be_changed
from flickrexif.treating.stage import OK, Treat
from flickrexif.treating.summary import TreatSummary
from flickrexif.treating.treatments import Masking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flickrexif.engine import Engine, ShardReport
    from flickrexif.imaging.image_place import Place
    from flickrexif.progress import Progress
    from flickrexif.release.manifest import Manifest
    from flickrexif.release.schema import Config
    from flickrexif.treating.plan import TreatPlan
    from flickrexif.treating.treatments import Treatment

LEFT_OUT = "left_out.json"
NO_DERIVATIVES = "licence allows no changed copies"


def treat(
    images: Path | str,
    treatment: Treatment,
    plan: TreatPlan,
    *,
    out: Path | str,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> TreatSummary:
    """Do ``treatment`` to each image of the set at ``images`` and write the release ``out``.

    It grows in ``<out>.partial``; stopped, the same call goes on there. Unreadable images are left
    out and named with their reasons in ``left_out.json``. Equal images, words and library versions
    give equal bytes. Raises `UsageError` for what is no set of images, for an ``out`` that exists
    or lies among them, and `FlickrexifError` when more images than ``plan.most_unreadable`` are
    unreadable, or all.
    """
    source = ImageSet.open(images)
    _require_apart(source, Path(out))
    return _Treating(source, treatment, plan, engine or InProcess(), progress or Silent()).run(
        Path(out)
    )


@dataclass(slots=True)
class _Treating:
    source: ImageSet
    treatment: Treatment
    plan: TreatPlan
    engine: Engine
    progress: Progress
    _failed: Counter[str] = field(default_factory=Counter)

    def run(self, out: Path) -> TreatSummary:
        allowed = [place for place in self.source.places if may_be_changed(place)]
        if not allowed:
            raise UsageError(
                f"every image of {str(self.source.path)!r} has a licence that allows no changed "
                "copies: name another set"
            )
        by_split = dealt(allowed, seed=self.plan.seed)
        config, source = self._config(), origin(self.source)
        work = WorkDirectory.open(out, self._fingerprint())
        tasks = self._tasks(by_split, config, work)
        stage = Treat(self.treatment, config, self._about(), work.rows)
        reports = self._treat(stage, tasks, total=len(allowed))
        left_out = _gathered(stage, tasks)
        tasks = _with_rows(tasks, reports)
        write_text(
            work.release / LEFT_OUT,
            json.dumps(left_out, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
        )
        manifest = self._manifest(config, tasks, work, source)
        refused = len(self.source) - len(allowed)
        manifest["left_out"] |= {NO_DERIVATIVES: refused} if refused else {}
        for task in tasks:
            name = task.target.relative_to(work.release).as_posix()
            sha256 = reports[task.index].sha256
            manifest["files"][name] = describe_file(task.target, sha256=sha256)
        write_text(work.release / CARD, render_card(manifest))
        for name in (CARD, LEFT_OUT):
            manifest["files"][name] = describe_file(work.release / name)
        manifest["files"] = dict(sorted(manifest["files"].items()))
        write_text(work.release / MANIFEST, to_text(manifest))
        work.finish()
        return TreatSummary.of(out, manifest, unreadable=left_out)

    def _config(self) -> Config:
        own = self.treatment.classes
        if own is None:
            return treated_config(self.treatment.name, self.source.classes)
        return treated_config(self.treatment.name, own, source_classes=self.source.classes)

    def _fingerprint(self) -> dict[str, Any]:
        """What a call that goes on must repeat: the words, and the files as they lie there.

        How many images may be left out is no word of it: it changes no byte.
        """
        plan = {word: v for word, v in self.plan.words().items() if word != "most_unreadable"}
        files = {place.file for place in self.source.places}
        stats = {str(file.relative_to(self.source.path)): file.stat() for file in sorted(files)}
        return {
            "treatment": self.treatment.words() | {"name": self.treatment.name},
            "plan": plan,
            "images": {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()},
            "made with": made_with(),
        }

    def _about(self) -> dict[str, Any]:
        """What stands in the metadata of every file."""
        return {
            "name": self.plan.name,
            "version": self.plan.version,
            "kind": TREATED,
            "treatment": self.treatment.words(),
            "provenance": self.treatment.provenance,
        }

    def _tasks(
        self, by_split: Mapping[str, Sequence[Place]], config: Config, work: WorkDirectory
    ) -> list[ShardTask]:
        folder = work.release / config.name
        folder.mkdir(exist_ok=True)
        tasks: list[ShardTask] = []
        for split, places in by_split.items():
            parts = list(_parts(places, self.plan.images_per_file))
            for number, part in enumerate(parts):
                name = f"{split}-{number:05}-of-{len(parts):05}.parquet"
                tasks.append(ShardTask(len(tasks), part, folder / name))
        return tasks

    def _treat(
        self, stage: Treat, tasks: Sequence[ShardTask], *, total: int
    ) -> dict[int, ShardReport]:
        self.progress.start(self.treatment.name, total, "images")
        reports: dict[int, ShardReport] = {}
        for outcome in self.engine.run(stage, tasks):
            if isinstance(outcome, ShardFailure):
                raise FlickrexifError(
                    f"file {tasks[outcome.index].target.name!r} failed by {outcome.reason}; "
                    "the same command goes on there"
                )
            reports[outcome.index] = outcome
            self._count(outcome, total, stage.sheet(tasks[outcome.index]))
            self.progress.advance(outcome.rows_in)
        self.progress.close()
        return reports

    def _count(self, report: ShardReport, total: int, sheet: Path) -> None:
        self._failed.update({why: n for why, n in report.status_counts.items() if why != OK})
        failed, most = self._failed.total(), self.plan.most_unreadable
        if failed / total > most or failed == total:
            name, why = next(iter(json.loads(sheet.read_text(encoding="utf-8")).items()))
            share = f"more than {most:.3g} of them: look at them, or raise --most-unreadable"
            raise FlickrexifError(
                f"{failed} of {total} images of {str(self.source.path)!r} are unreadable, such as "
                f"{name!r} ({why}), {share if failed < total else 'which is all: look at them'}"
            )

    def _manifest(
        self,
        config: Config,
        tasks: Sequence[ShardTask],
        work: WorkDirectory,
        source: Mapping[str, Any],
    ) -> Manifest:
        words = self.treatment.words()
        splits: dict[str, dict[str, Any]] = {
            split: {"rows": 0, "classes": Counter()} for split in ("train", "validation", "test")
        }
        for task in tasks:
            split = splits[_split_of(task)]
            split["rows"] += pq.read_metadata(task.target).num_rows
            split["classes"] += _classes_in(task.target, config)
        return {
            "schema_version": MANIFEST_SCHEMA,
            "name": self.plan.name,
            "version": self.plan.version,
            "kind": TREATED,
            "seed": self.plan.seed,
            "made_with": made_with(),
            "provenance": self.treatment.provenance,
            "source": source,
            "treatment": words,
            "description": self.treatment.description,
            "mask": words.get("mask"),
            "crop": words.get("crop", {}).get("size"),
            **self._achieved(),
            "attributes": self._attributes(config, splits),
            "configs": {config.name: config.features},
            "left_out": dict(sorted(self._failed.items())),
            "files": {},
        }

    def _achieved(self) -> dict[str, float]:
        """How much a mask hides, which may differ a little from what was asked."""
        if not isinstance(self.treatment, Masking):
            return {}
        size = self.treatment.crop.size
        return {"mask_achieved_ratio": round(achieved_ratio(self.treatment.mask, size, size), 6)}

    def _attributes(self, config: Config, splits: Mapping[str, Any]) -> dict[str, Any]:
        if "label" not in config.features:
            return {}
        own = self.treatment.classes is not None
        names = config.features["label"]["names"]
        return {
            config.name: {
                "classes": names,
                "ordinal": self.treatment.is_ordinal,
                "description": self.treatment.description if own else "the class of the source",
                "splits": {
                    split: {
                        "rows": words["rows"],
                        "classes": {
                            name: words["classes"][code] for code, name in enumerate(names)
                        },
                    }
                    for split, words in splits.items()
                },
            }
        }


def _require_apart(source: ImageSet, out: Path) -> None:
    """What is written among the images would be part of the set when it is read again."""
    if out.resolve().is_relative_to(source.path.resolve()) and not out.exists():
        raise UsageError(
            f"{str(out)!r} lies in the set {str(source.path)!r}: name a folder outside of it"
        )


def _parts(places: Sequence[Place], size: int) -> Iterator[tuple[Place, ...]]:
    listed = iter(places)
    while part := tuple(islice(listed, size)):
        yield part


def _split_of(task: ShardTask) -> str:
    return task.target.name.split("-")[0]


def _with_rows(tasks: Sequence[ShardTask], reports: Mapping[int, ShardReport]) -> list[ShardTask]:
    """The files of splits with an image; others are removed, as load_dataset refuses them."""
    rows: Counter[str] = Counter()
    for task in tasks:
        rows[_split_of(task)] += reports[task.index].rows_out
    for task in tasks:
        if not rows[_split_of(task)]:
            task.target.unlink()
    return [task for task in tasks if rows[_split_of(task)]]


def _classes_in(path: Path, config: Config) -> Counter[int]:
    if "label" not in config.features:
        return Counter()
    counted = pc.value_counts(pq.read_table(path, columns=["label"])["label"])
    return Counter({one["values"]: one["counts"] for one in counted.to_pylist()})


def _gathered(stage: Treat, tasks: Sequence[ShardTask]) -> dict[str, str]:
    """Name → reason of every image that was left out."""
    found: dict[str, str] = {}
    for task in tasks:
        found |= json.loads(stage.sheet(task).read_text(encoding="utf-8"))
    return found
