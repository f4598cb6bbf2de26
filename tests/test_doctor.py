"""What the doctor tells of the folder that crawls share."""

from __future__ import annotations

import pytest

from flickrexif.doctor import examine
from flickrexif.flickr.budgets import FOLDER_VARIABLE


@pytest.fixture
def told_of(tmp_path, monkeypatch):
    def look(folder):
        monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
        [check] = [check for check in examine(tmp_path) if check.name == "state folder"]
        return check

    return look


def test_a_state_folder_that_can_be_written_is_named(told_of, tmp_path):
    check = told_of(tmp_path)
    assert (check.level, check.found) == ("ok", str(tmp_path))


def test_a_state_folder_that_can_be_made_is_not_made_by_looking(told_of, tmp_path):
    check = told_of(tmp_path / "yet" / "to come")
    assert check.level == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_state_folder_that_cannot_be_made_is_told_with_its_remedy(told_of, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "folder"):
        check = told_of(folder)
        assert check.level == "absent"
        assert str(folder) in check.found
        assert FOLDER_VARIABLE in check.found
