"""Every notebook runs top to bottom, offline and without warnings, and shows what it stores."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
ABSOLUTE_PATH = re.compile(r"""(^|[\s"'`(=])(~?/\w|file:|[A-Za-z]:[\\/])""", re.MULTILINE)
VERDICTS = re.compile(r"(not )?above chance|no difference told|\bdiffer\b")
LARGEST = 150_000
"""Bytes of a notebook with its outputs."""

execution = runpy.run_path(str(FOLDER / "execute.py"))
code_cells, execute, store = (execution[name] for name in ("code_cells", "execute", "store"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> dict[str, Any]:
    return read(request.param)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def words(outputs: list[dict[str, Any]]) -> list[str]:
    """What outputs say, with figures masked: they may be others on another machine.

    So may verdicts, which follow from figures. A table's columns and rules are as wide as its
    figures, so spaces and rules do not count.
    """
    found = []
    for output in outputs:
        text = "".join(output["text"] if "text" in output else output["data"]["text/plain"])
        masked = re.sub(r"[-+]?\d[\d,]*(\.\d+)?", "0", text)
        masked = VERDICTS.sub("verdict", masked)
        found.append(" ".join(re.sub(r"[─═┌┬┐╞╪╡└┴┘]", "", masked).split()))
    return found


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 4


def test_notebooks_run_and_show_what_they_store(tmp_path):
    """In one folder and in order, as the first makes the corpus of all."""
    home, temporary, here = (tmp_path / name for name in ("home", "temporary", "here"))
    for folder in (home, temporary, here):
        folder.mkdir()
    own = {"HOME": str(home), "TMPDIR": str(temporary), "HF_HOME": str(home / "hf")}
    for path in NOTEBOOKS:
        notebook = read(path)
        shown = execute(notebook, here, **(os.environ | own))
        for cell, outputs in zip(code_cells(notebook), shown, strict=True):
            told = f"{path.name}, {cell['id']}: run notebooks/execute.py to store what it shows"
            assert words(outputs) == words(cell["outputs"]), told
        assert [*temporary.iterdir()] == []
    assert [folder.name for folder in here.iterdir()] == ["sandbox"]


def test_a_notebook_can_be_read_without_running(notebook):
    cells = code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells)
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info"}
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds[0] == kinds[-1] == "markdown"


def test_each_notebook_has_a_figure_and_is_small(notebook):
    images = [
        output["data"]["image/png"]
        for cell in code_cells(notebook)
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    assert 1 <= len(images) <= 2
    for image in images:
        with Image.open(io.BytesIO(base64.b64decode(image))) as drawn:
            assert drawn.width <= 1000
            assert len(drawn.convert("RGB").getcolors(1 << 20)) > 8
    assert len(json.dumps(notebook, indent=1)) < LARGEST


def test_a_cell_that_fails_is_told(tmp_path):
    cell = {"cell_type": "code", "id": "broken", "source": ["import warnings\n", "1 / 0"]}
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        execute({"cells": [cell]}, tmp_path)
    cell["source"] = ["import warnings\n", "warnings.warn('old')"]
    with pytest.raises(RuntimeError, match="old"):
        execute({"cells": [cell]}, tmp_path)
    cell["source"] = ["import socket\n", "socket.create_connection(('192.0.2.1', 80))"]
    with pytest.raises(RuntimeError, match="needs no network"):
        execute({"cells": [cell]}, tmp_path)


def test_what_is_shown_is_stored_as_notebooks_have_it(tmp_path):
    source = ["from PIL import Image\n", "print('said')\n", "Image.new('1', (2, 2))"]
    cell = {"cell_type": "code", "id": "one", "source": source, "outputs": []}
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": [cell, {"cell_type": "markdown"}]}))
    store(path, execute(read(path), tmp_path))
    said, image = read(path)["cells"][0]["outputs"]
    assert said == {"name": "stdout", "output_type": "stream", "text": ["said\n"]}
    assert (image["output_type"], image["execution_count"]) == ("execute_result", 1)
    assert base64.b64decode(image["data"]["image/png"]).startswith(b"\x89PNG")


def test_words_are_compared_but_figures_are_not():
    def said(text: str) -> list[dict[str, Any]]:
        return [{"text": [text]}]

    assert words(said("make  78.5 [71.7, 85.3]")) == words(said("make 8.5 [1.7,   5.3]"))
    assert words(said("make 78.5 above chance")) == words(said("make 1.5 not above chance"))
    assert words(said("make 78.5 above chance")) != words(said("iso 78.5 above chance"))


def test_cells_have_speaking_ids(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in ids)


def test_a_notebook_names_no_absolute_path(notebook):
    for cell in notebook["cells"]:
        assert not ABSOLUTE_PATH.search("".join(cell["source"])), cell["id"]
        for output in cell.get("outputs", ()):
            text = output.get("text") or output["data"]["text/plain"]
            assert not ABSOLUTE_PATH.search("".join(text)), cell["id"]


@pytest.mark.parametrize("text", ['open("/etc/hosts")', "see ~/data", r"C:\x", "file:///x"])
def test_absolute_paths_are_recognised(text):
    assert ABSOLUTE_PATH.search(text)
