"""Sets and releases that many tests look at, and an album for each test that spoils one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pair_scenes import Album

from paircams.releasing import PairsPlan, build
from paircams.sandbox import simulate

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


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sound pairs, one of which tells where it was taken; not to be changed."""
    out = tmp_path_factory.mktemp("pairs") / "set"
    return simulate(out, pairs=3, longest_px=400, faults={"gps": 1}).folder


@pytest.fixture(scope="session")
def built(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of them, in one file; not to be changed."""
    out = tmp_path_factory.mktemp("built") / "release"
    build(pairs, PairsPlan("1.0.0"), out=out)
    return out


@pytest.fixture(scope="session")
def in_files(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of them, each pair in a file of its own; not to be changed."""
    out = tmp_path_factory.mktemp("in-files") / "release"
    build(pairs, PairsPlan("1.0.0", pairs_per_file=1), out=out)
    return out
