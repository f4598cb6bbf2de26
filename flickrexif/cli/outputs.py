"""Options that name what a command will write: refused before any work where it cannot lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from typing import Any


class OutputPath(click.Path):
    """A path below a folder that there is, or that can be made; ``wanted`` is what will lie there.

    A file where a folder is wanted, a folder where a file is wanted, and a path that leads through
    a file are bad parameters. Whatever else a command asks of the place is its own to check.
    """

    def __init__(self, wanted: str) -> None:
        super().__init__(path_type=Path)
        self._wanted = wanted

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; `click.BadParameter`, which names what is in the way."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if self._wanted == "file" and path.is_dir():
            self.fail(f"{str(path)!r} is a folder: name a file", param, ctx)
        folder = path.parent if self._wanted == "file" else path
        blocking = next(one for one in (folder, *folder.parents) if _lies(one))
        if not blocking.is_dir():
            where = "" if blocking == path else f"{str(path)!r} cannot be made: "
            self.fail(f"{where}{str(blocking)!r} is a file: name a folder", param, ctx)
        return path


output_folder = OutputPath("folder")
output_file = OutputPath("file")


def _lies(path: Path) -> bool:
    return os.path.lexists(path) or path == path.parent  # `.` and `/` are there
