"""Releases as others see them: exiftool on their images, and the same build on another day."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

OURS = {"EXIF:Orientation"}
"""The one tag that `strip_metadata` may leave, of photos that lie on their side."""
PRIVATE = ("EXIF", "XMP", "IPTC", "GPS", "MakerNotes", "Photoshop", "MPF")


def tags_by_exiftool(folder: Path) -> list[set[str]]:
    """The tags of these groups in each file of a folder."""
    words = ["exiftool", "-json", "-G0", *(f"-{group}:all" for group in PRIVATE), folder]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [set(one) - {"SourceFile"} for one in json.loads(done.stdout)]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("kind", ["images", "masked"])
def test_exiftool_finds_nothing_private_in_any_image(releases, rows_of, tmp_path, corpus, kind):
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
    for row in rows_of(releases[kind], "make").iter_rows(named=True):
        (after / row["image"]["path"]).write_bytes(row["image"]["bytes"])
    for row in rows_of(corpus, "images").iter_rows(named=True):
        (before / f"{row['photo_id']}.jpg").write_bytes(row["image"])
    assert all("EXIF:GPSLatitude" in tags for tags in tags_by_exiftool(before))
    found = tags_by_exiftool(after)
    assert len(found) == len(list(after.iterdir())) > 50
    assert set().union(*found) <= (OURS if kind == "images" else set())


BUILD = """
import sys, time
from flickrexif.release import BuildPlan, build
build(sys.argv[1], BuildPlan("1.0.0", crop=48), out=sys.argv[2])
print(time.strftime("%Z"))
"""


def test_another_time_zone_and_hash_seed_change_no_byte(corpus, tmp_path):
    digests = []
    for zone, seed in (("UTC0", "0"), ("KIRITIMATI-14", "1")):
        out = tmp_path / zone
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
        words = [sys.executable, "-c", BUILD, corpus, out]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() in zone
        digests.append(
            {
                path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in out.rglob("*")
                if path.is_file()
            }
        )
    assert len(digests[0]) > 10
    assert digests[0] == digests[1]
