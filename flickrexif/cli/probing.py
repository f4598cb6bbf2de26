"""Commands that look at a release or an image."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.embedding import embedding_options, embedding_words
from flickrexif.cli.leading import LeadingCommand
from flickrexif.cli.outputs import output_file, output_folder
from flickrexif.cli.root import (
    cli,
    geometry_option,
    json_option,
    open_progress,
    path_type,
    split_names,
)
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@cli.group(cls=LeadingCommand)
@click.argument("release", type=path_type())
@embedding_options
@click.option("--attributes", metavar="A,B", help="Only these.  [default: all of the release]")
@click.option(
    "--out",
    type=output_folder,
    help="Write results, figure and embeddings into this folder, and take embeddings from it.",
)
@click.option(
    "--solver",
    type=click.Choice(["lbfgs", "sgd", "ridge"]),
    default="lbfgs",
    show_default=True,
    help="How heads are fitted: sgd is the published protocol, ridge a smoke test.",
)
@click.option(
    "--seed", default=0, show_default=True, help="Of permutations, resamples and the sgd solver."
)
@json_option
def probe(
    release: Path,
    attributes: str | None,
    out: Path | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Tell what a frozen encoder knows of the camera.

    A linear probe per attribute: the penalty is chosen on validation, the test split is looked at
    once. Intervals are bootstrapped over owners. Beside each accuracy stand chance, the majority
    class, permuted labels, and what image size, a coarse thumbnail, and all that is published of a
    photo besides its pixels (nuisance: size, JPEG quality, month, licence) tell.

    With --out, report.html holds all of it on one page; probe compare holds two such folders
    against each other. A release in a folder called compare is ./compare.
    """
    from flickrexif.probing import ProbePlan
    from flickrexif.probing import probe as run

    plan = ProbePlan(attributes=split_names(attributes), **embedding_words(**words))
    with ExitStack() as stack:
        report = run(release, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@cli.command()
@click.argument("release", type=path_type())
@json_option
def audit(release: Path, as_json: bool) -> None:
    """Tell what RELEASE gives away besides its labels.

    Bias-corrected Cramér's V between each attribute and image size, quality, month, licence, owner
    and the other attributes.
    """
    from flickrexif.auditing import audit as run

    report = run(release)
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@cli.group()
def mask() -> None:
    """Hide most of an image, so that traces remain."""


@mask.command("preview")
@click.argument("image", type=path_type())
@click.option(
    "--ratios",
    default="0.5,0.75,0.9,0.95",
    show_default=True,
    metavar="A,B",
    help="Shares of the area to hide.",
)
@geometry_option
@click.option(
    "--out",
    type=output_file,
    default="mask-preview.png",
    show_default=True,
    help="The sheet, a PNG.",
)
def mask_preview(image: Path, ratios: str, geometry: Any, out: Path) -> None:
    """Write a contact sheet of IMAGE under several mask ratios."""
    from flickrexif.atomic import atomic_path
    from flickrexif.imaging import MaskSpec, UnreadableImage, decode_rgb
    from flickrexif.imaging import mask_preview as run

    if out.suffix.lower() not in ("", ".png"):
        raise UsageError(f"{str(out)!r} would hold a PNG: name a file that ends in .png")
    try:
        wanted = [float(word) for word in ratios.split(",")]
    except ValueError:
        raise UsageError(f"ratios {ratios!r} are no numbers: give some such as 0.5,0.9") from None
    try:
        photo = decode_rgb(image.read_bytes())
    except (OSError, UnreadableImage) as error:
        raise UsageError(f"{str(image)!r} is no readable image ({error}): name another") from error
    sheet = run(photo, wanted, spec=MaskSpec(geometry=geometry))
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(out) as partial:
        sheet.save(partial, format="PNG")
    click.echo(out)
