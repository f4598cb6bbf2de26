"""The command that fetches the images of photos that are known by a table only."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.grouped import GroupedCommand
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.reaching import AskedFlickr, image_rate_option
from flickrexif.cli.root import cli, json_option, open_progress, path_type
from flickrexif.errors import PartialError

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.flickr import Connection


@cli.command(
    cls=GroupedCommand,
    groups={
        "What to fetch, and whereto": ("corpus", "folder", "size", "retry_failed"),
        "From which Flickr": ("endpoint", "sandbox"),
        "How fast, and how long": ("images_per_second", "max_hours", "patience_hours"),
    },
)
@click.argument("source", type=path_type())
@click.option(
    "--to",
    "corpus",
    type=output_folder,
    metavar="CORPUS",
    help="A new folder, or the one of an earlier run; needed unless SOURCE is a corpus.",
)
@click.option(
    "--folder",
    type=output_folder,
    metavar="DIR",
    help="Also write each image as DIR/ID.jpg, as scripts for the published dataset read them.",
)
@click.option(
    "--size",
    type=click.Choice(["as-given", "large", "medium-800", "medium-640", "medium", "small-320"]),
    metavar="NAME",
    default="as-given",
    show_default=True,
    help="as-given fetches each address as it stands; large (1024 px), medium-800, medium-640, "
    "medium (500 px) and small-320 that size of each photo that has it.",
)
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Ask again for what was gone, moved, refused, broken or changed.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="The web service of another Flickr, whose image host is asked instead.",
)
@click.option("--sandbox", is_flag=True, help="An embedded Flickr with simulated photos.")
@image_rate_option
@click.option("--max-hours", type=float, metavar="H", help="End after so many hours.")
@click.option(
    "--patience-hours",
    type=float,
    metavar="H",
    help="Wait so long for a host that is down.  [default: 24, 0 on this machine]",
)
@json_option
def hydrate(
    source: Path,
    corpus: Path | None,
    folder: Path | None,
    size: Any,
    retry_failed: bool,
    max_hours: float | None,
    as_json: bool,
    **flickr: Any,
) -> None:
    """Fetch the images of photos known by a table.

    SOURCE is a corpus that flickrexif splits import made, whose images go into it; a release
    folder; or a table in CSV, JSON lines or parquet with the columns 'Flickr ID', url and owner,
    and Make, Model and so on where it has them. Of the last two a corpus is made. No key is needed.

    Each image is fetched once, at the pace of a crawl. Interrupt it at any time: the same command
    resumes. Photos whose image is gone, moved, refused, broken or not the one that SOURCE tells of
    are listed with the reason in CORPUS/failures.csv. Then run flickrexif label on the corpus,
    which fills the columns on images; labels that were imported or released stay as they are.
    """
    from flickrexif.crawling import Limits
    from flickrexif.hydrating import HydratePlan
    from flickrexif.hydrating import hydrate as run

    plan = HydratePlan(to=corpus, folder=folder, size=size, retry_failed=retry_failed)
    limits = Limits(max_hours=max_hours)
    with ExitStack() as stack:
        connection = _connection(stack, **flickr)
        progress = open_progress(stack)
        summary = run(source, plan, connection=connection, limits=limits, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.failed:
        count = sum(summary.failed.values())
        raise PartialError(f"{count} photos failed for now: run the same command to try them again")


def _connection(
    stack: ExitStack,
    *,
    endpoint: str | None,
    sandbox: bool,
    images_per_second: float | None,
    patience_hours: float | None,
) -> Connection:
    """The connection, without the key that an image host does not ask for."""
    from flickrexif.flickr import Connection
    from flickrexif.flickr.connection import NO_KEY, REST_URL

    if sandbox:
        asked = AskedFlickr(
            endpoint=endpoint,
            sandbox=True,
            anonymous=True,
            calls_per_hour=None,
            patience_hours=patience_hours,
            images_per_second=images_per_second,
        )
        return asked.connect(stack)
    given = {"images_per_second": images_per_second, "patience_h": patience_hours}
    words: dict[str, Any] = {word: value for word, value in given.items() if value is not None}
    return replace(Connection.at(endpoint or REST_URL, api_key=NO_KEY), **words)
