"""Commands that fill a corpus and look at it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.grouped import GroupedCommand
from flickrexif.cli.reaching import (
    HOW_LONG,
    RATES,
    WHERE,
    AskedFlickr,
    flickr_options,
    image_rate_option,
    limit_options,
)
from flickrexif.cli.root import cli, json_option, open_progress, path_type
from flickrexif.errors import PartialError, UsageError
from flickrexif.flickr.sizes import SIZES

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.crawling import Limits
    from flickrexif.flickr import Connection


@cli.command(
    cls=GroupedCommand,
    groups={
        "What to collect": (
            "months", "licenses", "per_user_month", "per_month", "size", "exif_from",
            "ignore_hidden_exif", "passes", "seed",
        ),
        "From which Flickr": WHERE,
        "How fast, and how long": (*RATES, *HOW_LONG),
    },
)  # fmt: skip
@click.argument("corpus", type=path_type(), default="corpus")
@click.option("--months", required=True, metavar="A..B", help="Such as 2020-01..2023-12.")
@click.option(
    "--licenses",
    default="permissive",
    show_default=True,
    metavar="NAMES",
    help="permissive, all, or a comma list of Flickr ids or SPDX names.",
)
@click.option(
    "--per-user-month",
    default=10,
    show_default=True,
    metavar="N",
    help="At most so many photos of an owner in a month.",
)
@click.option(
    "--per-month",
    type=int,
    metavar="N",
    help="So many photos of a month, from a fair sample of it.  [default: all]",
)
@click.option(
    "--size",
    type=click.Choice(SIZES),
    metavar="NAME",
    default="large",
    show_default=True,
    help=f"One size for the whole corpus: {', '.join(SIZES)}. large is 1024 px, none fetches no "
    "images.",
)
@click.option(
    "--exif-from",
    type=click.Choice(["auto", "api", "file"]),
    default="auto",
    show_default=True,
    help="auto: one API call per owner asks for consent, then the originals' first bytes.",
)
@click.option(
    "--ignore-hidden-exif", is_flag=True, help="Needed by --exif-from file: it cannot see consent."
)
@click.option(
    "--passes",
    default=2,
    show_default=True,
    metavar="N",
    help="2 lists each month twice, to find what once misses; 1 saves the calls.",
)
@click.option(
    "--seed", default=0, show_default=True, metavar="N", help="Decides which photos win a cap."
)
@image_rate_option
@flickr_options
@limit_options
@json_option
def crawl(
    corpus: Path,
    flickr: AskedFlickr,
    limits: Limits,
    as_json: bool,
    **words: Any,
) -> None:
    """Fill CORPUS with photos, EXIF and images.

    Interrupt it at any time, or end it by a limit: the same command resumes and fetches nothing
    twice. While Flickr or your network is down it waits. The Flickr API key is
    read from the environment variable FLICKR_API_KEY; all crawls with that key on this machine
    share one budget of calls, also across restarts. After flickrexif login, searches are signed if
    FLICKR_API_SECRET is set; what is collected stays the same.
    """
    from flickrexif.corpus.words import WORDS_FILE
    from flickrexif.crawling import CrawlPlan
    from flickrexif.crawling import crawl as run

    plan = CrawlPlan(**words)
    is_idle = plan.ignore_hidden_exif and plan.exif_from != "file"
    if is_idle and not (corpus / WORDS_FILE).exists():  # a corpus may have been begun with it
        raise UsageError(
            f"--exif-from {plan.exif_from} asks owners for consent: leave out "
            "--ignore-hidden-exif, or say --exif-from file"
        )
    with ExitStack() as stack:
        connection, progress = flickr.connect(stack), open_progress(stack)
        summary = run(corpus, plan, connection=connection, limits=limits, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.failed:
        raise PartialError(
            f"{summary.failed} photos failed for now: run the same command to try them again"
        )


@cli.command()
@click.argument("corpus", type=path_type())
@click.option("--months", "all_months", is_flag=True, help="A row for each month, however many.")
@json_option
def status(corpus: Path, all_months: bool, as_json: bool) -> None:
    """Tell how the crawl of CORPUS stands, also while it runs.

    A row for each month with how many of its photos are accepted, of how many to expect, and how
    complete its list is; the share p of the photos looked at that were accepted; and how long the
    crawl still has to work. With FLICKR_API_KEY set, what is left of the budgets that all crawls
    with that key share on this machine. Changes nothing.
    """
    from flickrexif.crawling import status as run

    told = run(corpus, connection=_connection_of(corpus))
    console.show(told, told.lines(all_months=all_months), as_json=as_json)


def _connection_of(corpus: Path) -> Connection | None:
    """The Flickr that a corpus is crawled from; None without a key."""
    from flickrexif.corpus import Corpus
    from flickrexif.doctor import KEY_VARIABLE
    from flickrexif.flickr import Connection

    endpoint, key = Corpus.open(corpus).endpoint, os.environ.get(KEY_VARIABLE, "").strip()
    return Connection.at(endpoint, api_key=key) if key and "://" in endpoint else None
