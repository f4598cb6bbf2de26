"""A kernel without Jupyter: runs the cells on standard input, and prints what each showed.

It is to be run as ``python -c "$(cat kernel.py)"``, as ``__main__`` then has no file, like in
Jupyter. Cells run in order while an event loop runs; the value that ends a cell is shown. Only this
machine may be reached. Input is a JSON list of notebook cells, output one of lists of outputs.
"""

from __future__ import annotations

import ast
import asyncio
import base64
import contextlib
import io
import json
import sys
from typing import Any

REPRESENTATIONS = (("text/html", "_repr_html_"), ("image/png", "_repr_png_"))
LOCAL = ("127.0.0.1", "::1")


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop what reaches for another machine."""
    if (
        event == "socket.connect"
        and isinstance(arguments[1], tuple)
        and arguments[1][0] not in LOCAL
    ):
        raise OSError(f"a notebook needs no network, but reached for {arguments[1]}")


def shown(value: object) -> dict[str, Any]:
    """``value`` in all forms that a notebook can show, as nbformat has them."""
    told: dict[str, Any] = {"text/plain": lines(repr(value))}
    for kind, way in REPRESENTATIONS:
        found = getattr(value, way, lambda: None)()
        if isinstance(found, bytes):
            told = {kind: base64.b64encode(found).decode("ascii"), "text/plain": ["an image"]}
        elif found is not None:
            told[kind] = lines(found)
    return told


def lines(text: str) -> list[str]:
    """``text`` as nbformat stores it."""
    return text.splitlines(keepends=True)


async def run(cells: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What each cell showed: its standard output, then the value that ends it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for place, cell in enumerate(cells, start=1):
        tree = ast.parse("".join(cell["source"]), cell["id"])
        ends_in_a_value = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
        last = ast.Expression(tree.body.pop().value) if ends_in_a_value else None  # type: ignore[attr-defined]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(tree, cell["id"], "exec"), names)  # noqa: S102 - it is what a kernel does
            value = eval(compile(last, cell["id"], "eval"), names) if last else None  # noqa: S307
        found: list[dict[str, Any]] = []
        if said.getvalue():
            found.append(
                {"name": "stdout", "output_type": "stream", "text": lines(said.getvalue())}
            )
        if value is not None:
            result = {"data": shown(value), "execution_count": place, "metadata": {}}
            found.append(result | {"output_type": "execute_result"})
        outputs.append(found)
    return outputs


if __name__ == "__main__":
    sys.addaudithook(refuse_network)
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)
