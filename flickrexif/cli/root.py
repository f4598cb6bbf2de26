"""The command group and what its commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif._version import __version__
from flickrexif.progress import Bar, Progress, Silent
from flickrexif.settings import FILE_NAME, PREFIX, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

NOTICE = "This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc."

# The order in which a user meets them.
ORDER = (
    "crawl", "status", "recheck", "takedown", "hydrate", "login", "label", "splits", "build",
    "verify", "diff", "publish", "releases", "rollback", "withdraw", "probe", "audit", "exif",
    "mask", "process", "degrade", "degradations", "shift", "protocol", "golden", "encoders",
    "embed", "sandbox", "doctor", "config",
)  # fmt: skip


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(ORDER)


def path_type(*, exists: bool = False) -> click.Path:
    """An argument or option that names a file or folder."""
    return click.Path(path_type=Path, exists=exists)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--json``, which reaches it as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def geometry_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--geometry``, the shape of a mask."""
    return click.option(
        "--geometry",
        type=click.Choice(["center", "border", "random_patches", "checkerboard"]),
        default="center",
        show_default=True,
        help="What is hidden.",
    )(command)


@click.group(
    cls=_Commands,
    epilog=NOTICE,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": PREFIX,
        "max_content_width": 100,
    },
)
@click.version_option(__version__, "-V", "--version", prog_name="flickrexif")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only warnings and errors.")
@click.option(
    "--config",
    "settings",
    envvar=f"{PREFIX}_CONFIG",
    type=path_type(exists=True),
    metavar="FILE",
    help=f"Defaults for options.  [default: {FILE_NAME}, where there is one]",
)
@click.pass_context
def cli(ctx: click.Context, quiet: bool, settings: Path | None) -> None:
    """Build EXIF-labelled image corpora from Flickr, publish them, probe vision encoders on them.

    \b
    The way: crawl → label → build → verify → publish, and probe what was built.
    Exit codes: 0 done, 1 findings or failure, 2 usage, 3 some photos failed, 4 key or permission,
    5 upstream down (run again to resume), 130 interrupted (state saved).
    """
    console.tell_log(quiet=quiet)
    ctx.obj = quiet
    here = settings or (Path(FILE_NAME) if Path(FILE_NAME).is_file() else None)
    if here is not None:
        ctx.default_map = read_settings(here, cli)


def open_progress(stack: ExitStack) -> Progress:
    """How a command tells its progress: not at all when it was asked to be quiet."""
    return Silent() if click.get_current_context().obj else stack.enter_context(Bar())


def process_count(asked: int | None) -> int:
    """As many processes as asked, or one per core."""
    return asked or os.cpu_count() or 1


def split_names(words: str | None) -> tuple[str, ...] | None:
    """The names in a comma list; None for none at all."""
    return tuple(word.strip() for word in words.split(",") if word.strip()) if words else None
