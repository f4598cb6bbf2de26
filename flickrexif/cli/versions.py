"""Commands on the versions of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.root import cli, json_option, path_type

if TYPE_CHECKING:
    from pathlib import Path


@cli.command("diff")
@click.argument("before", type=path_type())
@click.argument("after", type=path_type())
@click.option("--images", is_flag=True, help="Compare image bytes too, by a digest per photo.")
@json_option
def diff_(before: Path, after: Path, images: bool, as_json: bool) -> None:
    """Tell what changed from the release BEFORE to the release AFTER.

    Photos that came and went; of each attribute the rows that came, went, have another class or
    another split; classes, columns and words; and how large a step of the version that is: major
    for other columns, classes, labels, splits or images, minor for more photos, patch for fewer or
    for mended metadata. Exits with 0, also when they differ. --json has every id.
    """
    from flickrexif.release import diff as run

    difference = run(before, after, images=images)
    console.show(difference.as_json(), difference.lines(), as_json=as_json)
