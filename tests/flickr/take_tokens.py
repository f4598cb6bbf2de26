"""Takes tokens in a process of its own: FILE RATE COUNT; prints when each was had (uptime)."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from flickrexif.flickr.budgets import BudgetStore


async def main() -> None:
    path, rate, count = sys.argv[1:]
    with BudgetStore(Path(path)) as store:
        bucket = store.bucket("shared", float(rate))
        for _ in range(int(count)):
            await bucket.take()
            print(time.monotonic(), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
