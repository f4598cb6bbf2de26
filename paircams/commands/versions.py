"""``paircams diff``, ``takedown`` and ``publish``.

What ``releases``, ``rollback`` and ``withdraw`` do is the same for every kind of release: they are
flickrexif's own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.publishing import asked_shelf, shelf_options
from flickrexif.cli.root import json_option
from flickrexif.errors import UsageError
from flickrexif.progress import Bar


@click.command(short_help="Tell what changed between two releases of pairs.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--images", is_flag=True, help="Compare image bytes too, by a digest per photo.")
@json_option
def diff(before: Path, after: Path, images: bool, as_json: bool) -> None:
    """Tell what changed from the release BEFORE to the release AFTER.

    Pairs that came and went, what is told of those that stayed, columns and words; and how large a
    step of the version that is. A photo that was replaced makes another pair. Exits with 0, also
    when they differ. --json has every id.
    """
    from paircams.releasing import diff as run

    difference = run(before, after, images=images)
    console.show(difference.as_json(), difference.lines(), as_json=as_json)


@click.command(short_help="Take pairs out of a release, into its next version.")
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="ID",
    help="A pair, by its pair_id or its subject_idx; may be repeated.",
)
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="NAME",
    help="All pairs of an owner, as the column has it; may be repeated.",
)
@click.option(
    "--from",
    "listed_in",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A list: one pair_id or subject_idx a line.",
)
@click.option("--reason", default="asked for", show_default=True, metavar="TEXT", help="Why.")
@click.option("--version", metavar="X.Y.Z", help="The new version.  [default: the next patch]")
@click.option(
    "--out",
    type=output_folder,
    metavar="DIR",
    help="Its folder.  [default: NAME-X.Y.Z beside RELEASE]",
)
@click.option("--date", metavar="YYYY-MM-DD", help="The day of the ledger.  [default: today, UTC]")
@click.option("--list", "shows_list", is_flag=True, help="Show what was taken down.")
@json_option
def takedown(
    release: Path, shows_list: bool, date: str | None, as_json: bool, **words: Any
) -> None:
    """Take pairs out of RELEASE, into its next version in a new folder.

    Both photos of a pair leave. Files that held none of them stay the same, byte by byte. The ids
    go into withdrawn.jsonl with the date and --reason, which is one of: asked for, licence, legal,
    unsafe, no longer public, mistake. `paircams build --previous` leaves out pairs of these ids and
    refuses other photos under their subject_idx; photos saved anew under another subject_idx it
    cannot know. RELEASE itself is left for you to delete. Stopped, the same command begins anew.
    """
    from paircams.releasing import read_ledger
    from paircams.releasing import take_down as run

    if shows_list:
        if words["pairs"] or words["owners"] or words["listed_in"]:
            raise UsageError("--list shows the list and takes nothing down: name nothing beside it")
        ledger = read_ledger(release)
        lines = [
            f"{one.pair_id}  {one.subject_idx}  {one.version}  {one.date}  {one.reason}"
            for one in ledger
        ]
        console.show(ledger, lines or [f"{release}: nothing was withdrawn"], as_json=as_json)
        return
    day = date or f"{datetime.now(UTC):%Y-%m-%d}"
    with Bar() as progress:
        summary = run(release, **words, date=day, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)


@click.command(short_help="Publish a release of pairs, on a Hub or in a folder.")
@click.argument("release", type=click.Path(path_type=Path))
@shelf_options
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent.")
@json_option
def publish(
    release: Path, repo: str | None, folder: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Publish RELEASE as the version that it tells.

    It is verified, sent in one commit, fetched again, compared, and only then tagged vX.Y.Z. A
    version is never moved. Stopped or cut off, the same command goes on. `flickrexif.load` loads
    it by its version, `load_dataset` by its tag as revision.

    Log in to the Hub with `hf auth login`, or set HF_TOKEN; a token is never an argument.
    """
    from flickrexif.publishing import publish as run
    from paircams.releasing import verify as verifier

    shelf = asked_shelf(repo, folder)
    with Bar() as progress:
        summary = run(release, shelf, dry_run=dry_run, verifier=verifier, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)
