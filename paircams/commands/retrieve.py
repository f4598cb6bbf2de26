"""``paircams retrieve``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.encoding import device_option, dtype_option, threads_option
from flickrexif.cli.outputs import output_folder
from flickrexif.progress import Bar

if TYPE_CHECKING:
    from flickrexif.probing.devices import Device, Dtype


@click.command(short_help="Measure how well encoders find a photo's partner.")
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--encoder",
    "encoders",
    multiple=True,
    required=True,
    metavar="NAME",
    help="One that `flickrexif encoders` lists; may be repeated.",
)
@click.option(
    "--out",
    type=output_folder,
    metavar="DIR",
    help="Write retrieval.json, retrieval.csv and retrieval.png into DIR.",
)
@click.option("--crop", type=click.IntRange(1), help="Pixels, for encoders that take any size.")
@device_option
@dtype_option
@threads_option
@click.option("--resamples", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="A table of model,camera_class, for sets that tell models instead of sides.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def retrieve(
    release: Path,
    encoders: tuple[str, ...],
    out: Path | None,
    crop: int | None,
    device: Device,
    dtype: Dtype,
    threads: int,
    resamples: int,
    seed: int,
    classes: Path | None,
    as_json: bool,
) -> None:
    """Embed the pairs of RELEASE and look for each photo's partner.

    RELEASE may also be the published dataset, a manifest or a folder of pairs. Recall is told for
    negatives that share the query's camera and for those that share the target's, with the
    photos of either side as queries: an encoder that tells of subjects alone has the same recall
    for all. Intervals are 95 %, over subjects.
    """
    from paircams.retrieving import RetrievePlan
    from paircams.retrieving import retrieve as run

    plan = RetrievePlan(
        encoders,
        crop=crop,
        device=device,
        dtype=dtype,
        threads=threads,
        resamples=resamples,
        seed=seed,
        classes=classes,
    )
    with Bar() as progress:
        report = run(release, plan, out=out, progress=progress)
    click.echo(report.to_json()) if as_json else console.show(report, report.lines(), as_json=False)
