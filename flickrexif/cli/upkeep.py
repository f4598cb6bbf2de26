"""Commands that keep a corpus right after the crawl."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.grouped import GroupedCommand
from flickrexif.cli.outputs import output_folder
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


@cli.command(
    cls=GroupedCommand,
    groups={
        "What leaves": ("photos", "owners", "listed_in", "reason"),
        "The list": ("undo", "shows_list"),
        "Of a release": ("version", "out", "date"),
    },
)
@click.argument("place", metavar="CORPUS|RELEASE", type=path_type())
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
@click.option("--reason", metavar="TEXT", help="Why.  [default: asked for]")
@click.option("--undo", is_flag=True, help="Strike them off the list, recorded by mistake.")
@click.option("--list", "shows_list", is_flag=True, help="Show what was taken down.")
@click.option("--version", metavar="X.Y.Z", help="The new version.  [default: the next patch]")
@click.option("--out", type=output_folder, help="Its folder.  [default: NAME-X.Y.Z beside RELEASE]")
@click.option("--date", metavar="YYYY-MM-DD", help="The day of the ledger.  [default: today, UTC]")
@json_option
def takedown(place: Path, as_json: bool, **words: Any) -> None:
    """Take photos out of CORPUS, or out of RELEASE into its next version.

    For owners who want it. Name photos by --photo, --owner (both any number of times) or --from.
    It needs no network.

    From CORPUS: their images are deleted at once, no build shows them again, and no crawl lets them
    in, also those that CORPUS never had. --undo strikes an entry off the list: photos that have
    left do not come back by that. A running crawl keeps it out: stop that first.

    From RELEASE: a new folder without them. Files that held none of their rows stay the same, byte
    by byte; classes stay equal in number, so that a few rows of others leave too. Their ids go into
    its withdrawn.jsonl with the date and --reason, which is one of: asked for, licence, legal,
    unsafe, no longer public, mistake. RELEASE itself is left for you to delete.
    """
    from flickrexif.corpus.words import WORDS_FILE
    from flickrexif.release.manifest import MANIFEST

    is_corpus, is_release = (place / WORDS_FILE).exists(), (place / MANIFEST).is_file()
    if not is_corpus and not is_release:
        raise UsageError(
            f"{str(place)!r} is neither a corpus (no {WORDS_FILE}) nor a release (no {MANIFEST}): "
            "name one that holds the photos"
        )
    if words["reason"] is not None and (words["undo"] or words["shows_list"]):
        raise UsageError("--reason is told of a takedown: leave it out of --list and --undo")
    words["reason"] = "asked for" if words["reason"] is None else words["reason"]
    (_from_corpus if is_corpus else _from_release)(place, as_json=as_json, **words)


def _from_corpus(
    corpus: Path,
    *,
    reason: str,
    undo: bool,
    shows_list: bool,
    version: str | None,
    out: Path | None,
    date: str | None,
    as_json: bool,
    **named: Any,
) -> None:
    from flickrexif.upkeep import takedown as run
    from flickrexif.upkeep import takedown_lines, takedowns, undo_takedown

    if version or out or date:
        raise UsageError("--version, --out and --date are for a release: leave them out")
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


def _from_release(
    release: Path,
    *,
    undo: bool,
    shows_list: bool,
    date: str | None,
    as_json: bool,
    **words: Any,
) -> None:
    from flickrexif.release import take_down_release as run
    from flickrexif.release.ledger import read_ledger

    if undo:
        raise UsageError(
            "--undo is for a corpus: what a release withdrew stays out of the versions after it"
        )
    if shows_list:
        if date or any(words[name] for name in ("photos", "owners", "listed_in", "version", "out")):
            raise UsageError("--list shows the list and takes nothing down: name nothing beside it")
        ledger = read_ledger(release)
        lines = [f"{one.photo_id}  {one.version}  {one.date}  {one.reason}" for one in ledger]
        console.show(ledger, lines or [f"{release}: nothing was withdrawn"], as_json=as_json)
        return
    day = date or f"{datetime.now(UTC):%Y-%m-%d}"
    with ExitStack() as stack:
        summary = run(release, **words, date=day, progress=open_progress(stack))
    console.show(summary, summary.lines(), as_json=as_json)
