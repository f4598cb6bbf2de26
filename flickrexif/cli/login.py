"""The command that logs in to Flickr."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.root import cli, json_option
from flickrexif.doctor import KEY_VARIABLE, SECRET_VARIABLE
from flickrexif.errors import AccessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


@cli.command()
@click.option("--browser", is_flag=True, help="Open the address in a browser, too.")
@click.option("--show", is_flag=True, help="Only tell who is logged in.")
@click.option("--forget", is_flag=True, help="Remove the token from this machine.")
@click.option(
    "--endpoint",
    metavar="URL",
    help="The web service of another Flickr, such as one that flickrexif sandbox serves.",
)
@json_option
def login(browser: bool, show: bool, forget: bool, endpoint: str | None, as_json: bool) -> None:
    """Log in to Flickr, with the permission to read and no other.

    It prints an address: open it, agree, and paste the code that Flickr shows there (off a
    terminal, the code is the first line of standard input). The token is kept where the flickrapi
    package keeps it, readable by you alone. crawl then signs its searches, and still asks for
    public, safe photos only: a login does not change what is collected.

    The API key and its secret are read from the environment variables FLICKR_API_KEY and
    FLICKR_API_SECRET.
    """
    from flickrexif.flickr.connection import REST_URL
    from flickrexif.flickr.login import forget_login, logged_in
    from flickrexif.flickr.login import login as run

    if browser + show + forget > 1:
        raise UsageError("--browser, --show and --forget do not go together: give one of them")
    key, secret = os.environ.get(KEY_VARIABLE, ""), os.environ.get(SECRET_VARIABLE, "")
    where = endpoint or REST_URL
    if forget:
        was_there = forget_login(key, endpoint=where)
        line = "the token is removed" if was_there else "nobody was logged in"
        console.show({"forgotten": was_there}, [line], as_json=as_json)
        return
    if show:
        found = logged_in(key, endpoint=where)
        if found is None:
            raise AccessError("nobody is logged in with this API key: run flickrexif login")
    else:
        found = run(key, secret, ask=_ask(with_browser=browser), endpoint=where)
    console.show(found, found.lines(), as_json=as_json)


def _ask(*, with_browser: bool) -> Callable[[str], str]:
    """Shows the address on standard error, and reads the code."""

    def ask(address: str) -> str:
        click.echo(f"Open this address and agree; Flickr then shows a code:\n{address}", err=True)
        if with_browser and not webbrowser.open(address):
            click.echo("No browser could be opened here.", err=True)
        if sys.stdin.isatty():
            return str(click.prompt("Code", err=True))
        return sys.stdin.readline()

    return ask
