"""Run the notebooks from top to bottom and store in them what they show.

    python notebooks/execute.py [NAME.ipynb ...]

Neither Jupyter nor a network is needed. All run in one temporary folder, so that the corpus that
the first makes serves the others.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
KERNEL = HERE / "kernel.py"


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def execute(notebook: dict[str, Any], folder: Path, **environment: str) -> list[Any]:
    """What each code cell shows when all are run in ``folder``; warnings are errors.

    Raises `RuntimeError` with the traceback for a cell that fails.
    """
    done = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-W", "error", "-c", KERNEL.read_text(encoding="utf-8")],
        input=json.dumps(code_cells(notebook)),
        env=environment or None,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or "Warning" in done.stderr:
        raise RuntimeError(done.stderr)
    outputs: list[Any] = json.loads(done.stdout)
    return outputs


def store(path: Path, outputs: list[Any]) -> None:
    """Write ``outputs`` into the notebook at ``path``."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for place, (cell, found) in enumerate(zip(code_cells(notebook), outputs, strict=True), start=1):
        cell |= {"outputs": found, "execution_count": place}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    """Execute and store the named notebooks, or all in the order of their names."""
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(Path(name) for name in names) or sorted(HERE.glob("*.ipynb")):
            store(path, execute(json.loads(path.read_text(encoding="utf-8")), Path(folder)))
            sys.stderr.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
