"""Options of commands that let encoders see images."""

from __future__ import annotations

import click

encoder_option = click.option(
    "--encoder", default="residual", show_default=True, help="See flickrexif encoders."
)
encoders_option = click.option(
    "--encoder",
    "encoders",
    multiple=True,
    default=("residual",),
    show_default=True,
    metavar="NAME",
    help="See flickrexif encoders; give it again for more.",
)
crop_option = click.option(
    "--crop",
    type=click.IntRange(min=1),
    help="Pixels a side, where the encoder takes any.  [default: 224]",
)
device_option = click.option(
    "--device",
    metavar="DEVICE",
    default="auto",
    show_default=True,
    help="Where encoders compute: auto, cpu, cuda, cuda:1, mps.",
)
devices_option = click.option(
    "--device",
    metavar="A,B",
    default="auto",
    show_default=True,
    help="Where encoders compute: cpu, mps, cuda:0, several such as cuda:0,cuda:1, or cuda for "
    "every CUDA device; auto is that, or what else there is.",
)
dtype_option = click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Precision of encoders.",
)
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Of torch."
)
most_unreadable_option = click.option(
    "--most-unreadable",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Stop when more than this share of the images cannot be read.",
)
