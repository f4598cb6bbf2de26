"""Commands that fill a corpus and look at it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.root import (
    cli,
    json_option,
    open_progress,
    path_type,
    process_count,
)
from flickrexif.errors import AccessError, PartialError

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.flickr import Connection


@cli.command()
@click.argument("corpus", type=path_type(), default="corpus")
@click.option("--months", required=True, metavar="A..B", help="Such as 2020-01..2023-12.")
@click.option(
    "--licenses",
    default="permissive",
    show_default=True,
    help="permissive, all, or a comma list of Flickr ids or SPDX names.",
)
@click.option(
    "--per-user-month", default=10, show_default=True, help="At most so many of an owner's month."
)
@click.option("--per-month", type=int, help="At most so many of a month.  [default: no cap]")
@click.option(
    "--size",
    type=click.Choice(["large", "original", "medium", "none"]),
    default="large",
    show_default=True,
    help="One size for the whole corpus; large is 1024 px, none fetches no images.",
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
@click.option("--seed", default=0, show_default=True, help="Decides which photos win a cap.")
@click.option("--sandbox", is_flag=True, help="Crawl an embedded Flickr: no key, no network.")
@json_option
def crawl(corpus: Path, sandbox: bool, as_json: bool, **words: Any) -> None:
    """Fill CORPUS with photos, EXIF and images.

    Interrupt it at any time; the same command resumes and fetches nothing twice. The Flickr API key
    is read from the environment variable FLICKR_API_KEY.
    """
    from flickrexif.crawling import CrawlPlan
    from flickrexif.crawling import crawl as run

    plan = CrawlPlan(**words)
    with ExitStack() as stack:
        connection = _embedded(stack) if sandbox else _flickr()
        summary = run(corpus, plan, connection=connection, progress=open_progress(stack))
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.failed:
        raise PartialError(
            f"{summary.failed} photos failed for now: run the same command to try them again"
        )


def _flickr() -> Connection:
    from flickrexif.doctor import KEY_VARIABLE
    from flickrexif.flickr import Connection

    key = os.environ.get(KEY_VARIABLE, "")
    if not key.strip():
        raise AccessError(f"no Flickr API key: set {KEY_VARIABLE}, or try --sandbox without one")
    return Connection(api_key=key)


def _embedded(stack: ExitStack) -> Connection:
    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    flickr = stack.enter_context(Sandbox(workers=process_count(None)))
    return Connection.embedded(flickr.rest_url, flickr.image_base)


@cli.command()
@click.argument("corpus", type=path_type())
@json_option
def status(corpus: Path, as_json: bool) -> None:
    """Tell what CORPUS holds, also while a crawl runs."""
    from flickrexif.corpus import Corpus

    told = Corpus.open(corpus).status()
    console.show(told, told.lines(), as_json=as_json)
