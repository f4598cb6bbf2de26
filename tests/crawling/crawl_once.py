"""A crawl in a process of its own, for tests that stop it: CORPUS REST_URL IMAGE_BASE."""

from __future__ import annotations

import sys
from pathlib import Path

from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.errors import FlickrexifError
from flickrexif.flickr import Connection


def main() -> int:
    corpus, rest_url, image_base = sys.argv[1:]
    plan = CrawlPlan("2020-01..2020-02", per_user_month=4)
    connection = Connection.embedded(rest_url, image_base)
    try:
        crawl(Path(corpus), plan, connection=connection)
    except FlickrexifError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
