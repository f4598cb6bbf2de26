"""Commands that measure an encoder on any images: what a mask leaks, what a shift changes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.encoding import (
    device_option,
    dtype_option,
    encoder_option,
    most_unreadable_option,
    threads_option,
)
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.probing import mask
from flickrexif.cli.root import cli, geometry_option, json_option, open_progress, path_type
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@mask.command("leak")
@click.argument("images", type=path_type())
@encoder_option
@click.option(
    "--ratios",
    default="0,0.5,0.75,0.9,0.95,1",
    show_default=True,
    metavar="A,B",
    help="Shares of the area to hide.",
)
@geometry_option
@click.option("--crop", default=224, show_default=True, help="Pixels a side that are masked.")
@most_unreadable_option
@click.option("--out", type=output_folder, help="Write results.json and leak.png into this folder.")
@click.option("--seed", default=0, show_default=True, help="Of splits drawn and of resamples.")
@device_option
@dtype_option
@threads_option
@json_option
def mask_leak(
    images: Path, ratios: str, geometry: Any, out: Path | None, as_json: bool, **words: Any
) -> None:
    """Tell how well what IMAGES show is still found under each mask ratio.

    IMAGES is a folder with a folder per class, or parquet files with a column label, in splits or
    not. A linear probe tells the classes apart; beside its accuracy stand chance and the majority
    class. A mask that hides the scene brings the accuracy down to them.
    """
    from flickrexif.imaging import MaskSpec
    from flickrexif.probing import LeakPlan, leak_check

    plan = LeakPlan(ratios=_shares(ratios), mask=MaskSpec(geometry=geometry), **words)
    with ExitStack() as stack:
        report = leak_check(images, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@cli.command()
@click.argument("subject", type=path_type(), metavar="OBJECT")
@encoder_option
@click.option("--canvas", default=224, show_default=True, help="Pixels a side of each image.")
@click.option("--stride", default=7, show_default=True, help="Pixels between shifts; 1 is all.")
@click.option("--radius", default=8, show_default=True, help="Pixels within which one is local.")
@click.option(
    "--mode",
    type=click.Choice(["paste", "roll", "crop"]),
    default="paste",
    show_default=True,
    help="Stay whole within the canvas, go round in a circle, or be cut off at the borders.",
)
@click.option(
    "--background",
    default="#808080",
    show_default=True,
    metavar="COLOUR",
    help="Such as #808080, or noise.",
)
@click.option(
    "--out", type=output_folder, help="Write map.csv, results.json and map.png into this folder."
)
@click.option("--seed", default=0, show_default=True, help="Of a background of noise.")
@device_option
@dtype_option
@threads_option
@json_option
def shift(subject: Path, encoder: str, out: Path | None, as_json: bool, **words: Any) -> None:
    """Tell how an encoder's features change as OBJECT moves over a canvas.

    OBJECT is an image; what is transparent stays so. Features at each shift are compared, by cosine
    similarity, with those at the centre: near it (local) and over the frame (global). The three
    modes differ at the borders.
    """
    from flickrexif.probing import ShiftPlan, shift_map

    plan = ShiftPlan(**words)
    with ExitStack() as stack:
        found = shift_map(encoder, subject, plan, out=out, progress=open_progress(stack))
    console.show(found.as_dict(), found.lines(), as_json=as_json)


def _shares(words: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in words.split(","))
    except ValueError:
        raise UsageError(f"ratios {words!r} are no numbers: give some such as 0.5,0.9") from None
