"""An album for every test of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pair_scenes import Album

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Six sound pairs."""
    made = Album(tmp_path / "album")
    made.root.mkdir()
    for subject in range(1, 7):
        made.add(subject)
    return made
