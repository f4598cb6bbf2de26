"""Embedded Flickrs with few photos and small files, and what is asked of them."""

from __future__ import annotations

from small_renderer import SmallRenderer

from flickrexif.crawling import CrawlPlan
from flickrexif.flickr import Connection
from flickrexif.sandbox import Sandbox

PLAN = CrawlPlan("2020-01..2020-02", per_user_month=4)


class OpenBox:
    """A sandbox with small files: ``with OpenBox(catalogue) as (box, connection)``."""

    def __init__(self, catalogue, **words):
        self.box = Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0, **words)

    def __enter__(self):
        box = self.box.__enter__()
        return box, Connection.embedded(box.rest_url, box.image_base)

    def __exit__(self, *error):
        self.box.__exit__(*error)
