"""``paircams validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flickrexif.cli.outputs import output_file, output_folder
from flickrexif.errors import PartialError
from flickrexif.progress import Bar
from paircams.finding import SEVERITIES, Severity
from paircams.limits import PROFILES

if TYPE_CHECKING:
    from paircams.report import Report


@click.command(short_help="Check a set of pairs: every photo, every pair, the whole set.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="paper",
    show_default=True,
    help="How close two views, times and exposures must be.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="From which severity on a finding makes the exit code 1.",
)
@click.option("--strict", is_flag=True, help="The same as --fail-on warning.")
@click.option(
    "--only",
    multiple=True,
    metavar="RULE",
    help="Run this rule (P003) or check (subject) alone; may be repeated.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE[:PAIR]",
    help="Leave out a rule's or a check's findings, or those on one pair; may be repeated.",
)
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="The sides of camera models: columns model, camera_class.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--report",
    "folder",
    type=output_folder,
    metavar="DIR",
    help="Write report.json, findings.csv and report.html into DIR.",
)
@click.option(
    "--junit",
    type=output_file,
    metavar="FILE",
    help="Write the findings as JUnit XML, for continuous integration.",
)
def validate(
    path: Path,
    profile: str,
    fail_on: Severity,
    strict: bool,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    classes: Path | None,
    as_json: bool,
    folder: Path | None,
    junit: Path | None,
) -> int:
    """Check the pairs of PATH.

    PATH is a manifest (.csv, .jsonl or .parquet) with a row for each subject (subject_idx,
    smartphone, camera) or for each photo (subject_idx, image, and model or camera_class), paths
    relative to its folder; a parquet dataset with the published columns (image, subject_idx,
    model); or a folder of <subject_idx>/smartphone.jpg and <subject_idx>/camera.jpg. What a review
    decided is heeded: in the manifest, or for parquet in PATH.decisions.csv beside it.

    Exits with 0 when the set is clean, 1 on findings from --fail-on up, 2 on wrong words, 3 when
    some pair could not be judged. The photos are matched by OpenCV: pip install
    "flickrexif[pairs]".
    """
    from paircams.junit import write_junit
    from paircams.sheet import write_sheet
    from paircams.validating import validate as check

    failing: Severity = "warning" if strict and fail_on == "error" else fail_on
    with Bar() as progress:
        report = check(
            path, profile=profile, only=only, ignore=ignore, classes=classes, progress=progress
        )
        if folder is not None:
            report.write(folder)
            write_sheet(report, folder, progress=progress)
    if junit is not None:
        write_junit(report, junit, fail_on=failing)
    click.echo(report.to_json() if as_json else "\n".join(report.lines()))
    refuse_incomplete(report)
    return 1 if report.fails(failing) else 0


def refuse_incomplete(report: Report) -> None:
    """Raise `PartialError` when the matching of a pair broke off."""
    left = [verdict for verdict in report.verdicts if verdict.reason is not None]
    if left:
        raise PartialError(
            f"{len(left)} pairs could not be judged, first subject {left[0].subject_idx!r}: "
            f"{left[0].reason}; the other findings stand"
        )
