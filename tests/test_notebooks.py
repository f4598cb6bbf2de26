"""Every notebook runs from top to bottom, offline and without warnings, and is kept bare."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
ABSOLUTE_PATH = re.compile(r"""(^|[\s"'`(=])(~?/\w|file:|[A-Za-z]:[\\/])""", re.MULTILINE)

# A kernel without Jupyter: cells run in order while an event loop runs, __main__ has no file, and
# the value that ends a cell is shown. Only this machine may be reached.
KERNEL = """
import ast, asyncio, json, sys

def refuse_network(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        if arguments[1][0] not in ("127.0.0.1", "::1"):
            raise OSError(f"no network in tests: {arguments[1]}")

sys.addaudithook(refuse_network)

def show(value):
    for way in ("_repr_html_", "_repr_png_", "__repr__"):
        if hasattr(value, way):
            print(way, len(getattr(value, way)()))

async def run(cells):
    names = {"__name__": "__main__"}
    for cell in cells:
        tree = ast.parse(cell["source"], cell["id"])
        ends_in_a_value = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
        last = ast.Expression(tree.body.pop().value) if ends_in_a_value else None
        exec(compile(tree, cell["id"], "exec"), names)
        value = eval(compile(last, cell["id"], "eval"), names) if last else None
        if value is not None:
            show(value)

asyncio.run(run(json.load(sys.stdin)))
"""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> dict[str, Any]:
    return json.loads(request.param.read_text(encoding="utf-8"))


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_a_notebook_runs_and_leaves_nothing_behind(notebook, tmp_path):
    home, temporary, here = (tmp_path / name for name in ("home", "temporary", "here"))
    for folder in (home, temporary, here):
        folder.mkdir()
    own = {"HOME": str(home), "TMPDIR": str(temporary), "HF_HOME": str(home / "hf")}
    cells = [{"id": cell["id"], "source": "".join(cell["source"])} for cell in code_cells(notebook)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", KERNEL],
        input=json.dumps(cells),
        env=os.environ | own,
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert done.stdout
    assert [*temporary.iterdir(), *here.iterdir()] == []


def test_a_notebook_is_kept_without_outputs(notebook):
    for cell in code_cells(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert all(cell["metadata"] == {} for cell in notebook["cells"])


def test_cells_have_speaking_ids(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in ids)


def test_a_notebook_names_no_absolute_path(notebook):
    for cell in notebook["cells"]:
        assert not ABSOLUTE_PATH.search("".join(cell["source"])), cell["id"]


@pytest.mark.parametrize("text", ['open("/etc/hosts")', "see ~/data", r"C:\x", "file:///x"])
def test_absolute_paths_are_recognised(text):
    assert ABSOLUTE_PATH.search(text)
