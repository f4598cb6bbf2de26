"""``paircams review``."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from flickrexif.progress import Bar
from paircams.limits import PROFILES


@click.command(short_help="Look at the pairs in a browser, accept or reject them by key.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--profile", type=click.Choice(list(PROFILES)), default="paper", show_default=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="0 picks a free one.",
)
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="The sides of camera models: columns model, camera_class.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in this machine's browser.")
def review(path: Path, profile: str, port: int, classes: Path | None, opens: bool) -> None:
    """Check the pairs of PATH, and serve a page on 127.0.0.1 to accept or reject them by key.

    Decisions are written at once into the manifest, as the columns decision and note; a folder
    without a manifest gets pairs.csv. Parquet cannot be written into: decisions on X.parquet, or
    on a folder X of a dataset's parquet files, go to X.decisions.csv beside it (columns
    subject_idx, decision, note). `paircams validate` and `paircams build` heed them wherever they
    stand. The Done button or Ctrl-C ends the review.
    """
    from paircams.review import Review

    with Bar() as progress:
        served = Review.open(path, profile=profile, classes=classes, port=port, progress=progress)
    with served:
        click.echo(served.url)
        click.echo("Done in the page, or Ctrl-C, ends it.", err=True)
        if opens:
            webbrowser.open(served.url)
        with suppress(KeyboardInterrupt):
            served.serve_forever()
        click.echo(served.outcome().line())
