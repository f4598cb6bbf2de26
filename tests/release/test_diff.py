"""What differs between two release folders, by id and by count."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus import Corpus
from flickrexif.errors import UsageError
from flickrexif.imaging import Crop, MaskSpec
from flickrexif.release import BuildPlan, build, diff, read_manifest
from flickrexif.release.contents import RowsInMemory
from flickrexif.release.diff import compare
from flickrexif.release.manifest import describe_file, to_text
from flickrexif.treating import Masking, TreatPlan, treat

if TYPE_CHECKING:
    from pathlib import Path

FIRST_ID = 50_000_000_000
TRAIN = "iso/train-00000-of-00001.parquet"
PHOTOS = "photos/train-00000-of-00001.parquet"


@pytest.fixture
def copied(releases, tmp_path):
    def make(kind: str = "metadata") -> Path:
        return shutil.copytree(releases[kind], tmp_path / "copy")

    return make


def rewrite(release: Path, name: str, change) -> None:
    """Pass the rows of a file through ``change``, and tell the manifest."""
    table = pq.read_table(release / name, memory_map=False)
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), release / name)
    manifest = read_manifest(release)
    manifest["files"][name] = describe_file(release / name)
    (release / "manifest.json").write_text(to_text(manifest))


@pytest.mark.parametrize("kind", ["metadata", "images", "masked"])
def test_equal_folders_have_no_difference(kind, releases, copied):
    difference = diff(releases[kind], copied(kind), images=True)
    assert not difference
    assert difference.lines() == ["1.0.0 to 1.0.0: no difference"]
    told = difference.as_json()
    assert (told["required_bump"], told["next_version"], told["because"]) == (None, "1.0.0", [])


def test_photos_and_rows_that_went_and_came(corpus, releases, tmp_path):
    gone = [FIRST_ID, FIRST_ID + 7 * 45]
    fewer = shutil.copytree(corpus, tmp_path / "corpus")
    with Corpus.open(fewer).state() as state, state.transaction():
        state.remove(gone, "taken_down")
    build(fewer, BuildPlan("1.0.1", "metadata"), out=tmp_path / "after")
    there = diff(releases["metadata"], tmp_path / "after")
    back = diff(tmp_path / "after", releases["metadata"])
    assert there.photos_removed.to_list() == back.photos_added.to_list() == gone
    assert there.photos_added.is_empty()
    for name, one in there.attributes.items():
        assert set(gone) & set(one.removed)
        assert one.removed.equals(back.attributes[name].added)
        assert one.removed.is_sorted()
        assert not one.has_other_classes
    assert set(there.attributes) == {"make", "iso", "flash"}


def test_a_row_of_another_class_is_told_by_the_names(releases, copied):
    after = copied()

    def relabel(rows):
        return [rows[0] | {"label": (rows[0]["label"] + 1) % 4}, *rows[1:]]

    rewrite(after, TRAIN, relabel)
    (name,) = (difference := diff(releases["metadata"], after)).attributes
    assert name == "iso"
    assert difference.attributes["iso"].relabelled.to_list() == [FIRST_ID]
    assert difference.lines()[1:] == [f"  iso: 1 relabelled: {FIRST_ID}"]


def test_a_row_in_another_split_is_re_split(releases, copied):
    after = copied()
    moved = []

    def take(rows):
        moved.extend(rows[:2])
        return rows[2:]

    rewrite(after, TRAIN, take)
    rewrite(after, "iso/test-00000-of-00001.parquet", lambda rows: [*moved, *rows])
    difference = diff(releases["metadata"], after).attributes["iso"]
    assert difference.resplit.to_list() == sorted(row["photo_id"] for row in moved)
    assert difference.added.is_empty()
    assert difference.removed.is_empty()


def test_classes_that_change_place_relabel_nobody(corpus, releases, tmp_path):
    other = shutil.copytree(corpus, tmp_path / "corpus")
    words = json.loads((other / "labels.json").read_text())
    words["attributes"]["iso"]["classes"] = ["200", "100", "400", "800"]
    (other / "labels.json").write_text(json.dumps(words))
    build(other, BuildPlan("2.0.0", "metadata"), out=tmp_path / "after")
    difference = diff(releases["metadata"], tmp_path / "after")
    (one,) = difference.attributes.values()
    assert difference.columns == {}
    assert one.recoded == ("200", "100")
    assert one.relabelled.is_empty()


def test_mended_metadata_are_told_by_column(releases, copied):
    after = copied()

    def mend(rows):
        return [
            row | ({"owner_name": None, "iso": 125} if row["photo_id"] == FIRST_ID else {})
            for row in rows
        ]

    rewrite(after, PHOTOS, mend)
    difference = diff(releases["metadata"], after)
    changed = {column: ids.to_list() for column, ids in difference.metadata_changed.items()}
    assert changed == {"owner_name": [FIRST_ID], "iso": [FIRST_ID]}
    assert f"  1 photos with another iso: {FIRST_ID}" in difference.lines()


def test_another_kind_mask_and_choice_of_attributes(corpus, releases, tmp_path):
    plan = BuildPlan("2.0.0", crop=32, mask=MaskSpec(ratio=0.5), attributes=("iso",))
    build(corpus, plan, out=tmp_path / "after")
    difference = diff(releases["metadata"], tmp_path / "after")
    assert difference.words["kind"] == ("metadata", "masked")
    assert difference.words["crop"] == (None, 32)
    assert difference.words["mask"][1]["ratio"] == 0.5
    assert difference.columns == {"iso": {"image": "added"}}
    assert difference.attributes_removed == {"make": 90, "flash": 120}
    assert difference.attributes == {}
    back = diff(tmp_path / "after", releases["metadata"])
    assert back.columns == {"iso": {"image": "removed"}}
    assert back.attributes_added == {"make": 90, "flash": 120}
    assert any("attribute make added: 90 rows" in line for line in back.lines())


def test_image_bytes_are_compared_where_asked(releases, copied):
    after = copied("images")

    def change(rows):
        data = rows[3]["image"]["bytes"]
        rows[3]["image"]["bytes"] = data + b"\0"
        return rows

    rewrite(after, TRAIN, change)
    assert not diff(releases["images"], after)
    asked = diff(releases["images"], after, images=True)
    changed = pq.read_table(after / TRAIN, columns=["photo_id"])["photo_id"][3].as_py()
    assert asked.images_changed.to_list() == [changed]
    assert asked.as_json()["required_bump"] == "major"
    assert diff(releases["images"], releases["masked"], images=True).images_changed.len() == 120


def test_lines_show_some_ids_and_json_all(corpus, releases, tmp_path):
    fewer = shutil.copytree(corpus, tmp_path / "corpus")
    gone = [FIRST_ID + 7 * number for number in range(9)]
    with Corpus.open(fewer).state() as state, state.transaction():
        state.remove(gone, "taken_down")
    build(fewer, BuildPlan("1.0.1", "metadata"), out=tmp_path / "after")
    difference = diff(releases["metadata"], tmp_path / "after")
    shown = ", ".join(map(str, gone[:5]))
    assert f"  9 photos removed: {shown} and 4 more" in difference.lines()
    told = json.loads(json.dumps(difference.as_json()))
    assert told["photos_removed"] == gone
    assert told["required_bump"] == "patch"
    assert told["next_version"] == "1.0.1"
    assert told["because"][0] == "9 photos removed"


def test_treated_sets_are_compared_too(releases, tmp_path):
    for name, ratio in (("a", 0.9), ("b", 0.9), ("c", 0.5)):
        treat(releases["images"] / "flash", Masking(MaskSpec(ratio=ratio), Crop(32)),
              TreatPlan("treated"), out=tmp_path / name)  # fmt: skip
    assert not diff(tmp_path / "a", tmp_path / "b", images=True)
    other = diff(tmp_path / "a", tmp_path / "c", images=True)
    assert {"mask", "treatment"} <= set(other.words)
    assert other.images_changed.len()


def test_what_is_no_release_or_damaged_is_refused(releases, copied, tmp_path):
    with pytest.raises(UsageError, match="is no release"):
        diff(releases["metadata"], tmp_path)
    after = copied()
    (after / TRAIN).write_bytes(b"PAR1")
    with pytest.raises(UsageError, match=r"train-00000.*damaged.*flickrexif verify"):
        diff(releases["metadata"], after)
    (after / TRAIN).unlink()
    with pytest.raises(UsageError, match=r"train-00000.*missing"):
        diff(after, releases["metadata"])
    (after / "manifest.json").write_text("{}")
    with pytest.raises(UsageError, match=r"'schema_version' is missing"):
        diff(releases["metadata"], after)


# The command


@pytest.fixture
def diff_command(run):
    return run.under("--quiet", "diff")


def test_the_command_ends_with_0_also_when_they_differ(diff_command, releases):
    code, out, _ = diff_command(releases["metadata"], releases["masked"])
    assert code == 0
    assert out.startswith("1.0.0 to 1.0.0: a major step, to 2.0.0 or higher\n  kind: 'metadata'")
    code, out, _ = diff_command(releases["metadata"], releases["metadata"], "--json", "--images")
    assert code == 0
    assert json.loads(out)["images_changed"] == []
    code, out, err = diff_command(releases["metadata"], "nowhere")
    assert (code, out) == (2, "")
    assert "'nowhere' is no release" in err


def test_comparing_needs_neither_pixels_nor_the_hub(releases):
    code = (
        "import sys; from flickrexif.release import diff; "
        f"diff({str(releases['images'])!r}, {str(releases['images'])!r}); "
        "print({'datasets', 'huggingface_hub', 'torch'} & set(sys.modules) or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "none\n"), done.stderr


# Any two releases

ROWS = st.dictionaries(
    st.integers(1, 12), st.tuples(st.integers(0, 2), st.sampled_from(["train", "test"]))
)
NAMES = st.permutations(["a", "b", "c", "d"]).map(lambda names: names[:3])


def contents(rows, names):
    frame = pl.DataFrame(
        [(photo_id, *one) for photo_id, one in rows.items()],
        schema={"photo_id": pl.Int64, "label": pl.Int64, "split": pl.String},
        orient="row",
    )
    splits = {split: {"rows": 0} for split in ("train", "validation", "test")}
    manifest = {
        "version": "1.0.0",
        "configs": {},
        "attributes": {"make": {"classes": list(names), "splits": splits}},
    }
    return RowsInMemory(manifest, frame.select("photo_id"), {"make": frame})


@given(ROWS, NAMES, ROWS, NAMES)
def test_differences_are_those_of_plain_dictionaries(old, were, new, are):
    difference = compare(contents(old, were), contents(new, are))
    both = old.keys() & new.keys()
    expected = {
        "added": new.keys() - old.keys(),
        "removed": old.keys() - new.keys(),
        "relabelled": {one for one in both if were[old[one][0]] != are[new[one][0]]},
        "resplit": {one for one in both if old[one][1] != new[one][1]},
    }
    one = difference.attributes.get("make")
    if one is None:
        assert not any(expected.values())
        assert were == are
    else:
        found = {name: getattr(one, name).to_list() for name in expected}
        assert found == {name: sorted(ids) for name, ids in expected.items()}
        assert set(one.classes_added) == set(are) - set(were)
        assert set(one.classes_removed) == set(were) - set(are)
    assert difference.photos_added.to_list() == sorted(expected["added"])


@given(ROWS, ROWS, st.sampled_from(["train", "test"]))
def test_a_photo_in_two_splits_is_compared_by_all_of_them(old, new, split):
    """Splits that were taken over may share photos; `diff` must not pair rows crosswise."""

    def doubled(rows):
        frame = contents(rows, "abc").attributes["make"]
        also = frame.with_columns(split=pl.lit(split))
        return replace(
            contents(rows, "abc"), attributes={"make": pl.concat([frame, also]).unique()}
        )

    one = compare(doubled(old), doubled(new)).attributes.get("make")
    moved = [n for n in sorted(old.keys() & new.keys())
             if {old[n][1], split} != {new[n][1], split}]  # fmt: skip
    assert ([] if one is None else one.resplit.to_list()) == moved
