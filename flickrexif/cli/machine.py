"""Commands about this machine: the embedded Flickr, what is installed, defaults."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import cli, json_option
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.settings import origins

USUAL_PORT = 8080


@cli.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="0 picks a free one.  [default: 8080; a free one for a COMMAND]",
)
@click.option("--seed", default=0, show_default=True, help="Another seed, other photos.")
@click.option(
    "--faults",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of answers that fail.",
)
@click.option(
    "--hub",
    type=output_folder,
    metavar="DIR",
    help="Serve an embedded Hugging Face Hub instead, which keeps its datasets in DIR.",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]")
@click.pass_context
def sandbox(
    ctx: click.Context,
    port: int | None,
    seed: int,
    faults: float,
    hub: Path | None,
    command: tuple[str, ...],
) -> None:
    """Serve an embedded Flickr, or a Hub, on 127.0.0.1.

    The Flickr's web service and image host answer any Flickr client until interrupted. Photos,
    owners and cameras are simulated. The Hub answers huggingface_hub and datasets: set what it
    prints in the shell that publishes or loads, or give it a COMMAND.

    With a COMMAND the Hub lives as long as that: it is run with this Hub alone in its environment,
    and its exit code is passed on. What it published is in DIR for the next one:

    \b
      flickrexif sandbox --hub DIR -- flickrexif publish RELEASE --repo ORG/NAME
      flickrexif sandbox --hub DIR -- flickrexif releases --repo ORG/NAME
    """
    if port is None:
        port = 0 if command else USUAL_PORT
    if hub is not None:
        ctx.exit(_serve_hub(hub, command, port=port, seed=seed, faults=faults))
    if command:
        raise UsageError("a COMMAND is run beside a Hub: name its folder with --hub DIR")
    from flickrexif.sandbox import API_SECRET, Faults, Sandbox

    served = Sandbox(seed=seed, port=port, faults=Faults.everywhere(faults) if faults else None)
    with served:
        click.echo(f"web service  {served.rest_url}")
        click.echo(f"image host   {served.image_base}")
        click.echo(f"API key      any 32 hexadecimal digits, such as {'0' * 32}")
        click.echo(f"API secret   {API_SECRET}")
        click.echo("Ctrl-C ends it.", err=True)
        with suppress(KeyboardInterrupt):
            served.serve_forever()


def _serve_hub(
    folder: Path, command: tuple[str, ...], *, port: int, seed: int, faults: float
) -> int:
    from flickrexif.sandbox.hub import Hub, HubFaults, run_beside

    meeting = HubFaults.everywhere(faults, seed=seed) if faults else None
    home = folder / "client"
    with Hub(folder, port=port, faults=meeting) as served:
        if command:
            return run_beside(served, command, home=home)
        for name, value in served.environment(home).items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo("Ctrl-C ends it.", err=True)
        with suppress(KeyboardInterrupt):
            served.serve_forever()
    return 0


@cli.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Tell whether this machine is ready.

    Exits with 1 when something that every command needs is missing.
    """
    from flickrexif.doctor import examine

    checks = examine(Path.cwd())
    lines = [f"{check.level:8} {check.name:16} {check.found}" for check in checks]
    console.show(checks, lines, as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if any(c.level == "problem" for c in checks) else 0)


@cli.group()
def config() -> None:
    """Look at the defaults of options."""


@config.command("show")
@json_option
@click.pass_context
def config_show(ctx: click.Context, as_json: bool) -> None:
    """Print the value of each option and where it comes from."""
    rows = list(origins(cli, ctx.find_root()))
    told = [
        {"command": command, "option": option, "value": value, "origin": origin}
        for command, option, value, origin in rows
    ]
    lines = [
        f"{command}.{option} = {value!r}  ({origin})" for command, option, value, origin in rows
    ]
    console.show(told, lines, as_json=as_json)
