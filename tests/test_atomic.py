"""A file appears whole, or what was there before stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flickrexif.atomic import atomic_path, write_text

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_seen_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    with atomic_path(target) as partial:
        partial.write_text("half")
        assert not target.exists()
        assert partial.parent == tmp_path  # a rename across file systems is none
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]


def test_a_failure_leaves_the_file_before_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    write_text(target, "before")

    def fail() -> None:
        with atomic_path(target) as partial:
            partial.write_text("half")
            raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="disk"):
        fail()
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]


def test_text_is_utf_8_on_every_machine(tmp_path: Path) -> None:
    write_text(tmp_path / "name.txt", "Stojnić")
    assert (tmp_path / "name.txt").read_bytes() == "Stojnić".encode()
