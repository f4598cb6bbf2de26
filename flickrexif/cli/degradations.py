"""The command that tells which classes an encoder confuses as images degrade."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.encoding import (
    crop_option,
    device_option,
    dtype_option,
    encoder_option,
    most_unreadable_option,
    threads_option,
)
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, json_option, open_progress, path_type

if TYPE_CHECKING:
    from pathlib import Path


@cli.command()
@click.argument("images", type=path_type())
@click.option(
    "--sweep",
    required=True,
    metavar="SWEEP",
    help="exposure_time, pixel_size, pixel_size_metered or defocus.",
)
@encoder_option
@crop_option
@click.option(
    "--shown",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How many of the worst and the best classes, and of the confusions.",
)
@most_unreadable_option
@click.option(
    "--out",
    type=output_folder,
    help="Write results.json, degradations.md, degradations.png, classes.parquet and "
    "predictions.parquet into this folder.",
)
@click.option("--seed", default=0, show_default=True, help="Of noise, splits drawn and resamples.")
@device_option
@dtype_option
@threads_option
@json_option
def degradations(images: Path, out: Path | None, as_json: bool, **words: Any) -> None:
    """Tell which classes an encoder confuses as IMAGES degrade.

    IMAGES is a folder with a folder per class, or parquet files with a column label, in splits or
    not. A linear head is fitted to the images as they are, then tested on images at each level of
    the sweep (`flickrexif degrade --help` tells them; that command writes such images). Beside the
    accuracy stand the drop of the probability of what was said of the original, the classes that
    lose most and least of it (z-scores by mean and deviation of all images), and the new
    confusions, each with the AUC that tells how far its two classes are still apart: 1 apart, 0.5
    confused.
    """
    from flickrexif.probing import DegradationPlan, degradation_report

    plan = DegradationPlan(**words)
    with ExitStack() as stack:
        report = degradation_report(images, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)
