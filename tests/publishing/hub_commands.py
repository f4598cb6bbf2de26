"""The command line in a process of its own: the Hub's clients read their environment at import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from command_line import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.sandbox.hub import Hub

PROCESS = """
import json, os, sys, tempfile
from pathlib import Path
import flickrexif
from flickrexif.cli import main

channel = os.fdopen(os.dup(1), "w")
usual = dict(os.environ)

def answer_to(wanted):
    try:
        if wanted["code"] is None:
            main(wanted["words"])
        names = {"flickrexif": flickrexif, "Path": Path}
        exec(wanted["code"], names)
        return {"told": names["told"]}
    except SystemExit as end:
        return {"code": end.code}
    except flickrexif.FlickrexifError as error:
        return {"told": [type(error).__name__, str(error)]}

for line in sys.stdin:
    wanted = json.loads(line)
    os.environ.update(wanted["environment"])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
        answer = answer_to(wanted)
        sys.stdout.flush(), sys.stderr.flush()
        for name, file in (("out", out), ("err", err)):
            file.seek(0)
            answer[name] = file.read().decode()
    os.environ.update(usual)
    print(json.dumps(answer), file=channel, flush=True)
"""


class Commands:
    """Runs ``flickrexif`` with words, one call after another, in one process with one home."""

    def __init__(self, hub: Hub, home: Path, **environment: str) -> None:
        self.cache = home / "hub"
        self.said = ""
        """Everything that was written to both outputs."""
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            env={**os.environ, **hub.environment(home), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def __call__(self, *words: object, **environment: str) -> Outcome:
        answer = self._ask([str(word) for word in words], None, environment)
        return Outcome(answer["code"], answer["out"], answer["err"])

    def python(self, code: str) -> Any:
        """Run Python; return its ``told``, or the kind and message of our error."""
        return self._ask([], code, {})["told"]

    def forget(self, repo: str) -> None:
        """Throw away what was downloaded of a repo."""
        shutil.rmtree(self.cache / f"datasets--{repo.replace('/', '--')}", ignore_errors=True)

    def _ask(
        self, words: list[str], code: str | None, environment: dict[str, str]
    ) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        wanted = {"words": words, "code": code, "environment": environment}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.said += answer["out"] + answer["err"]
        return answer
