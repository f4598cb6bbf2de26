"""Every error that flickrexif raises on purpose.

::

    FlickrexifError        exit 1   something failed or was found
    ├── UsageError         exit 2   the words of the user, or a file they named, do not fit
    ├── PartialError       exit 3   the work ended, some photos or files failed
    ├── AccessError        exit 4   a key, token or permission was refused or is missing
    ├── UpstreamError      exit 5   a service is down or a budget is spent; the same command resumes
    │   └── LimitReached            a limit that the user set for this run; what was done is saved
    └── Interrupted        exit 130 stopped by the user; what was done is saved

A message is one line: what failed, on which thing (``!r``), and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class FlickrexifError(Exception):
    """The root: catch this to catch all that flickrexif raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(FlickrexifError):
    """An argument, a configuration value or a file named by the user does not fit."""

    exit_code = 2


class PartialError(FlickrexifError):
    """The work ran to its end, but some of it failed; the message counts what did."""

    exit_code = 3


class AccessError(FlickrexifError):
    """A key, token or permission is missing or was refused."""

    exit_code = 4


class UpstreamError(FlickrexifError):
    """A service did not answer as it should, or a budget is spent; a rerun resumes."""

    exit_code = 5


class LimitReached(UpstreamError):  # noqa: N818 - as asked, it is no error
    """A limit that the user set was reached; the state is saved and a rerun resumes."""


class Interrupted(FlickrexifError):  # noqa: N818 - an interruption is not an error
    """The user stopped the work; the state is saved and the message tells how to resume."""

    exit_code = 130
