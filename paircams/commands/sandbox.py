"""``paircams sandbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.progress import Bar

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Make a set of simulated pairs, with faults if wanted.")
@click.argument("out", type=output_folder)
@click.option("--pairs", type=click.IntRange(1), default=12, show_default=True)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:N]",
    help="Plant a fault, or N of it; may be repeated. --list-faults names the kinds.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed, other pairs.")
@click.option(
    "--longest-px",
    type=int,
    default=1024,
    show_default=True,
    help="The longer edge of the photos.",
)
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, wanted: _list_faults(ctx) if wanted else None,
    help="Name the kinds of faults, and leave.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was planted as JSON.")
def sandbox(
    out: Path, pairs: int, faults: tuple[str, ...], seed: int, longest_px: int, as_json: bool
) -> None:
    """Make a set of simulated pairs in the new folder OUT.

    Each subject is seen by a simulated smartphone and a simulated digital camera from slightly
    different places. OUT receives the photos, the manifest pairs.csv, and faults.json, which says
    what was planted where. The same words give the same bytes.

    Faults go together, those of a whole side too, unless one hides the other: such are refused.
    """
    from paircams.sandbox import parse_faults, simulate

    with Bar() as progress:
        made = simulate(
            out,
            pairs=pairs,
            faults=parse_faults(faults),
            seed=seed,
            longest_px=longest_px,
            progress=progress,
        )
    console.show(made, made.lines(), as_json=as_json)


def _list_faults(ctx: click.Context) -> None:
    from paircams.sandbox import FAULTS

    for fault in FAULTS.values():
        click.echo(f"{fault.kind:15} {fault.check:15} {fault.sentence}")
    ctx.exit()
