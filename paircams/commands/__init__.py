"""The commands, one module each: parse, make one call, print its result."""

from flickrexif.cli.publishing import releases, rollback, withdraw
from paircams.commands.match import match
from paircams.commands.releasing import build, verify
from paircams.commands.retrieve import retrieve
from paircams.commands.review import review
from paircams.commands.sandbox import sandbox
from paircams.commands.validate import validate
from paircams.commands.versions import diff, publish, takedown

__all__ = ["COMMANDS"]

COMMANDS = (
    match,
    validate,
    review,
    build,
    verify,
    takedown,
    diff,
    publish,
    releases,
    rollback,
    withdraw,
    retrieve,
    sandbox,
)
"""In the order in which a user meets them."""
