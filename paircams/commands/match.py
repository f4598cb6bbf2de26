"""``paircams match``."""

from __future__ import annotations

from pathlib import Path

import click

from flickrexif import console
from flickrexif.cli.outputs import output_file
from flickrexif.progress import Bar


@click.command(short_help="Pair two folders of photos by time and content, for review.")
@click.argument("smartphones", type=click.Path(path_type=Path))
@click.argument("cameras", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=output_file,
    metavar="CSV",
    help="The manifest to write; by default pairs.csv in the folder that holds both.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the proposal as JSON.")
def match(smartphones: Path, cameras: Path, out: Path | None, as_json: bool) -> None:
    """Pair the photos in the folder SMARTPHONES with those in the folder CAMERAS.

    Writes a manifest of proposed pairs. Look at them (paircams review), then check them (paircams
    validate).
    """
    from paircams.pairing import match as propose

    with Bar() as progress:
        proposal = propose(smartphones, cameras, out=out, progress=progress)
    console.show(proposal, proposal.lines(), as_json=as_json)
