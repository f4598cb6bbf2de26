"""Every option that names what will be written is refused at once where that cannot lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from flickrexif.cli import cli
from flickrexif.cli.outputs import OutputPath, output_file, output_folder
from paircams.cli import cli as paircams_cli

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUTS = {"--out", "--to", "--report", "--folder", "--hub", "--junit"}
FOLDERS_BY_PLACE = {("flickrexif", "splits", "export"), ("paircams", "sandbox")}
"""Commands whose output is an argument, not an option."""


def commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, (*path, name))


COMMANDS = [*commands(cli, ("flickrexif",)), *commands(paircams_cli, ("paircams",))]
OPTIONS = [
    (path, option, flag)
    for path, command in COMMANDS
    for option in command.params
    for flag in sorted(OUTPUTS.intersection(option.opts))
]


@pytest.fixture
def call(run, run_paircams):
    """The command line of a path's first word."""
    (Path.cwd() / "afile").write_text("precious")
    (Path.cwd() / "gone").symlink_to("nowhere")
    (Path.cwd() / "afolder").mkdir()
    return {"flickrexif": run, "paircams": run_paircams}


def test_the_walk_finds_the_commands_that_write():
    found = {" ".join((*path, flag)) for path, _, flag in OPTIONS}
    assert {
        "flickrexif embed --out",
        "flickrexif probe --out",
        "flickrexif protocol processing --out",
        "flickrexif golden freeze --out",
        "flickrexif rollback --to",
        "flickrexif hydrate --folder",
        "paircams build --out",
        "paircams publish --to",
        "paircams validate --report",
    } <= found


@pytest.mark.parametrize(
    ("path", "option", "flag"), OPTIONS, ids=[" ".join((*path, flag)) for path, _, flag in OPTIONS]
)
def test_what_cannot_be_written_is_refused_before_anything_else(path, option, flag, call):
    words = path[1:]
    assert isinstance(option.type, OutputPath)
    line = call[path[0]].refused(*words, flag, "afile/below/it")
    assert f"'{flag}'" in line
    assert "'afile' is a file: name a folder" in line
    assert "'gone' is a file" in call[path[0]].refused(*words, flag, "gone/below")
    wrong = {output_folder: "afile", output_file: "afolder"}[option.type]
    assert f"'{wrong}' is a f" in call[path[0]].refused(*words, flag, wrong)


def test_arguments_that_name_a_folder_are_refused_too(call):
    for path, command in COMMANDS:
        if path in FOLDERS_BY_PLACE:
            (place,) = (one for one in command.params if isinstance(one.type, OutputPath))
            assert isinstance(place, click.Argument)
    assert "'afile' is a file" in call["paircams"].refused("sandbox", "afile/x")
    assert "'afile' is a file" in call["flickrexif"].refused("splits", "export", "c", "afile/x")


@pytest.mark.parametrize("place", ["new", "new/below", "afolder", "afolder/new", ".", "..", "/"])
def test_what_can_be_made_is_left_to_the_command(place, call):
    assert output_folder.convert(place, None, None) == Path(place)


@pytest.mark.parametrize("place", ["new.csv", "new/below.csv", "afile", "gone", "afolder/new.csv"])
def test_files_may_be_new_or_replaced(place, call):
    assert output_file.convert(place, None, None) == Path(place)
