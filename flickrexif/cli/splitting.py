"""Commands about splits in the published form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, json_option, path_type
from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from pathlib import Path


@cli.group()
def splits() -> None:
    """Check splits; read and write published ones.

    The published FlickrExif has one JSON file per attribute: the photo ids of train, validation and
    test, a class number for each, and the names of the classes.
    """


@splits.command("inspect")
@click.argument("sources", nargs=-1, required=True, type=path_type(), metavar="FILE|CORPUS...")
@click.option(
    "--table",
    type=path_type(),
    metavar="TABLE",
    help="Tells the owners: CSV, JSON lines or parquet with the columns 'Flickr ID' and 'owner'.",
)
@json_option
@click.pass_context
def splits_inspect(
    ctx: click.Context, sources: tuple[Path, ...], table: Path | None, as_json: bool
) -> None:
    """Find what leaks from split to split.

    FILE is a published split file or a folder of such; of a labelled CORPUS the owners are known.
    Found are photos in two splits (by class), in two classes or there twice, owners in two splits,
    and classes of unequal numbers. Also told, as a hint at how the splits were made: the class that
    limited the others, and how many photos have another one of their class, from the same upload,
    in another split. Exits with 1 when something is found, with 0 otherwise.
    """
    from flickrexif.labels import inspect_splits as run

    inspected = run(sources, table=table)
    lines = [line for one in inspected for line in one.lines()]
    console.show(inspected, lines, as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if any(one.faults for one in inspected) else 0)


@splits.command("export")
@click.argument("corpus", type=path_type())
@click.argument("folder", type=output_folder, metavar="DIR")
@click.option(
    "--format",
    "form",
    type=click.Choice(["paper"]),
    default="paper",
    show_default=True,
    help="paper: the files that were published with the paper.",
)
@json_option
def splits_export(corpus: Path, folder: Path, form: str, as_json: bool) -> None:
    """Write the splits of CORPUS as published files.

    One file per labelled attribute in DIR, split_data_target_attribute=<Name>.json, with the keys,
    names and types of the published ones; files of the same names are replaced. Photos that have
    left CORPUS since it was labelled are left out. What was imported is written byte by byte as it
    was.
    """
    from flickrexif.labels import export_splits as run

    del form  # there is one so far
    summary = run(corpus, folder)
    console.show(summary, summary.lines(), as_json=as_json)


@splits.command("import")
@click.argument("sources", nargs=-1, required=True, type=path_type(), metavar="DIR|FILE...")
@click.option(
    "--table",
    required=True,
    type=path_type(),
    metavar="TABLE",
    help="The photos: CSV, JSON lines or parquet with the published columns.",
)
@click.option(
    "--to", "corpus", required=True, type=output_folder, metavar="CORPUS", help="A new folder."
)
@click.option(
    "--repair",
    "mend",
    is_flag=True,
    help="Drop what leaks: photos and owners in two splits stay in test, else in validation.",
)
@json_option
def splits_import(
    sources: tuple[Path, ...], table: Path, corpus: Path, mend: bool, as_json: bool
) -> None:
    """Make a corpus of published splits and photos.

    DIR or FILE are published split files. TABLE has a row per photo with the columns 'Flickr ID',
    url, owner, Make, Model, Exposure, Aperture, 'ISO Speed' and 'Focal Length'. CORPUS gets its
    photos and labels, and appears whole or not at all; it has no images, and nobody has told the
    licences, so that only a metadata release can be built of it. Splits are taken over as they are
    and what leaks is told; --repair drops it, and more rows so that classes stay equal.
    """
    from flickrexif.labels import import_splits as run

    summary = run(sources, table=table, corpus=corpus, mend=mend)
    console.show(summary, summary.lines(), as_json=as_json)
