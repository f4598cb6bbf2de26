"""A command with others under its name: ``probe RELEASE`` and ``probe compare A B``."""

from __future__ import annotations

from typing import Any

import click


class LeadingCommand(click.Group):
    """Runs itself, unless its first word is the name of one of its commands.

    Its own options keep their place in settings and environment (``[probe]``), those of its
    commands stand below it (``[probe.compare]``). ``./compare`` is an argument, not a command.
    """

    allow_extra_args = False
    allow_interspersed_args = True

    def __init__(self, name: str | None = None, **more: Any) -> None:
        super().__init__(name, invoke_without_command=True, no_args_is_help=False, **more)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of the named command below this one, whose own arguments are not asked."""
        if args and args[0] in self.commands:
            above = click.Context(click.Group(self.name), parent=parent, info_name=info_name)
            command = self.commands[args[0]]
            return command.make_context(args[0], args[1:], parent=above, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Its own options and arguments; its commands have lines of their own."""
        return click.Command.collect_usage_pieces(self, ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for itself, and one for each of its commands."""
        super().format_usage(ctx, formatter)
        for name, command in self.commands.items():
            pieces = command.collect_usage_pieces(ctx)
            words = f"{ctx.command_path} {name}"
            formatter.write_usage(words, " ".join(pieces), prefix=" " * len("Usage: "))
