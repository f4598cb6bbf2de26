"""The words of names and titles, read from ``words.toml``."""

from __future__ import annotations

import tomllib
from importlib import resources


def _read() -> dict[str, tuple[str, ...]]:
    text = resources.files("flickrexif.sandbox").joinpath("words.toml").read_text("utf-8")
    return {kind: tuple(words.split()) for kind, words in tomllib.loads(text).items()}


WORDS = _read()
"""Names, places, surnames, subjects and months."""
