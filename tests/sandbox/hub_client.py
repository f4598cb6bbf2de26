"""The real clients, each in a process of its own: they read their environment when imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.sandbox.hub import Hub

REPO = "lab/photos"
PRELUDE = """
import json, os, sys
from pathlib import Path
from huggingface_hub import (
    CommitOperationAdd as Add,
    CommitOperationCopy as Copy,
    CommitOperationDelete as Delete,
    HfApi,
    errors,
)

api = HfApi()
repo = {"repo_id": "lab/photos", "repo_type": "dataset"}

def publish(operations, title="a release", **more):
    return api.create_commit(operations=operations, commit_message=title, **repo, **more)

def files(revision="main"):
    listed = api.list_repo_tree(recursive=True, revision=revision, **repo)
    return {file.path: file.blob_id for file in listed if hasattr(file, "blob_id")}

def refusal(call, *args, **more):
    try:
        call(*args, **more)
    except errors.HfHubHTTPError as error:
        return error.response.status_code
    return None

def noise(seed, size=60_000):
    import random
    return random.Random(seed).randbytes(size)
"""


def told_by(hub: Hub, home: Path, code: str, **environment: str):
    """Run ``code`` as a client of ``hub``; return what it says in ``told``."""
    source = f"{PRELUDE}\n{dedent(code)}\nprint(json.dumps(told))"
    done = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, **hub.environment(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])
