"""Commands about encoders: which there are, and photos through them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif.cli.encoding import devices_option, dtype_option, encoders_option
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, geometry_option, json_option, open_progress, path_type
from flickrexif.errors import PartialError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flickrexif.imaging import MaskSpec

_OPTIONS = (
    encoders_option,
    click.option(
        "--ratio",
        type=click.FloatRange(0, 1),
        help="Share of whole images to hide.  [default: what the release hides, else nothing]",
    ),
    geometry_option,
    click.option(
        "--fill",
        default="black",
        show_default=True,
        help="black, mean (of what is visible), noise, normalised_zero, or such as #808080.",
    ),
    devices_option,
    dtype_option,
    click.option(
        "--batch",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        help="Photos at once; fewer where the memory does not hold them.",
    ),
    click.option(
        "--exact", is_flag=True, help="Decode and resize by Pillow alone, not within a grey level."
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Of torch, and as many that decode; equal numbers give equal results.",
    ),
)


def embedding_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an embedding, which `embedding_words` makes a plan's of."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def embedding_words(
    *, ratio: float | None, geometry: Any, fill: str, **words: Any
) -> dict[str, Any]:
    """The words of a plan: those of the command, with the mask that three of them tell."""
    from flickrexif.imaging import MaskSpec

    mask: MaskSpec | None = None
    if ratio is not None:
        mask = MaskSpec(geometry=geometry, ratio=ratio, fill=fill)
    return {"mask": mask, **words}


@cli.command()
@click.argument("images", type=path_type())
@click.option("--out", type=output_folder, required=True, help="Write embeddings into this folder.")
@embedding_options
@click.option(
    "--crop",
    type=click.IntRange(min=1),
    help="Pixels a side, of encoders that take any.  [default: the release's, else 224]",
)
@click.option(
    "--shard",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="Photos after which a file is written.",
)
@json_option
def embed(images: Path, out: Path, as_json: bool, **words: Any) -> None:
    """Write what frozen encoders make of IMAGES.

    IMAGES is a release, a folder of image files, or parquet files as datasets have them. Each photo
    is decoded once for all encoders. Stopped, the same command goes on; `flickrexif probe` with the
    same --out takes the embeddings from there. Each file is safetensors with image_embeddings and
    Flickr ID, with label for a set with classes, and with subject and model for camera pairs. Exits
    with 3 when photos were skipped, as they could not be read.
    """
    from flickrexif.probing import EmbedPlan
    from flickrexif.probing import embed as run

    plan = EmbedPlan(**embedding_words(**words))
    with ExitStack() as stack:
        report = run(images, plan, out=out, progress=open_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)
    if report.skipped:
        raise PartialError(
            f"{len(report.skipped)} photos have no embeddings, as they could not be read: mend or "
            "remove them"
        )


@cli.command()
@click.option(
    "--family",
    type=click.Choice(["contrastive", "supervised", "self-supervised", "control", "filters"]),
    help="Only these.",
)
@json_option
def encoders(family: str | None, as_json: bool) -> None:
    """List the encoders that have a name; none is downloaded.

    Others are named by where they are: timm:MODEL by timm's name and tag, timm:MODEL@FILE with
    weights of your own, random:ARCHITECTURE untrained, transformers:FOLDER. Each of the list takes
    @FILE too.
    """
    from flickrexif.probing import list_encoders
    from flickrexif.probing.encoder_list import lines

    rows = list_encoders(family)
    console.show(rows, lines(rows), as_json=as_json)
