"""Commands about published versions: on a Hub or in a folder, spoken to alike."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, json_option, open_progress, path_type
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flickrexif.publishing.shelf import Shelf


def shelf_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--repo`` and ``--to``, of which one is needed."""
    repo = click.option(
        "--repo", metavar="ORG/NAME", help="A dataset on the Hub, or at HF_ENDPOINT."
    )
    folder = click.option(
        "--to", "folder", type=output_folder, metavar="DIR", help="A plain folder."
    )
    return repo(folder(command))


def asked_shelf(repo: str | None, folder: Path | None) -> Shelf:
    """The shelf that `shelf_options` name; raises `UsageError` unless it is one."""
    from flickrexif.publishing import FolderShelf, HubShelf

    if folder is not None and repo is None:
        return FolderShelf(folder)
    if repo is not None and folder is None:
        return HubShelf(repo)
    raise UsageError("say where: either --repo org/name or --to DIR")


@cli.command()
@click.argument("release", type=path_type())
@shelf_options
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent.")
@json_option
def publish(
    release: Path, repo: str | None, folder: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Publish RELEASE as the version that it tells.

    It is verified, then sent: files that lie there already are left, all others and the removals go
    into one commit, never half of it. That commit is fetched again and compared, and only then
    tagged vX.Y.Z. A version is never moved. Stopped or cut off, the same command goes on.

    Log in to the Hub with `hf auth login`, or set HF_TOKEN; a token is never an argument.
    """
    from flickrexif.publishing import publish as run

    with ExitStack() as stack:
        progress = open_progress(stack)
        summary = run(release, asked_shelf(repo, folder), dry_run=dry_run, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)


@cli.command()
@shelf_options
@json_option
def releases(repo: str | None, folder: Path | None, as_json: bool) -> None:
    """List the published versions, oldest first.

    Each with its commit, kind and photos, and whether main is as it or it was withdrawn.
    """
    from flickrexif.publishing import releases as run

    found = run(asked_shelf(repo, folder))
    none = "no version was published there, or none that this login may see"
    console.show(found, [one.line() for one in found] or [none], as_json=as_json)


@cli.command()
@shelf_options
@click.option("--version", required=True, metavar="X.Y.Z", help="A published one.")
@click.option("--allow-withdrawn", is_flag=True, help="Also to one that nobody should use.")
@json_option
def rollback(
    repo: str | None, folder: Path | None, version: str, allow_withdrawn: bool, as_json: bool
) -> None:
    """Make main what a published version was.

    One commit that takes its files over; nothing is sent, and no tag moves. A version that was
    withdrawn is refused.
    """
    from flickrexif.publishing import rollback as run

    moved = run(asked_shelf(repo, folder), version, allow_withdrawn=allow_withdrawn)
    console.show(moved, moved.lines(), as_json=as_json)


@cli.command()
@shelf_options
@click.option("--version", required=True, metavar="X.Y.Z", help="A published one.")
@click.option("--reason", required=True, help="Published with it: name no person.")
@json_option
def withdraw(
    repo: str | None, folder: Path | None, version: str, reason: str, as_json: bool
) -> None:
    """Say that nobody should use a published version any more.

    It is written into withdrawn.json beside the data, and flickrexif.load refuses the version. Its
    tag and its bytes stay reachable, and main stays as it is: see rollback. Another reason takes
    the place of an earlier one, which is told once more. To have bytes erased, ask the Hub, which
    rewrites history.
    """
    from flickrexif.publishing import withdraw as run

    told = run(asked_shelf(repo, folder), version, reason=reason)
    console.show(told, told.lines(), as_json=as_json)
