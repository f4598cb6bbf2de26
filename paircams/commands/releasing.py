"""``paircams build``, ``verify`` and ``publish``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from flickrexif import console
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.progress import Bar
from paircams.limits import PROFILES
from paircams.releasing.plan import Kind

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.command(short_help="Build a versioned release of validated pairs.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--version", required=True, metavar="X.Y.Z")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
@click.option("--name", default="PairCams", show_default=True)
@click.option(
    "--kind",
    type=click.Choice(get_args(Kind)),
    default="plain",
    show_default=True,
    help="masked: cropped, and 90 % of the area hidden.",
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
    profile: str,
    classes: Path | None,
    leave_out_failed: bool,
    as_json: bool,
) -> None:
    """Validate the pairs of PATH and build a release of them in the new folder DIR.

    Metadata are removed without re-encoding, and load_dataset opens the folder. Pairs that were
    rejected in a review are left out. A set with errors is refused.
    """
    from paircams.releasing import PairsPlan
    from paircams.releasing import build as run

    plan = PairsPlan(version, kind=kind, name=name, leave_out_failed=leave_out_failed)
    with Bar() as progress:
        summary = run(path, plan, out=out, profile=profile, classes=classes, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)


@click.command(short_help="Tell whether a release of pairs is whole.")
@click.argument("release", type=click.Path(path_type=Path))
@json_option
def verify(release: Path, as_json: bool) -> int:
    """Check the release of pairs in the folder RELEASE, file by file and row by row.

    Exits with 1 when anything was found.
    """
    from paircams.releasing import verify as run

    with Bar() as progress:
        findings = run(release, progress=progress)
    sound = f"{release}: sound"
    console.show(findings, [str(one) for one in findings] or [sound], as_json=as_json)
    return FlickrexifError.exit_code if findings else 0


@click.command(short_help="Publish a release of pairs, on a Hub or in a folder.")
@click.argument("release", type=click.Path(path_type=Path))
@click.option("--repo", metavar="ORG/NAME", help="A dataset on the Hub, or at HF_ENDPOINT.")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR", help="A folder.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent.")
@json_option
def publish(
    release: Path, repo: str | None, folder: Path | None, dry_run: bool, as_json: bool
) -> None:
    """Publish RELEASE as the version that it tells.

    It is verified, sent in one commit, fetched again, compared, and only then tagged. A
    version is never moved. `flickrexif releases`, `rollback` and `withdraw` serve what was
    published, and `flickrexif.load` loads it.
    """
    from flickrexif.publishing import FolderShelf, HubShelf
    from flickrexif.publishing import publish as run
    from paircams.releasing import verify as verifier

    if (repo is None) == (folder is None):
        raise UsageError("say where: either --repo org/name or --to DIR")
    shelf = HubShelf(repo) if repo is not None else FolderShelf(folder)  # type: ignore[arg-type]
    with Bar() as progress:
        summary = run(release, shelf, dry_run=dry_run, verifier=verifier, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)
