"""The commands, one module each: parse, make one call, print its result."""

from paircams.commands.match import match
from paircams.commands.releasing import build, publish, verify
from paircams.commands.retrieve import retrieve
from paircams.commands.review import review
from paircams.commands.sandbox import sandbox
from paircams.commands.validate import validate

__all__ = ["COMMANDS"]

COMMANDS = (match, validate, review, build, verify, publish, retrieve, sandbox)
