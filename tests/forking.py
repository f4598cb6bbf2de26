"""Processes that tests kill by the hundred, forked off one server that has imported all they need.

So a life costs milliseconds. The server forks before any event loop or database exists in it.
"""

from __future__ import annotations

import multiprocessing

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        "__main__",
        "anyio._backends._asyncio",
        "httpcore",
        "httpx",
        "huggingface_hub.repocard",
        "pandas",  # pyarrow imports it where it is installed
        "platformdirs",
        "pyarrow.parquet",
        "pytest",
        "flickrexif.console",
        "flickrexif.crawling.run",
        "flickrexif.hydrating.run",
        "flickrexif.treating",
        "flickrexif.upkeep",
    ]
)
