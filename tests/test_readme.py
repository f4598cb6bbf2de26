"""The README's commands exist, its Python runs, and its demo is the Makefile's."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from flickrexif.cli import cli
from paircams.cli import cli as paircams

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(group: click.Group, prefix: str = "flickrexif") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{prefix} {name}"


def test_the_table_lists_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `((?:flickrexif|paircams) [a-z ]+)` \|", README, flags=re.MULTILINE)
    assert sorted(listed) == sorted([*commands(cli), *commands(paircams, "paircams")])


def test_every_command_line_parses() -> None:
    pattern = r"^(?:\.venv/bin/)?(flickrexif|paircams) ([a-z]+) (.*)$"
    lines = re.findall(pattern, README, flags=re.MULTILINE)
    assert lines
    for program, name, words in lines:
        group = cli if program == "flickrexif" else paircams
        given = words.partition(" || ")[0].split()
        context = group.commands[name].make_context(name, list(given))
        assert context.info_name in (name, given[0])


def test_the_demo_shown_is_the_demo_run() -> None:
    shown = re.findall(r"^\.venv/bin/((?:flickrexif|paircams) .*)$", README, flags=re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = re.findall(r"^\t\$\(BIN\)/((?:flickrexif|paircams) .*)$", makefile, flags=re.MULTILINE)
    (months,) = re.findall(r"^MONTHS \?= (.*)$", makefile, flags=re.MULTILINE)
    words = {"$(BIN)": ".venv/bin", "$(MONTHS)": months, "$$": "$"}
    for variable, value in words.items():
        run = [line.replace(variable, value) for line in run]
    assert shown == run


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
)
def test_the_python_runs(code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("[]\n")
    assert (tmp_path / "release" / "manifest.json").is_file()


def test_the_notice_stands_where_flickr_wants_it() -> None:
    notice = "This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc."
    assert notice in README
    assert notice in str(cli.epilog)
