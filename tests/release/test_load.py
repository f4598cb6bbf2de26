from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from flickrexif.release import read_manifest

CONFIGS = ["", "photos", "make", "iso"]

# datasets reads its environment when it is imported, so it loads in a process of its own; every
# socket is refused there.
SCRIPT = """
import json, socket, sys

def refuse(self, address):
    raise OSError(f"no network in tests: {address}")

socket.socket.connect = refuse
from datasets import load_dataset

def look(rows):
    has_label, has_image = "label" in rows.features, "image" in rows.features
    return {
        "rows": len(rows),
        "features": {name: repr(feature) for name, feature in rows.features.items()},
        "ids": rows["photo_id"][:],
        "labels": rows["label"][:] if has_label else None,
        "names": rows.features["label"].names if has_label else None,
        "image": [rows[0]["image"].mode, *rows[0]["image"].size] if has_image else None,
    }

answers = {}
for release in sys.argv[2:]:
    answers[release] = answer = {}
    for config in json.loads(sys.argv[1]):
        loaded = load_dataset(release, *([config] if config else []))
        answer[config] = {split: look(rows) for split, rows in loaded.items()}
    streamed = load_dataset(release, "iso", split="test", streaming=True)
    answer["streamed"] = [row["photo_id"] for row in streamed]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(releases, tmp_path_factory) -> dict:
    offline = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path_factory.mktemp("hf")),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(CONFIGS), *map(str, releases.values())],
        env=os.environ | offline,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("kind", "image"),
    [("masked", ["RGB", 224, 224]), ("images", ["RGB", 90, 60]), ("metadata", None)],
)
def test_load_dataset_opens_every_config_offline(kind, image, releases, answers, rows_of):
    release = releases[kind]
    answer = answers[str(release)]
    manifest = read_manifest(release)
    for name in ("make", "iso"):
        words = manifest["attributes"][name]
        assert list(answer[name]) == ["train", "validation", "test"]
        for split, told in answer[name].items():
            rows = rows_of(release, name, split)
            assert told["rows"] == words["splits"][split]["rows"] == rows.height
            assert told["ids"] == rows["photo_id"].to_list()
            assert told["labels"] == rows["label"].to_list()
            assert told["names"] == words["classes"]
            assert told["image"] == image
            assert "ClassLabel" in told["features"]["label"]
            assert told["features"].get("image", "").startswith("Image") == bool(image)
    assert answer[""] == answer["photos"]
    assert answer["photos"]["train"]["rows"] == 120
    assert answer["streamed"] == rows_of(release, "iso", "test")["photo_id"].to_list()
