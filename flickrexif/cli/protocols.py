"""Commands that process any images in known ways and tell what encoders make of it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.encoding import (
    device_option,
    dtype_option,
    encoders_option,
    most_unreadable_option,
    threads_option,
)
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, json_option, open_progress, path_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAMILIES = ("jpeg", "sharpening", "resizing", "interpolation")
SOLVERS = ("lbfgs", "sgd", "ridge")
SETUPS = ("all-same", "pos-same", "neg-same", "uniform", "all-diff")


def over_processed(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that every protocol has."""
    for option in reversed(
        (
            click.argument("images", type=path_type()),
            click.option(
                "--family",
                "families",
                multiple=True,
                type=click.Choice((*FAMILIES, "all")),
                default=("all",),
                show_default=True,
                help="What is done to the images; give it again for more.",
            ),
            encoders_option,
            click.option(
                "--crop", default=224, show_default=True, help="Pixels a side, where any will do."
            ),
            click.option(
                "--seed",
                default=0,
                show_default=True,
                help="The first of the draws; of splits and resamples too.",
            ),
            most_unreadable_option,
            device_option,
            dtype_option,
            threads_option,
            json_option,
        )
    ):
        command = option(command)
    return command


@cli.group()
def protocol() -> None:
    """Process any images in known ways: what do encoders make of it?"""


@protocol.command("processing")
@over_processed
@click.option("--seeds", default=10, show_default=True, help="Draws of processings to average.")
@click.option(
    "--solver",
    type=click.Choice(SOLVERS),
    default="lbfgs",
    show_default=True,
    help="sgd is the published protocol, ridge a smoke test; figures of two do not compare.",
)
@click.option(
    "--out",
    type=output_folder,
    help="Write results.json, results.parquet and processing.png into this folder.",
)
def protocol_processing(images: Path, out: Path | None, as_json: bool, **words: Any) -> None:
    """Tell how well an encoder tells how an image was processed.

    Each image of IMAGES gets one class of the family at random; a linear probe of its embedding
    tells the class. The mean accuracy over the draws stands beside chance, the majority class and
    permuted labels.

    \b
      jpeg           quality 75, 85, 95 x chroma 4:2:0, 4:4:4
      sharpening     none, 2, 4
      resizing       none, half, double
      interpolation  bilinear, bicubic, lanczos, box, at a random scale

    IMAGES is a folder of image files (its folders may be train, validation and test), or parquet
    files as datasets have them. What the images show is not looked at.
    """
    from flickrexif.probing import ProcessingPlan, processing_protocol

    plan = ProcessingPlan(**_named(words))
    with ExitStack() as stack:
        report = processing_protocol(images, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@protocol.command("neighbours")
@over_processed
@click.option("--k", default=10, show_default=True, help="Neighbours that vote.")
@click.option(
    "--setup",
    "setups",
    multiple=True,
    type=click.Choice(SETUPS),
    default=SETUPS,
    show_default="all five",
    help="Only these; give it again for more.",
)
@click.option(
    "--seeds", default=10, show_default=True, help="Draws of the gallery of set-up uniform."
)
@click.option(
    "--out",
    type=output_folder,
    help="Write results.json, results.parquet and neighbours.png into this folder.",
)
def protocol_neighbours(images: Path, out: Path | None, as_json: bool, **words: Any) -> None:
    """Tell whether processing decides which images an encoder finds alike.

    The label of each test image of IMAGES is told by its nearest neighbours among the others, and
    the set-ups differ in which of these are processed like it:

    \b
      all-same  all of them
      pos-same  those of its own label alone
      neg-same  those of other labels alone
      uniform   each at random
      all-diff  none

    An encoder that ignores processing has one accuracy in all five. IMAGES is a folder with a
    folder per label, or parquet files with a column label.
    """
    from flickrexif.probing import NeighboursPlan, neighbours_protocol

    plan = NeighboursPlan(**_named(words))
    with ExitStack() as stack:
        report = neighbours_protocol(images, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)


def _named(words: dict[str, Any]) -> dict[str, Any]:
    """``words`` with the families that ``all`` stands for."""
    families = FAMILIES if "all" in words["families"] else words["families"]
    return words | {"families": families}
