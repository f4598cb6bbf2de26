"""Clients of an embedded Hub, each a process of its own: they read its address when imported.

Run as a program it is one of them: ``CLIENT`` and its words as JSON. It prints as JSON what it
came to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flickrexif.sandbox.hub import Hub


def publish(release: str, repo: str) -> None:
    """Publish a release as `flickrexif publish` does."""
    from flickrexif.publishing import HubShelf
    from flickrexif.publishing import publish as run

    run(Path(release), HubShelf(repo))


def push(release: str, attribute: str, repo: str, without: list[int]) -> None:
    """Write the rows of an attribute of a release by push_to_hub as it comes, some left out."""
    from datasets import load_dataset

    folder = Path(release) / attribute
    files = {split: f"{folder}/{split}-*.parquet" for split in ("train", "validation", "test")}
    dataset = load_dataset("parquet", data_files=files)
    gone = set(without)
    if gone:
        dataset = dataset.filter(lambda photo_id: photo_id not in gone, input_columns=["photo_id"])
    dataset.push_to_hub(repo)


def stream(repo: str, config: str, rows: int) -> dict[str, float]:
    """Stream rows of train, all when 0, images undecoded; seconds to the first, rows a second."""
    from datasets import Image, load_dataset

    began = time.perf_counter()
    dataset = load_dataset(repo, config, split="train", streaming=True, revision="main")
    count, first_s = 0, 0.0
    for count, _ in enumerate(dataset.cast_column("image", Image(decode=False)), start=1):
        if count == 1:
            first_s = time.perf_counter() - began
        if count == rows:
            break
    return {"first_s": first_s, "rows": count, "rows_s": count / (time.perf_counter() - began)}


CLIENTS = {"publish": publish, "push": push, "stream": stream}


def ask(hub: Hub, home: Path, client: str, **words: Any) -> Any:
    """What a client of ``hub`` returns; ``home`` has its caches."""
    done = subprocess.run(
        [sys.executable, __file__, client, json.dumps(words)],
        env={**os.environ, **hub.environment(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{client} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    client, words = sys.argv[1:]
    print(json.dumps(CLIENTS[client](**json.loads(words))), flush=True)
    # Without the interpreter's farewell: pyarrow 26 goes on reading ahead for a stream that was
    # left early, and dies of it then ("PyGILState_Release: thread state ... must be current").
    os._exit(0)
