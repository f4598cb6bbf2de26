"""``paircams build`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import json_option
from flickrexif.errors import FlickrexifError
from flickrexif.progress import Bar
from paircams.limits import PROFILES

if TYPE_CHECKING:
    from paircams.releasing.plan import Kind


@click.command(short_help="Build a versioned release of validated pairs.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--version", required=True, metavar="X.Y.Z")
@click.option("--out", type=output_folder, required=True, metavar="DIR")
@click.option("--name", default="PairCams", show_default=True)
@click.option(
    "--kind",
    type=click.Choice(["plain", "masked"]),
    default="plain",
    show_default=True,
    help="plain: JPEG and PNG files as taken; masked: cropped, and 90 % of the area hidden.",
)
@click.option(
    "--previous",
    type=click.Path(path_type=Path),
    metavar="RELEASE",
    help="The release before: what it withdrew stays out, the CHANGELOG tells what changed.",
)
@click.option("--profile", type=click.Choice(list(PROFILES)), default="paper", show_default=True)
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="The sides of camera models: columns model, camera_class.",
)
@click.option(
    "--leave-out-failed", is_flag=True, help="Build from the pairs without errors, if others have."
)
@json_option
def build(
    path: Path,
    version: str,
    out: Path,
    name: str,
    kind: Kind,
    previous: Path | None,
    profile: str,
    classes: Path | None,
    leave_out_failed: bool,
    as_json: bool,
) -> None:
    """Validate the pairs of PATH and build a release of them in the new folder DIR.

    Metadata are removed without re-encoding, and load_dataset opens the folder. Pairs that were
    rejected in a review are left out. A set with errors is refused, and so are files that cannot
    be stripped without loss (HEIC, WebP), before anything is written.

    With --previous the version must keep its promise: major for other columns, names or making of
    the photos, minor for more pairs, patch for fewer or for mended metadata. Other photos of a
    subject that was withdrawn are refused.

    It grows in DIR.partial and appears whole. Stopped, the same command, or one with other words,
    throws away what was written and begins anew.
    """
    from paircams.releasing import PairsPlan
    from paircams.releasing import build as run

    plan = PairsPlan(version, kind=kind, name=name, leave_out_failed=leave_out_failed)
    with Bar() as progress:
        summary = run(
            path,
            plan,
            out=out,
            previous=previous,
            profile=profile,
            classes=classes,
            progress=progress,
        )
    console.show(summary, summary.lines(), as_json=as_json)


@click.command(short_help="Tell whether a release of pairs is whole.")
@click.argument("release", metavar="RELEASE|ORG/NAME")
@click.option("--version", metavar="X.Y.Z", help="A published version.  [default: main]")
@json_option
def verify(release: str, version: str | None, as_json: bool) -> int:
    """Check a release of pairs, file by file and row by row.

    RELEASE is a folder; ORG/NAME a dataset on the Hub (or a folder that was published to), of which
    a version is fetched by its commit first. Exits with 1 when anything was found.
    """
    from flickrexif.publishing import is_published, verify_published
    from paircams.releasing import verify as run

    with Bar() as progress:
        if is_published(release) or version is not None:
            findings = verify_published(release, version, verifier=run, progress=progress)
        else:
            findings = run(Path(release), progress=progress)
    sound = f"{release}: sound"
    console.show(findings, [str(one) for one in findings] or [sound], as_json=as_json)
    return FlickrexifError.exit_code if findings else 0
