from __future__ import annotations

from typing import get_args

import click
import pytest

from flickrexif.cli import cli
from flickrexif.corpus import CrawlPlan
from flickrexif.corpus.plan import Size
from flickrexif.crawling.candidates import addresses_of
from flickrexif.flickr.sizes import SIZES


def test_the_plan_and_the_command_know_the_same_sizes():
    (choice,) = [option.type for option in cli.commands["crawl"].params if option.name == "size"]
    assert isinstance(choice, click.Choice)
    assert tuple(SIZES) == get_args(Size) == tuple(choice.choices)


def test_sizes_stand_from_the_largest_down():
    edges = [size.longest for size in SIZES.values() if size.longest]
    assert edges == sorted(edges, reverse=True)


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ({}, {"url_l", "url_o"}),
        ({"size": "medium"}, {"url_m", "url_o"}),
        ({"size": "large-2048", "exif_from": "api"}, {"url_k"}),
        ({"size": "original"}, {"url_o"}),
        ({"size": "original", "exif_from": "api"}, {"url_o"}),
        ({"size": "none"}, {"url_o"}),
        ({"size": "none", "exif_from": "api"}, set()),
    ],
)
def test_no_file_is_asked_for_that_is_not_needed(words, files):
    extras = addresses_of(CrawlPlan("2020-01", **words)).extras.split(",")
    assert {extra for extra in extras if extra.startswith("url_")} == files
    assert len(extras) == len(set(extras))
    assert {"license", "date_upload", "date_taken", "original_format", "o_dims"} <= set(extras)
