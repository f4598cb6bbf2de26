"""Commands that make a treated set of any images."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.probing import mask
from flickrexif.cli.root import (
    cli,
    geometry_option,
    json_option,
    open_progress,
    path_type,
    process_count,
)
from flickrexif.errors import PartialError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flickrexif.treating import Treatment


def treated(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that every treatment has."""
    for option in reversed(
        (
            click.argument("images", type=path_type()),
            click.option("--out", type=output_folder, required=True, help="A new folder."),
            click.option(
                "--version", default="1.0.0", show_default=True, metavar="X.Y.Z", help="Of the set."
            ),
            click.option(
                "--seed", default=0, show_default=True, help="Of what is drawn, and of new splits."
            ),
            click.option(
                "--most-unreadable",
                default=0.05,
                show_default=True,
                metavar="SHARE",
                help="A larger share of unreadable images stops the work.",
            ),
            click.option("--processes", type=click.IntRange(min=1), help="[default: one per core]"),
            json_option,
        )
    ):
        command = option(command)
    return command


def run(
    images: Path,
    treatment: Treatment,
    *,
    out: Path,
    processes: int | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Do ``treatment`` to the images and print what came of it."""
    from flickrexif.engine import InProcess, LocalPool
    from flickrexif.treating import TreatPlan, treat

    count = process_count(processes)
    engine = LocalPool(count) if count > 1 else InProcess()
    plan = TreatPlan(name=out.resolve().name, **words)
    with ExitStack() as stack:
        progress = open_progress(stack)
        summary = treat(images, treatment, plan, out=out, engine=engine, progress=progress)
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.unreadable:
        raise PartialError(
            f"{len(summary.unreadable)} images are unreadable and left out: "
            f"{str(out / 'left_out.json')!r} names them"
        )


@mask.command("apply")
@treated
@click.option("--ratio", default=0.9, show_default=True, help="The share of the area to hide.")
@geometry_option
@click.option(
    "--fill",
    default="black",
    show_default=True,
    help="black, mean (of what is visible), noise, or a colour such as #808080.",
)
@click.option(
    "--patch", default=16, show_default=True, help="Pixels a side of patches and squares."
)
@click.option(
    "--stage",
    type=click.Choice(["post_crop", "pre_resize"]),
    default="post_crop",
    show_default=True,
    help="Mask after the crop, or the photo before it is resized.",
)
@click.option("--exact", is_flag=True, help="Hide the ratio to the pixel, not in whole shapes.")
@click.option("--crop", default=224, show_default=True, help="Pixels a side.")
@click.option(
    "--interpolation",
    type=click.Choice(["bicubic", "bilinear"]),
    default="bicubic",
    show_default=True,
    help="Of the resize.",
)
def mask_apply(
    ratio: float,
    geometry: Any,
    fill: str,
    patch: int,
    stage: Any,
    exact: bool,
    crop: int,
    interpolation: Any,
    **words: Any,
) -> None:
    """Mask every image of IMAGES.

    Each is cropped as an encoder gets it, masked, and stored without loss; labels and splits stay.
    IMAGES is a folder of image files (its folders are classes, or train, validation and test), or
    parquet files as datasets have them, such as one config of a release. Stopped, the same command
    goes on. `flickrexif probe` and load_dataset open what comes out.
    """
    from flickrexif.imaging import Crop, MaskSpec
    from flickrexif.treating import Masking

    spec = MaskSpec(
        geometry=geometry,
        ratio=ratio,
        fill=fill,
        patch=patch,
        seed=words["seed"],
        stage=stage,
        align="pixel" if exact else "whole",
    )
    run(treatment=Masking(spec, Crop(crop, interpolation)), **words)


@cli.command()
@treated
@click.option("--family", metavar="FAMILY", help="jpeg, sharpening, resizing or interpolation.")
@click.option(
    "--canonical",
    metavar="FORM",
    help="Such as jpeg85-444-srgb, or steps: 'colour sRGB, resize 1024, recompress 85, "
    "subsample 4:2:0'.",
)
def process(family: str | None, canonical: str | None, **words: Any) -> None:
    """Give every image of IMAGES a processing trace, or take differences away.

    \b
    With --family each image is processed as one class, drawn for it, which becomes its label:
      jpeg           quality 75, 85, 95 x chroma 4:2:0, 4:4:4
      sharpening     none, 2, 4
      resizing       none, half, double
      interpolation  bilinear, bicubic, lanczos, box, at a random scale
    The last three are stored as JPEG 95 4:4:4.

    With --canonical every image is brought to one form (colours to sRGB, size, JPEG quality,
    chroma, no metadata) and keeps its label. That does not take away what an earlier compression
    left in the pixels.

    IMAGES is a folder of image files (its folders are classes, or train, validation and test), or
    parquet files as datasets have them. Stopped, the same command goes on.
    """
    from flickrexif.treating import Canonicalising, Processing

    if (family is None) == (canonical is None):
        raise UsageError("give either --family or --canonical: a label of its own, or one form")
    if canonical is not None:
        run(treatment=Canonicalising(canonical), **words)
    elif family is not None:
        run(treatment=Processing(family, seed=words["seed"]), **words)


@cli.command()
@treated
@click.option(
    "--sweep",
    required=True,
    metavar="SWEEP",
    help="exposure_time, pixel_size, pixel_size_metered or defocus.",
)
@click.option(
    "--crop", type=click.IntRange(min=1), help="Crop to so many pixels first.  [default: whole]"
)
def degrade(sweep: str, crop: int | None, **words: Any) -> None:
    """Degrade every image of IMAGES as a lens and a sensor would, at each level of a sweep.

    \b
    exposure_time       0.16 to 640 ms: photons, read noise and a full well
    pixel_size          5, 8 and 11 um at one exposure: more light, coarser sampling
    pixel_size_metered  the same, exposed so that white just fills the well
    defocus             4, 12 and 20 dioptres

    Each image is made at every level, the original among them: the level is the label, the class it
    had is kept as source_label. All is computed in linear light; what an image shows is taken for
    the scene. IMAGES is a folder of image files (its folders are classes, or train, validation and
    test), or parquet files as datasets have them. Stopped, the same command goes on.
    """
    from flickrexif.imaging import Crop
    from flickrexif.treating import Degrading

    cropped = None if crop is None else Crop(crop)
    run(treatment=Degrading(sweep, seed=words["seed"], crop=cropped), **words)
