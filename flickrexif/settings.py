"""``flickrexif.toml``: defaults for the options of commands, one table per command.

::

    [crawl]
    licenses = "4,9,10"
    per-user-month = 5

    [build]
    kind = "masked"

A flag wins over the environment (``FLICKREXIF_CRAWL_LICENSES``), the environment over the file, the
file over the built-in default. The Flickr key is never read from the file.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import click

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "flickrexif.toml"
PREFIX = "FLICKREXIF"

_ORIGINS = {
    click.core.ParameterSource.ENVIRONMENT: "environment",
    click.core.ParameterSource.DEFAULT_MAP: "file",
    click.core.ParameterSource.DEFAULT: "default",
}


def read_settings(path: Path, commands: click.Group) -> dict[str, dict[str, Any]]:
    """The defaults in ``path`` as Click's default map; `UsageError` for words nobody knows."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error}): mend it or move it") from error
    return _tables(path, tables, commands, "")


def _tables(path: Path, tables: dict[str, Any], group: click.Group, above: str) -> dict[str, Any]:
    return {name: _table(path, above, name, table, group) for name, table in tables.items()}


def _table(path: Path, above: str, name: str, table: Any, group: click.Group) -> dict[str, Any]:
    command, called = group.commands.get(name), f"{above}{name}"
    if command is None or not isinstance(table, dict):
        known = ", ".join(sorted(f"{above}{known}" for known in group.commands))
        raise UsageError(f"{str(path)!r}: [{called}] is no command: use one of {known}")
    options = {option.name: option for option in _options(command)}
    below = command if isinstance(command, click.Group) else click.Group()
    if below is command and not options:
        return _tables(path, table, below, f"{called}.")
    read: dict[str, Any] = {}
    for word, value in table.items():
        if word in below.commands:
            read[word] = _table(path, f"{called}.", word, value, below)
            continue
        if word.replace("-", "_") not in options:
            known = ", ".join(sorted(str(option).replace("_", "-") for option in options)) or "none"
            raise UsageError(f"{str(path)!r}: [{called}] has no {word!r}: use one of {known}")
        read[word.replace("-", "_")] = value
    return read


def origins(
    commands: click.Group, ctx: click.Context, above: str = ""
) -> Iterator[tuple[str, str, Any, str]]:
    """Each option's command, name, value without flags, and where the value comes from."""
    for name, command in sorted(commands.commands.items()):
        inner = command.make_context(name, [], parent=ctx, resilient_parsing=True)
        if isinstance(command, click.Group):
            yield from origins(command, inner, f"{above}{name}.")
        for option in _options(command):
            source = inner.get_parameter_source(str(option.name))
            origin = _ORIGINS.get(source, "default") if source else "default"
            value = inner.params.get(str(option.name))
            yield f"{above}{name}", str(option.name).replace("_", "-"), value, origin


def _options(command: click.Command) -> list[click.Option]:
    return [
        option
        for option in command.params
        if isinstance(option, click.Option) and option.name not in ("help", "as_json")
    ]
