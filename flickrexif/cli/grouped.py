"""A command whose many options are told in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class GroupedCommand(click.Command):
    """Its help tells options under the title of their group, and last those of none.

    ``groups`` maps a title to the names of its options, in the order they are told.
    """

    def __init__(self, *words: Any, groups: Mapping[str, Sequence[str]], **more: Any) -> None:
        super().__init__(*words, **more)
        self._groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every option once."""
        records = {
            str(param.name): record
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
        }
        for title, names in self._groups.items():
            with formatter.section(title):
                formatter.write_dl([records.pop(name) for name in names])
        if records:
            with formatter.section("Other options"):
                formatter.write_dl(list(records.values()))
