"""Commands that keep a corpus right after the crawl."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.grouped import GroupedCommand
from flickrexif.cli.reaching import HOW_LONG, WHERE, AskedFlickr, flickr_options, limit_options
from flickrexif.cli.root import cli, json_option, open_progress, path_type
from flickrexif.errors import PartialError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.crawling import Limits


@cli.command(
    cls=GroupedCommand,
    groups={
        "What to check": ("older_than", "each"),
        "On which Flickr": WHERE,
        "How fast, and how long": ("calls_per_hour", *HOW_LONG),
    },
)
@click.argument("corpus", type=path_type())
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Only photos not checked for so many days; 0 checks all.",
)
@click.option(
    "--each",
    is_flag=True,
    help="Ask for every photo by itself: dearer, but sees what searches list though it is gone.",
)
@flickr_options
@limit_options
@json_option
def recheck(
    corpus: Path,
    older_than: int,
    each: bool,
    flickr: AskedFlickr,
    limits: Limits,
    as_json: bool,
) -> None:
    """Drop the photos of CORPUS that Flickr lost.

    A photo leaves when it is gone, private, no longer safe, or under a licence that CORPUS does not
    want; its image is deleted. Run it every month, and label again afterwards. Several photos of an
    owner are asked for by one search, so that it takes a fraction of a call per photo, within the
    budget that all crawls share. Interrupt it at any time: the same command resumes.
    """
    from flickrexif.upkeep import recheck as run

    with ExitStack() as stack:
        connection, progress = flickr.connect(stack), open_progress(stack)
        summary = run(
            corpus,
            connection=connection,
            older_than=older_than,
            each=each,
            limits=limits,
            progress=progress,
        )
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.failed:
        raise PartialError(
            f"{summary.failed} photos failed for now: run the same command to try them again"
        )


@cli.command()
@click.argument("corpus", type=path_type())
@click.option(
    "--photo", "photos", multiple=True, metavar="ID", help="A photo, by its id or its page's URL."
)
@click.option("--owner", "owners", multiple=True, metavar="NSID", help="All photos of an owner.")
@click.option(
    "--from",
    "listed_in",
    type=path_type(exists=True),
    metavar="FILE",
    help="A list: one photo id, page URL or NSID a line.",
)
@click.option("--reason", default="asked for", show_default=True, metavar="TEXT", help="Why.")
@click.option("--undo", is_flag=True, help="Strike them off the list, recorded by mistake.")
@click.option("--list", "shows_list", is_flag=True, help="Show what was taken down.")
@json_option
def takedown(
    corpus: Path,
    photos: tuple[str, ...],
    owners: tuple[str, ...],
    listed_in: Path | None,
    reason: str,
    undo: bool,
    shows_list: bool,
    as_json: bool,
) -> None:
    """Take photos out of CORPUS for good.

    For owners who want it. Name photos by --photo, --owner (both any number of times) or --from.
    Their images are deleted at once, no build shows them again, and no crawl lets them in, also
    those that CORPUS never had. --undo strikes an entry off the list: photos that have left do not
    come back by that. It needs no network. A running crawl keeps it out: stop that first.
    """
    from flickrexif.upkeep import takedown as run
    from flickrexif.upkeep import takedown_lines, takedowns, undo_takedown

    named: dict[str, Any] = {"photos": photos, "owners": owners, "listed_in": listed_in}
    if shows_list:
        if undo or any(named.values()):
            raise UsageError("--list shows the list and takes nothing down: name nothing beside it")
        removals = takedowns(corpus)
        console.show(removals, takedown_lines(removals), as_json=as_json)
        return
    with ExitStack() as stack:
        summary = (
            undo_takedown(corpus, **named)
            if undo
            else run(corpus, **named, reason=reason, progress=open_progress(stack))
        )
    console.show(summary, summary.lines(), as_json=as_json)
