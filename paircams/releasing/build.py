"""From a validated set of pairs to a release: a folder that load_dataset opens."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from flickrexif.release.card import CARD
from flickrexif.release.manifest import MANIFEST, describe_file, made_with, read_manifest, to_text
from flickrexif.release.schema import MANIFEST_SCHEMA
from flickrexif.release.work import WorkDirectory
from paircams.layout import SIDES
from paircams.releasing.card import render_card
from paircams.releasing.choose import choose
from paircams.releasing.rows import pair_rows
from paircams.releasing.schema import PAIRS, SPLIT, pairs_config
from paircams.releasing.summary import BuildSummary
from paircams.sandbox import TRUTH
from paircams.validate import validate

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from paircams.releasing.plan import PairsPlan
    from paircams.releasing.rows import ChosenPair, Row
    from paircams.report import Report

FIGURES = ("inliers", "rotation_deg", "scale", "iou", "shift", "ncc")


def build(
    path: str | os.PathLike[str],
    plan: PairsPlan,
    *,
    out: str | os.PathLike[str],
    profile: str = "paper",
    classes: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> BuildSummary:
    """Validate the pairs at ``path`` and write the release ``out``.

    ``classes`` is a table of camera models, for sets that tell models instead of sides. Files are
    stripped of all metadata without loss, or masked. It grows in ``<out>.partial`` and
    appears whole. Equal files, words and library versions give equal bytes. Raises `UsageError` for
    an ``out`` that exists, and `FlickrexifError` for a set with errors unless the plan leaves pairs
    with errors out.
    """
    _refuse_existing(Path(out))
    telling = progress or Silent()
    report = validate(path, profile=profile, classes=classes, progress=telling)
    chosen, left_out = choose(report, leave_out_failed=plan.leave_out_failed)
    work = WorkDirectory.open(Path(out), _words(report, plan, chosen))
    telling.start("pairs", len(chosen), "pair")
    told = _Told()
    files = {}
    for target, part in _parts(work.release, chosen, plan.pairs_per_file):
        rows = list(told.noticing(_rows(part, plan, telling)))
        _write(target, rows, plan)
        files[target.relative_to(work.release).as_posix()] = describe_file(target)
    telling.close()
    manifest = _manifest(report, plan, told, left_out) | {"files": files}
    write_text(work.release / CARD, render_card(manifest))
    manifest["files"] = dict(sorted((files | {CARD: describe_file(work.release / CARD)}).items()))
    write_text(work.release / MANIFEST, to_text(manifest))
    work.finish()
    return BuildSummary.of(Path(out), manifest)


def _refuse_existing(out: Path) -> None:
    """Before anything is validated, which takes a while."""
    if out.exists():
        raise UsageError(
            f"{str(out)!r} exists and a release is never overwritten: name another folder"
        )


def _words(report: Report, plan: PairsPlan, chosen: Sequence[ChosenPair]) -> dict[str, Any]:
    """What a call that goes on in the same folder must repeat."""
    names = "\n".join(file.name for pair in chosen for file in pair.subject.files)
    return {
        "plan": asdict(plan) | {"mask": plan.mask.words()},
        "profile": report.profile,
        "photos": sha256(names.encode()).hexdigest(),
        "made with": made_with(),
    }


def _parts(
    release: Path, chosen: Sequence[ChosenPair], size: int
) -> Iterator[tuple[Path, Sequence[ChosenPair]]]:
    count = -(-len(chosen) // size)
    (release / PAIRS).mkdir(exist_ok=True)
    for number in range(count):
        name = f"{SPLIT}-{number:05}-of-{count:05}.parquet"
        yield release / PAIRS / name, chosen[number * size : (number + 1) * size]


def _rows(pairs: Sequence[ChosenPair], plan: PairsPlan, progress: Progress) -> Iterator[Row]:
    for pair in pairs:
        yield from pair_rows(pair, plan)
        progress.advance()


def _write(target: Path, rows: list[Row], plan: PairsPlan) -> None:
    config = pairs_config()
    about = {"name": plan.name, "version": plan.version, "kind": PAIRS} | plan.masking
    schema = config.arrow_schema(about)
    columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
    table = pa.Table.from_arrays(columns, schema=schema)
    # Pictures are compressed already, the other columns are small.
    pq.write_table(table, target, compression="zstd", row_group_size=64, use_dictionary=False)


def _manifest(
    report: Report, plan: PairsPlan, told: _Told, left_out: dict[str, int]
) -> dict[str, Any]:
    config = pairs_config()
    return {
        "schema_version": MANIFEST_SCHEMA,
        "name": plan.name,
        "version": plan.version,
        "kind": PAIRS,
        "made_with": made_with() | dict(report.versions),
        "pixels": plan.kind,
        "synthetic": _is_synthetic(report.declared.root),
        **plan.masking,
        "photos": {"rows": told.photos, "pairs": told.photos // 2},
        "models": {side: dict(sorted(told.models[side].items())) for side in SIDES},
        "licenses": dict(sorted(told.licenses.items())),
        "figures": {name: told.spread(name) for name in FIGURES},
        "validated": {"profile": report.profile, "findings": dict(sorted(told.findings.items()))},
        "of_the_set": [f.message for f in report.findings if f.subject_idx is None],
        "left_out": left_out,
        "attributes": {},
        "configs": {config.name: config.features},
    }


def _is_synthetic(root: Path) -> bool:
    """True for a simulated set, and for a release that was built from one."""
    if (root / TRUTH).is_file():
        return True
    above = [folder / MANIFEST for folder in (root, root.parent)]
    found = next((file.parent for file in above if file.is_file()), None)
    return found is not None and bool(read_manifest(found).get("synthetic"))


class _Told:
    """What the card tells of the rows, counted as they go by."""

    def __init__(self) -> None:
        self.photos = 0
        self.models = {side: Counter[str]() for side in SIDES}
        self.licenses = Counter[str]()
        self.findings = Counter[str]()
        self._figures: dict[str, list[float]] = {name: [] for name in FIGURES}

    def noticing(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Yield the rows, counted."""
        for row in rows:
            self.photos += 1
            self.models[row["camera_class"]][row["model"] or "unknown"] += 1
            self.licenses[row["license"] or "unknown"] += 1
            if row["camera_class"] == SIDES[0]:
                self.findings.update(row["findings"].split())
                for name, values in self._figures.items():
                    values += [] if row[name] is None else [row[name]]
            yield row

    def spread(self, name: str) -> dict[str, float] | None:
        """Least, middle and greatest value of a figure; None where no pair has it."""
        values = sorted(self._figures[name])
        if not values:
            return None
        middle = values[len(values) // 2]
        return {"least": values[0], "median": middle, "greatest": values[-1]}
