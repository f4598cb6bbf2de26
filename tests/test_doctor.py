"""What the doctor tells of the folder that crawls share, and of what is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

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


# The packages that the doctor finds are those in ``site``, whatever is imported already.
ELSEWHERE = """
import json, sys
from pathlib import Path
import platformdirs
from flickrexif.doctor import examine
sys.path[:] = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path)]
print(json.dumps({one.name: [one.level, one.found] for one in examine(Path("."))}))
"""


def told_with(site: Path) -> dict[str, list[str]]:
    looked = [sys.executable, "-c", ELSEWHERE, site]
    found = subprocess.run(looked, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(found))


def test_without_opencv_the_extra_that_brings_it_is_told(tmp_path):
    opencv = metadata.distribution("opencv-python-headless")
    for info in Path(opencv.locate_file("")).glob("*.dist-info"):
        if not info.name.startswith("opencv"):
            (tmp_path / info.name).symlink_to(info)
    told = told_with(tmp_path)
    remedy = 'not installed; needed for paircams: pip install "flickrexif[pairs]"'
    assert told["opencv-python-headless"] == ["absent", remedy]
    assert told["pillow"] == ["ok", metadata.version("pillow")]
    (tmp_path / "opencv_python-5.0.0.dist-info").mkdir()
    (tmp_path / "opencv_python-5.0.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: opencv-python\nVersion: 5.0.0\n"
    )
    assert told_with(tmp_path)["opencv-python-headless"] == ["ok", "5.0.0, as opencv-python"]
