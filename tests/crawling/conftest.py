"""An embedded Flickr with few photos and quick files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "corpus"))

from small_renderer import SmallRenderer

from flickrexif.flickr import Connection
from flickrexif.sandbox import Catalogue, Sandbox

MONTHS = "2020-01..2020-02"


@pytest.fixture(scope="session")
def catalogue():
    return Catalogue(0, photos=240, owners=20, first_month="2020-01", last_month="2020-02")


@pytest.fixture
def open_box(catalogue):
    """Opens a sandbox; ``with open_box(faults=...) as (box, connection)``."""

    class Open:
        def __init__(self, **words):
            words.setdefault("catalogue", catalogue)
            self.box = Sandbox(renderer=SmallRenderer(), workers=0, **words)

        def __enter__(self):
            box = self.box.__enter__()
            return box, Connection.embedded(box.rest_url, box.image_base)

        def __exit__(self, *error):
            self.box.__exit__(*error)

    return Open
