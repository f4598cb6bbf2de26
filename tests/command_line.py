"""A command line called in this process, how it ended and what it said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


class Outcome(NamedTuple):
    """How a command ended and what it said; equal to the tuple of its code, output and errors."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class CommandLine:
    """Calls a program with words of any type, after the ``first`` ones; see the fixture `run`."""

    def __init__(
        self,
        main: Callable[[list[str]], None],
        capsys: pytest.CaptureFixture[str],
        first: tuple[object, ...] = (),
    ) -> None:
        self._main, self._capsys, self._first = main, capsys, first

    def __call__(self, *words: object) -> Outcome:
        with pytest.raises(SystemExit) as left:
            self._main([str(word) for word in (*self._first, *words)])
        assert isinstance(left.value.code, int)
        return Outcome(left.value.code, *self._capsys.readouterr())

    def under(self, *first: object) -> CommandLine:
        """The same program, whose every call begins with these words."""
        return CommandLine(self._main, self._capsys, (*self._first, *first))

    def refused(self, *words: object, code: int = 2) -> str:
        """The one line with which words are refused, after which nothing here has changed."""
        before = contents(Path.cwd())
        found, out, err = self(*words)
        assert (found, out, err.count("\n")) == (code, "", 1), err
        assert err.startswith("error: ")
        assert err.endswith("\n")
        assert contents(Path.cwd()) == before
        return err


def contents(folder: Path) -> dict[str, bytes | None]:
    """The files below a folder, and its folders (None), by their names from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
