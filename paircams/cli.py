"""The command line: parses, makes one call, prints its result.

Exit codes: 0 the set is sound · 1 findings of severity error · 2 usage · 130 interrupted.
Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif._version import __version__
from flickrexif.progress import Bar
from paircams.limits import PROFILES
from paircams.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="paircams")
def cli() -> None:
    """Check pairs of photos: one subject, a smartphone and an older digital camera."""


@cli.command("validate")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="paper",
    show_default=True,
    help="How far apart in time the photos of a pair may be: 60, 10 or 2 minutes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write report.json and findings.csv into DIR.",
)
def validate_command(path: Path, profile: str, as_json: bool, folder: Path | None) -> int:
    """Check the pairs of PATH.

    PATH is a manifest (.csv or .jsonl with the columns subject_idx, smartphone, camera and, if
    wanted, license and owner; photos relative to its folder), or a folder of
    <subject_idx>/smartphone.jpg and <subject_idx>/camera.jpg or of <subject_idx>_smartphone.jpg and
    <subject_idx>_camera.jpg.

    Exits with 1 when a finding is an error, with 0 when there are none or only warnings.
    """
    with Bar() as progress:
        report = validate(path, profile=profile, progress=progress)
    if folder is not None:
        report.write(folder)
    click.echo(report.to_json() if as_json else "\n".join(report.lines()))
    return 0 if report.passed else 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; errors are one line on standard error."""
    console.run(cli, "paircams", arguments)
