"""Commands on golden sets: frozen images on which an encoder must go on doing what it did."""

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
from flickrexif.cli.root import cli, json_option, open_progress, path_type, split_names
from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from pathlib import Path


@cli.group()
def golden() -> None:
    """Freeze images, and tell when an encoder no longer does on them what it did."""


@golden.command("freeze")
@click.argument("images", type=path_type())
@click.option("--out", type=output_folder, required=True, help="A new folder.")
@encoder_option
@click.option(
    "--distortions",
    metavar="A,B",
    help="Such as jpeg, jpeg/q75-420, defocus, defocus/defocus_4_D.  [default: twelve of them]",
)
@click.option(
    "--images", "count", default=100, show_default=True, help="How many are distorted and tested."
)
@click.option(
    "--fitted",
    default=200,
    show_default=True,
    help="With classes: how many others the linear probe is fitted to.",
)
@crop_option
@most_unreadable_option
@click.option("--seed", default=0, show_default=True, help="Of the choice and of noise.")
@device_option
@dtype_option
@threads_option
@json_option
def golden_freeze(
    images: Path, out: Path, distortions: str | None, count: int, as_json: bool, **words: Any
) -> None:
    """Freeze a choice of IMAGES, distorted, with what an encoder makes of them.

    IMAGES is a folder of image files (its folders are classes, or train, validation and test), or
    parquet files as datasets have them. A distortion is a class of a processing family (jpeg,
    sharpening, resizing, interpolation), a level of a sweep (exposure_time, pixel_size,
    pixel_size_metered, defocus), or all of one. Pixels are stored without loss, with their sha256;
    with classes, so is the accuracy of a linear probe under each distortion.
    """
    from flickrexif.golden import GoldenPlan
    from flickrexif.golden import golden_freeze as run

    names = split_names(distortions)
    if names is not None:
        words["distortions"] = names
    plan = GoldenPlan(images=count, **words)
    with ExitStack() as stack:
        made = run(images, plan, out=out, progress=open_progress(stack))
    console.show(made.as_dict(), made.lines(), as_json=as_json)


@golden.command("check")
@click.argument("golden_set", type=path_type(), metavar="DIR")
@click.option("--encoder", help="Another than it was frozen with, such as a newer checkpoint.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1),
    default=0.02,
    show_default=True,
    help="With classes: how far an accuracy may fall, as a share.",
)
@click.option(
    "--least-cosine",
    type=click.FloatRange(-1, 1),
    default=0.99,
    show_default=True,
    help="Without classes: what each cosine to the frozen embeddings must reach.",
)
@device_option
@threads_option
@json_option
@click.pass_context
def golden_check(
    ctx: click.Context,
    golden_set: Path,
    encoder: str | None,
    margin: float,
    least_cosine: float,
    device: Any,
    threads: int,
    as_json: bool,
) -> None:
    """Tell under which distortions an encoder dropped since DIR was frozen.

    Files and pixels are verified by their sha256, then embedded again. Exits with 0 when every
    distortion holds, with 1 when one dropped, with 2 when DIR is damaged or the encoder does not
    fit it. Failures that were added are told in a row of their own.
    """
    from flickrexif.golden import golden_check as run

    with ExitStack() as stack:
        found = run(
            golden_set,
            encoder=encoder,
            margin=margin,
            least_cosine=least_cosine,
            device=device,
            threads=threads,
            progress=open_progress(stack),
        )
    console.show(found.as_dict(), found.lines(), as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if found.dropped else 0)


@golden.command("add")
@click.argument("golden_set", type=path_type(), metavar="DIR")
@click.argument("images", type=path_type(), metavar="IMAGE...", nargs=-1, required=True)
@click.option("--label", required=True, help="The class that they really have.")
@click.option("--reason", required=True, metavar="TEXT", help="What went wrong with them.")
@click.option("--train", type=path_type(), help="A set that models are trained on: none of it.")
@json_option
def golden_add(golden_set: Path, images: tuple[Path, ...], as_json: bool, **words: Any) -> None:
    """Add failures to DIR: images that are only ever tested, never fitted to.

    They are stored as the frozen ones, each with its reason; what was added stays. An image with
    the pixels of one that the probe is fitted to, that is frozen or was added before is refused,
    and so is one of the set that --train names.
    """
    from flickrexif.golden import golden_add as run

    with ExitStack() as stack:
        made = run(golden_set, images, progress=open_progress(stack), **words)
    console.show(made.as_dict(), made.lines(), as_json=as_json)


@golden.command("show")
@click.argument("golden_set", type=path_type(), metavar="DIR")
@json_option
def golden_show(golden_set: Path, as_json: bool) -> None:
    """List what is in DIR: images, distortions, accuracies when frozen, failures."""
    from flickrexif.golden import GoldenSet

    found = GoldenSet.open(golden_set)
    console.show(found.as_dict(), found.lines(), as_json=as_json)
