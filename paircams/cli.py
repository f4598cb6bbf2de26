"""The command line: parses, makes one call, prints its result.

Exit codes: 0 done, and the set is sound · 1 findings · 2 usage · 3 some pairs could not be judged ·
130 interrupted. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif._version import __version__
from paircams.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="paircams")
def cli() -> None:
    """Check pairs of photos: one subject, a smartphone and an older digital camera."""


for command in COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; errors are one line on standard error."""
    console.run(cli, "paircams", arguments)
