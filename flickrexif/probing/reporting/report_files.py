"""The files of a report, each of which appears whole or not at all.

====================  ==========================================================================
results.json          all that a `ProbeReport` holds but predictions, under ``schema_version``
results.parquet       a row per encoder and attribute
predictions.parquet   a row per encoder, attribute and test photo
results.md            the table, as Markdown
report.html           one page without requests: figure, sortable table, confusions, how to read it
accuracy.png, .svg    the figure
====================  ==========================================================================

Equal reports give equal bytes. Within a ``schema_version`` fields of results.json may be added, but
none is renamed, removed or given another meaning. A figure that there is not, such as the standard
error of one permutation, is null.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from typing import TYPE_CHECKING, Any, TypeVar

from flickrexif.atomic import atomic_path, write_text
from flickrexif.errors import UsageError
from flickrexif.probing.reporting.predictions import FILE as PREDICTIONS
from flickrexif.probing.reporting.predictions import write_predictions
from flickrexif.probing.reporting.report import EncoderRecord, ProbeReport
from flickrexif.probing.reporting.report_markdown import markdown
from flickrexif.probing.result import AttributeResult

if TYPE_CHECKING:
    from pathlib import Path

Made = TypeVar("Made", EncoderRecord, AttributeResult, ProbeReport)

SCHEMA_VERSION = 1
RESULTS = "results.json"
NUMBERS = re.compile(r"\[\n([-+.\deE,\s]+)\]")
"""A list of numbers alone, as ``indent`` writes it: strings hold no line feed."""


def write(report: ProbeReport, out: Path) -> None:
    """Write every file of ``report`` into ``out``."""
    import polars as pl

    from flickrexif.probing.reporting.figure import QUIET_COLOUR, draw
    from flickrexif.probing.reporting.report_html import INK, drawn, html

    out.mkdir(parents=True, exist_ok=True)
    write_text(out / RESULTS, to_json(report))
    with atomic_path(out / "results.parquet") as partial:
        pl.DataFrame(report.rows(), infer_schema_length=None).write_parquet(partial)
    if report.predictions:
        write_predictions(out / PREDICTIONS, report.predictions)
    write_text(out / "results.md", markdown(report))
    with atomic_path(out / "accuracy.png") as partial:
        draw(report, partial)
    figure = drawn(report)
    write_text(out / "accuracy.svg", figure.replace(INK, QUIET_COLOUR))
    write_text(out / "report.html", html(report, figure))


def to_json(report: ProbeReport) -> str:
    """The text of results.json: a line per word, and one per row of a matrix."""
    text = json.dumps(as_dict(report), indent=2, sort_keys=True, ensure_ascii=False)
    return NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def as_dict(report: ProbeReport) -> dict[str, Any]:
    """``report`` as JSON holds it: its fields, the verdicts, and the version of this form."""
    told = {
        each.name: getattr(report, each.name)
        for each in dataclasses.fields(report)
        if each.name != "predictions"
    }
    told["encoders"] = [dataclasses.asdict(encoder) for encoder in report.encoders]
    told["results"] = report.rows()
    told["skipped"] = {str(photo_id): reason for photo_id, reason in report.skipped.items()}
    plain: dict[str, Any] = _plain({"schema_version": SCHEMA_VERSION, **told})
    return plain


def read(source: Path) -> ProbeReport:
    """See `ProbeReport.read`."""
    path = source / RESULTS if source.is_dir() else source
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _no_report(source, f"no {RESULTS} can be read there") from error
    except ValueError as error:
        raise _no_report(source, f"{RESULTS} is no JSON") from error
    if not isinstance(told, dict) or "results" not in told:
        raise _no_report(source, f"{RESULTS} holds no results")
    if told.get("schema_version") != SCHEMA_VERSION:
        version = told.get("schema_version")
        raise _no_report(source, f"schema_version is {version!r}, not {SCHEMA_VERSION}")
    try:
        return _report(told)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _no_report(source, f"{type(error).__name__}: {error}") from error


def _report(told: dict[str, Any]) -> ProbeReport:
    parts = {
        "encoders": tuple(_made(EncoderRecord, one) for one in told["encoders"]),
        "results": tuple(_result(one) for one in told["results"]),
        "skipped": {int(photo_id): why for photo_id, why in told["skipped"].items()},
        "classes": {name: tuple(classes) for name, classes in told["classes"].items()},
        "plan": {name: _frozen(word) for name, word in told["plan"].items()},
    }
    return _made(ProbeReport, told | parts)


def _result(words: dict[str, Any]) -> AttributeResult:
    error = words["shuffled_error"]
    return _made(AttributeResult, words | {"shuffled_error": math.nan if error is None else error})


def _made(kind: type[Made], words: dict[str, Any]) -> Made:
    known = {each.name for each in dataclasses.fields(kind)}
    return kind(**{name: _frozen(value) for name, value in words.items() if name in known})


def _frozen(value: Any) -> Any:
    """Lists as the tuples that the dataclasses have."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """``value`` as JSON has it; NaN, which JSON has not, is null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _no_report(source: Path, why: str) -> UsageError:
    return UsageError(
        f"{str(source)!r} is no probe's results ({why}); make some with flickrexif probe --out"
    )
