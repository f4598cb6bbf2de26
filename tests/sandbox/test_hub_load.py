"""datasets as it is installed loads a tag, in full and streamed."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hub_client import REPO, told_by

from flickrexif.sandbox.hub import Hub

LOAD = """
import io
import pyarrow as pa, pyarrow.parquet as pq

def shard(first, stop):
    sink = io.BytesIO()
    rows = {"id": list(range(first, stop)), "image": [noise(n, 2000) for n in range(first, stop)]}
    pq.write_table(pa.table(rows), sink, row_group_size=10, compression="none")
    return sink.getvalue()

card = '''---
configs:
- config_name: make
  data_files:
  - {split: train, path: "make/train-*.parquet"}
  - {split: test, path: "make/test-*.parquet"}
- config_name: photos
  data_files: "photos/*.parquet"
---
'''
adds = [Add("README.md", card.encode()), Add("photos/a.parquet", shard(0, 5))]
adds += [Add(f"make/train-0000{n}-of-00002.parquet", shard(20 * n, 20 * n + 20)) for n in (0, 1)]
adds += [Add("make/test-00000-of-00001.parquet", shard(90, 95))]
api.create_repo(**repo)
api.create_tag(tag="v1.0.0", revision=publish(adds).oid, **repo)
publish([Add("make/train-00000-of-00002.parquet", shard(500, 501))], title="main moved on")

from datasets import get_dataset_config_names, load_dataset

name = repo["repo_id"]
at_tag = load_dataset(name, "make", revision="v1.0.0")
on_main = load_dataset(name, "make", revision="main")
streamed = load_dataset(name, "make", revision="v1.0.0", split="test", streaming=True)
try:
    load_dataset(name, "make", revision="v9.9.9")
    missing = None
except Exception as error:
    missing = type(error).__name__
told = {
    "configs": get_dataset_config_names(name, revision="v1.0.0"),
    "at_tag": {split: rows["id"] for split, rows in at_tag.items()},
    "intact": at_tag["train"][7]["image"] == noise(7, 2000),
    "on_main": len(on_main["train"]),
    "streamed": [row["id"] for row in streamed],
    "missing": missing,
}
told["at_tag"] = {split: list(ids) for split, ids in told["at_tag"].items()}
"""


@pytest.fixture(scope="module", params=["lfs", "xet"])
def loaded(request, tmp_path_factory):
    if request.param == "xet" and find_spec("hf_xet") is None:
        pytest.skip("hf_xet is not installed, so no client speaks Xet here")
    with Hub(transfer=request.param) as hub:
        yield hub, told_by(hub, tmp_path_factory.mktemp("home"), LOAD)


def test_a_tag_is_loaded_though_main_moved_on(loaded):
    _, told = loaded
    assert told["at_tag"] == {"train": list(range(40)), "test": [90, 91, 92, 93, 94]}
    assert told["on_main"] == 21
    assert told["configs"] == ["make", "photos"]


def test_the_bytes_of_an_image_come_back(loaded):
    assert loaded[1]["intact"]


def test_a_stream_reads_pieces_by_http_whatever_the_transfer(loaded):
    hub, told = loaded
    assert told["streamed"] == [90, 91, 92, 93, 94]
    assert any(asked.status == 206 for asked in hub.log if asked.kind == "cdn")


def test_a_missing_tag_is_an_error(loaded):
    hub, told = loaded
    assert told["missing"] is not None
    assert [asked.status for asked in hub.log if "v9.9.9" in asked.path][-1] == 404


def test_nothing_was_asked_that_the_hub_does_not_know(loaded):
    hub, _ = loaded
    assert hub.requests["other"] == 0
    assert hub.repo(REPO).files("v1.0.0").keys() == hub.repo(REPO).files().keys()
