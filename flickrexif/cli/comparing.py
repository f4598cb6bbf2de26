"""The command that holds one probe against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.probing import probe
from flickrexif.cli.root import json_option, path_type

if TYPE_CHECKING:
    from pathlib import Path


@probe.command("compare")
@click.argument("first", type=path_type(), metavar="A")
@click.argument("second", metavar="B|paper")
@json_option
def probe_compare(first: Path, second: str, as_json: bool) -> None:
    """Hold the results of A against B's, or the paper's.

    A and B are folders that probe --out wrote, or results.json in them. Runs that answered the same
    test photos are compared photo by photo, each difference with its interval over owners. Two runs
    of one encoder each are compared even where the encoders differ.

    The word paper stands for the figures of the study (ICCV 2025; 90 % of each photo masked): is
    the published accuracy inside our interval, and in what do the set-ups differ? Where no encoder
    of A is the study's, nothing is compared; chance, the median of each family and the best that
    the study found then stand beside A's accuracies. A folder of that name is ./paper.
    """
    from flickrexif.probing import compare_probes

    comparison = compare_probes(first, second)
    console.show(comparison.as_dict(), comparison.lines(), as_json=as_json)
