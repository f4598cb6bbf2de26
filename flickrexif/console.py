"""What both command lines share: one sink for results, one table from exception to exit code.

Exit codes:

====  ==========================================================================
0     done
1     something was found, or failed
2     usage or configuration
3     finished, some photos or files failed
4     a key, token or permission is missing or was refused
5     a service is down or a budget is spent; the same command resumes
130   interrupted; what was done is saved
====  ==========================================================================

Results go to standard output; progress, log lines and errors go to standard error.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flickrexif.errors import FlickrexifError, Interrupted, LimitReached, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

log = logging.getLogger("flickrexif")


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> None:
    """Run ``command`` as the program ``name`` and exit with its code; an error is one line."""
    sys.exit(_exit_code(command, name, arguments))


def _exit_code(command: click.Command, name: str, arguments: Sequence[str] | None) -> int:
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:  # its message is the whole help
        seen = error.ctx.command_path if error.ctx else name
        return _told(f"a command is missing. See {seen} --help.", UsageError.exit_code)
    except click.UsageError as error:
        seen = error.ctx.command_path if error.ctx else name
        told = error.format_message().rstrip()
        stop = "" if told.endswith((".", "?", "!")) else "."
        return _told(f"{told}{stop} See {seen} --help.", UsageError.exit_code)
    except click.ClickException as error:
        return _told(error.format_message(), UsageError.exit_code)
    except (Interrupted, LimitReached) as error:
        words = sys.argv[1:] if arguments is None else arguments
        click.echo(f"{error}: {shlex.join([name, *words])}", err=True)
        return error.exit_code
    except FlickrexifError as error:
        return _told(str(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _told(
            "interrupted; what was finished is kept: run the same command again",
            Interrupted.exit_code,
        )
    except BrokenPipeError:  # the reader of a pipe, such as head, has left
        sys.stderr.close()
        return FlickrexifError.exit_code
    except Exception as error:
        log.debug("unexpected", exc_info=True)
        return _told(f"{type(error).__name__}: {error}", FlickrexifError.exit_code)
    return code if isinstance(code, int) else 0


def _told(message: str, code: int) -> int:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def show(result: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print a result: its ``lines`` for people, or the result itself as one JSON object."""
    click.echo(to_json(result) if as_json else "\n".join(lines))


def to_json(result: object) -> str:
    """``result`` (a dataclass, a mapping or a list of them) as indented JSON."""
    return json.dumps(_plain(result), indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value


def tell_log(*, quiet: bool) -> None:
    """Send the log to standard error: warnings alone when ``quiet``, what happens too otherwise."""
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING, force=True)
    log.setLevel(logging.WARNING if quiet else logging.INFO)
