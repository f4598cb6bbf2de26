from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import piexif
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_treatments import SMALL, Mirrored, Qualities
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import Crop, MaskSpec, decode_rgb
from flickrexif.probing import ProbePlan, probe
from flickrexif.release import read_manifest, verify
from flickrexif.release.manifest import describe_file, to_text
from flickrexif.treating import Masking, TreatPlan, treat

if TYPE_CHECKING:
    from pathlib import Path

ODD_CLASSES = ("no", "1", "a|b", "{{ x }}", "true", "- [é] #1: x", "猫", "'q'")
PLAN = TreatPlan("tiny", most_unreadable=1)
TRAIN = "masked/train-00000-of-00001.parquet"
TEST = "masked/test-00000-of-00001.parquet"
QUICK = ProbePlan(encoders=("pixels",), shuffles=1, resamples=100)

# datasets reads its environment when it is imported, so it loads in a process of its own; every
# socket is refused there.
SCRIPT = """
import json, socket, sys

def refuse(self, address):
    raise OSError(f"no network in tests: {address}")

socket.socket.connect = refuse
from datasets import load_dataset

def look(rows):
    return {
        "rows": len(rows),
        "ids": rows["photo_id"][:],
        "sources": rows["source"][:],
        "labels": rows["label"][:] if "label" in rows.features else None,
        "names": {
            name: feature.names for name, feature in rows.features.items()
            if hasattr(feature, "names")
        },
        "sizes": [list(image.size) for image in rows["image"]],
    }

answers = {}
for release in sys.argv[1:]:
    loaded = load_dataset(release)
    (config,) = json.load(open(f"{release}/manifest.json"))["configs"]
    assert {split: look(rows) for split, rows in load_dataset(release, config).items()} == {
        split: look(rows) for split, rows in loaded.items()
    }
    answers[release] = {split: look(rows) for split, rows in loaded.items()}
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def made(fill_folder, write_table, image_bytes, labelled, plain, tmp_path_factory):
    """Releases of every kind that a treatment makes, for tests that only look."""
    folder = tmp_path_factory.mktemp("made")
    treat(labelled, SMALL, PLAN, out=folder / "masked")
    treat(plain, SMALL, PLAN, out=folder / "unlabelled")
    treat(labelled, Mirrored(), PLAN, out=folder / "mirrored")
    treat(plain, Qualities(), PLAN, out=folder / "several")
    odd = fill_folder(folder / "sets" / "odd", [f"train/{name}/1.png" for name in ODD_CLASSES])
    treat(odd, SMALL, PLAN, out=folder / "odd é")
    gaps = fill_folder(folder / "sets" / "gaps", ["train/a/1.png", "train/b/2.png", "train/3.png"])
    for split in ("train", "test"):
        (gaps / split / "c").mkdir(parents=True)
        (gaps / split / "c" / "4.png").write_bytes(b"")
    treat(gaps, SMALL, replace(PLAN, images_per_file=1), out=folder / "gaps")
    file = write_table(
        folder / "sets" / "told" / "train-00000-of-00001.parquet",
        4,
        photo_id=[1, 2, 3, 4],
        owner_id=["x", "x", "y", None],
        license=["CC-BY-2.0", "CC-BY-ND-2.0", None, "CC0-1.0"],
    )
    treat(file, SMALL, PLAN, out=folder / "told")
    return {path.name: path for path in folder.iterdir() if path.name != "sets"}


@pytest.fixture(scope="module")
def answers(made, tmp_path_factory) -> dict:
    offline = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path_factory.mktemp("hf")),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, made.values())],
        env=os.environ | offline,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return {name: told[str(path)] for name, path in made.items()}


KINDS = ("masked", "unlabelled", "mirrored", "several", "odd é", "gaps", "told")


@pytest.mark.parametrize("name", KINDS)
def test_load_dataset_opens_what_came_out(name, made, answers, rows_in):
    manifest = read_manifest(made[name])
    (config,) = manifest["configs"]
    for split, told in answers[name].items():
        rows = rows_in(made[name], split)
        assert told["rows"] == len(rows)
        assert told["ids"] == [row["photo_id"] for row in rows]
        assert told["sources"] == [row["source"] for row in rows]
        assert told["labels"] == (
            [row["label"] for row in rows] if manifest["attributes"] else None
        )
        if manifest["attributes"]:
            assert told["names"]["label"] == manifest["attributes"][config]["classes"]
        size = [32, 32] if config == "masked" else [48, 40]
        assert told["sizes"] == [size] * len(rows)
    assert sum(told["rows"] for told in answers[name].values()) == len(rows_in(made[name]))


def test_classes_of_the_source_are_loaded_beside_the_treatments(answers):
    assert answers["mirrored"]["test"]["names"] == {
        "label": ["as it was", "mirrored"],
        "source_label": ["cat", "dog"],
    }


def test_classes_may_have_any_name(answers):
    assert sorted(answers["odd é"]["train"]["names"]["label"]) == sorted(ODD_CLASSES)


def test_an_unlabelled_image_beside_others_loads_without_a_label(answers):
    assert answers["gaps"]["train"]["labels"] == [None, 0, 1]
    assert list(answers["gaps"]) == ["train"]
    assert answers["gaps"]["train"]["names"]["label"] == ["a", "b", "c"]


@pytest.mark.parametrize("name", KINDS)
def test_verify_finds_nothing_in_what_came_out(name, made):
    assert verify(made[name]) == []


def test_the_card_tells_what_was_done(made):
    card = (made["several"] / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\n")
    assert 'load_dataset("path/or/repo", "quality")' in card
    assert "- does: `qualities`" in card
    assert "made by: these tests" in card
    assert "the classes have an order" in card
    rows = read_manifest(made["several"])["attributes"]["quality"]["splits"]
    assert f"| 30 | {' | '.join(str(split['classes']['30']) for split in rows.values())} |" in card
    assert "The source is `plain`, 20 images." in card
    assert "synthetic" not in card
    masked = (made["masked"] / "README.md").read_text(encoding="utf-8")
    assert "area hidden: 0.87" in masked
    assert "Left out" not in masked
    told = (made["told"] / "README.md").read_text(encoding="utf-8")
    assert "- 1 images: licence allows no changed copies" in told
    assert "## Classes" not in told


def test_a_bar_in_the_name_of_a_class_keeps_the_table_whole(made):
    card = (made["odd é"] / "README.md").read_text(encoding="utf-8")
    table = [line for line in card.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in table} == {5}
    assert len(table) == 2 + len(ODD_CLASSES)
    assert r"| a\|b | 1 | 0 | 0 |" in table


# The probe


def test_a_probe_opens_several_of_one_source(made):
    report = probe(made["several"], QUICK)
    assert [result.attribute for result in report.results] == ["quality"]
    assert (report.photos, report.encoders[0].hidden) == (60, 0.0)


def test_a_probe_opens_a_masked_set_as_masked(made):
    report = probe(made["masked"], QUICK)
    assert [result.attribute for result in report.results] == ["masked"]
    assert report.photos == 24
    assert report.skipped == {}
    manifest = read_manifest(made["masked"])
    assert report.encoders[0].hidden == pytest.approx(manifest["mask_achieved_ratio"], abs=1e-6)
    with pytest.raises(UsageError, match="masked already"):
        probe(made["masked"], ProbePlan(encoders=("pixels",), mask=MaskSpec()))


def test_a_probe_of_a_set_without_classes_is_told_so(made):
    with pytest.raises(UsageError, match="no attribute"):
        probe(made["unlabelled"], QUICK)


def test_a_probe_passes_over_images_without_a_class(fill_folder, tmp_path):
    counts = {"train": 6, "validation": 2, "test": 2}
    names = [f"{split}/{label}{number}.png" for split, count in counts.items()
             for label in ("cat/", "dog/", "") for number in range(count)]  # fmt: skip
    treat(fill_folder(tmp_path / "set", names), SMALL, PLAN, out=tmp_path / "out")
    (result,) = probe(tmp_path / "out", QUICK).results
    assert result.attribute == "masked"


# Damage


@pytest.fixture
def release(made, tmp_path) -> Path:
    return shutil.copytree(made["masked"], tmp_path / "masked")


def found(release: Path) -> set[tuple[str, str]]:
    return {(finding.rule, finding.file) for finding in verify(release)}


def edit_manifest(release: Path, **words: object) -> None:
    (release / "manifest.json").write_text(to_text(read_manifest(release) | words))


def redigest(release: Path, *names: str) -> None:
    """What a forger would do after an edit: make the manifest's digests fit."""
    files = read_manifest(release)["files"]
    edit_manifest(release, files=files | {name: describe_file(release / name) for name in names})


def rewrite(release: Path, name: str, change) -> None:
    """Pass the rows of a file through ``change``; the digests are made to fit."""
    table = pq.read_table(release / name, memory_map=False)
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), release / name)
    redigest(release, name)


def first_row(release: Path, name: str = TRAIN) -> dict:
    return pq.read_table(release / name, memory_map=False).to_pylist()[0]


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_image(content: bytes | None):
    return lambda rows: [rows[0] | {"image": {"bytes": content, "path": "x"}}, *rows[1:]]


def with_words(**words: object):
    return lambda rows: [rows[0] | words, *rows[1:]]


@pytest.mark.parametrize("where", [0.02, 0.5, 0.999])
@pytest.mark.parametrize("name", [TRAIN, "left_out.json", "README.md"])
def test_one_flipped_bit_is_found_in_its_file(release, name, where):
    data = bytearray((release / name).read_bytes())
    data[int(where * (len(data) - 1))] ^= 1
    (release / name).write_bytes(data)
    assert ("file-digest", name) in found(release)
    assert {file for _, file in found(release)} <= {name, "masked", "manifest.json", "README.md"}


@pytest.mark.parametrize("name", [TRAIN, TEST, "left_out.json", "README.md"])
def test_a_missing_file_is_found(release, name):
    (release / name).unlink()
    assert ("file-missing", name) in found(release)


def test_a_truncated_file_is_found(release):
    data = (release / TRAIN).read_bytes()
    (release / TRAIN).write_bytes(data[: len(data) // 2])
    rules = ("file-size", "file-digest", "file-unreadable")
    assert {(rule, TRAIN) for rule in rules} <= found(release)


@pytest.mark.parametrize(
    "name", ["notes.txt", "masked/train-00001-of-00001.parquet", "masked/.x.parquet.1.partial"]
)
def test_a_foreign_file_is_found(release, name):
    (release / name).write_bytes(b"PAR1")
    assert found(release) == {("foreign-file", name)}


def test_a_broken_manifest_is_a_finding(release):
    for text in ("", "[]", "{", '{"kind": "treated"}'):
        (release / "manifest.json").write_text(text)
        assert {file for _, file in found(release)} == {"manifest.json"}
    (release / "manifest.json").unlink()
    assert found(release) == {("manifest-missing", "manifest.json")}


@pytest.mark.parametrize(
    "words",
    [
        {"kind": "images"},
        {"kind": "masked"},
        {"kind": "thumbnails"},
        {"schema_version": 2},
        {"source": None},
        {"source": {}},
        {"treatment": None},
        {"provenance": None},
        {"crop": None},
        {"crop": "32"},
        {"mask": {"ratio": 2}},
        {"mask": {"angle": 1}},
        {"mask": {"geometry": "all_hidden"}},
        {"configs": {}},
        {"attributes": {}},
        {"attributes": None},
    ],
    ids=str,
)
def test_words_of_the_manifest_that_make_no_sense_are_found(release, words):
    edit_manifest(release, **words)
    assert found(release) == {("manifest-schema", "manifest.json")}


def test_a_second_config_or_attribute_is_found(release):
    manifest = read_manifest(release)
    for word in ("configs", "attributes"):
        edit_manifest(release, **{word: manifest[word] | {"more": manifest[word]["masked"]}})
        assert found(release) == {("manifest-schema", "manifest.json")}
        edit_manifest(release, **{word: manifest[word]})


def test_swapped_class_names_are_found_wherever_they_are(release):
    manifest = read_manifest(release)
    attributes = json.loads(json.dumps(manifest["attributes"]))
    attributes["masked"]["classes"].reverse()
    edit_manifest(release, attributes=attributes)
    assert found(release) == {("manifest-schema", "manifest.json")}
    edit_manifest(release, attributes=manifest["attributes"])
    card = (release / "README.md").read_text()
    swapped = card.replace("'0': cat\n          '1': dog", "'0': dog\n          '1': cat")
    assert swapped != card
    (release / "README.md").write_text(swapped)
    redigest(release, "README.md")
    assert found(release) == {("card-features", "README.md")}
    (release / "README.md").write_text(card)
    table = pq.read_table(release / TRAIN, memory_map=False)
    metadata = json.loads(table.schema.metadata[b"huggingface"])
    metadata["info"]["features"]["label"]["names"].reverse()
    pq.write_table(
        table.replace_schema_metadata({"huggingface": json.dumps(metadata)}), release / TRAIN
    )
    redigest(release, "README.md", TRAIN)
    assert ("features", TRAIN) in found(release)


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("num_examples: 12", "num_examples: 13", "card-counts"),
        ("path: masked/test-*", "path: masked/train-*", "card-configs"),
        ("version: 1.0.0", "version: 1.0.1", "card-version"),
    ],
)
def test_an_edited_card_is_found(release, before, after, rule):
    text = (release / "README.md").read_text()
    assert before in text
    (release / "README.md").write_text(text.replace(before, after, 1))
    redigest(release, "README.md")
    assert found(release) == {(rule, "README.md")}


@pytest.mark.parametrize("label", [-1, 2, 99])
def test_labels_out_of_range_are_found(release, label):
    rewrite(release, TRAIN, with_words(label=label))
    assert ("label-range", TRAIN) in found(release)


def test_an_image_without_a_label_is_none(release):
    rewrite(release, TRAIN, with_words(label=None))
    assert "label-range" not in {rule for rule, _ in found(release)}


def test_a_label_that_was_changed_shows_in_the_counts(release):
    rewrite(release, TRAIN, with_words(label=1 - first_row(release)["label"]))
    assert ("counts", "manifest.json") in found(release)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_of_the_source_out_of_range_is_found(made, tmp_path, label):
    release = shutil.copytree(made["mirrored"], tmp_path / "mirrored")
    name = "mirrored/train-00000-of-00001.parquet"
    rewrite(release, name, with_words(source_label=label))
    assert ("label-range", name) in found(release)


def test_a_photo_twice_or_in_two_splits_is_found(release):
    leaked = first_row(release)
    rewrite(release, TEST, lambda rows: [leaked, *rows[1:]])
    assert {("photo-in-two-splits", "masked"), ("owner-in-two-splits", "masked")} <= found(release)
    rewrite(release, TRAIN, lambda rows: [rows[0], *rows])
    assert {("duplicate-photo", TRAIN), ("counts", "manifest.json")} <= found(release)


def test_an_owner_in_two_splits_is_found(release):
    rewrite(release, TEST, with_words(owner_id=first_row(release)["owner_id"]))
    assert ("owner-in-two-splits", "masked") in found(release)


@pytest.mark.parametrize("license", ["CC-BY-ND-2.0", "LicenseRef-All-Rights-Reserved"])
def test_a_licence_that_forbids_changed_copies_is_found(release, license):  # noqa: A002
    rewrite(release, TRAIN, with_words(license=license))
    assert ("license", TRAIN) in found(release)


def test_one_visible_pixel_under_the_mask_is_found(release):
    image = decode_rgb(first_row(release)["image"]["bytes"])
    image.putpixel((16, 16), (0, 0, 1))
    rewrite(release, TRAIN, with_image(encoded(image)))
    assert ("image-unmasked", TRAIN) in found(release)


def test_an_image_of_another_size_is_found(release):
    rewrite(release, TRAIN, with_image(encoded(Image.new("RGB", (32, 33)))))
    assert ("image-size", TRAIN) in found(release)


@pytest.mark.parametrize("data", [None, b"", b"<html>", encoded(Image.new("RGB", (32, 32)))[:60]])
def test_an_image_that_does_not_decode_is_found(release, data):
    rewrite(release, TRAIN, with_image(data))
    assert ("image-unreadable", TRAIN) in found(release)


def test_coordinates_in_an_image_are_found(made, tmp_path):
    release = shutil.copytree(made["several"], tmp_path / "several")
    name = "quality/train-00000-of-00001.parquet"
    gps = piexif.dump({"GPS": {piexif.GPSIFD.GPSLatitude: ((48, 1), (51, 1), (30, 1))}})
    buffer = io.BytesIO()
    piexif.insert(gps, first_row(release, name)["image"]["bytes"], buffer)
    rewrite(release, name, with_image(buffer.getvalue()))
    assert ("image-metadata", name) in found(release)


def test_a_mask_that_the_manifest_no_longer_tells_is_found(release):
    edit_manifest(release, mask=None)
    assert found(release) == {("manifest-schema", "manifest.json")}


@pytest.mark.parametrize("names", [7, None, "cat", [1], {"0": "cat"}])
def test_classes_of_the_source_that_are_no_names_are_found(made, tmp_path, names):
    release = shutil.copytree(made["mirrored"], tmp_path / "mirrored")
    configs = read_manifest(release)["configs"]
    configs["mirrored"]["source_label"]["names"] = names
    edit_manifest(release, configs=configs)
    assert found(release) == {("manifest-schema", "manifest.json")}


@settings(max_examples=60)
@given(st.data())
def test_a_manifest_that_lost_its_shape_never_raises(made, data):
    manifest = read_manifest(made["mirrored"])
    release = made["mirrored"].with_name("sets") / "shapeless"
    if not release.exists():
        shutil.copytree(made["mirrored"], release)
    parent, word = manifest, data.draw(st.sampled_from(sorted(manifest)))
    while isinstance(parent[word], dict) and parent[word] and data.draw(st.booleans()):
        parent = parent[word]
        word = data.draw(st.sampled_from(sorted(parent)))
    parent[word] = data.draw(st.sampled_from([None, [], {}, "x", -1, 7, 0.5, True, ["x"], [1]]))
    (release / "manifest.json").write_text(to_text(manifest))
    for finding in verify(release):
        assert finding.message


def test_masks_before_the_resize_are_not_compared_with_pixels(fill_folder, tmp_path):
    folder = fill_folder(tmp_path / "set", ["a.png"])
    masking = Masking(MaskSpec(stage="pre_resize"), Crop(16))
    treat(folder, masking, PLAN, out=tmp_path / "out")
    assert verify(tmp_path / "out") == []
    (file,) = (tmp_path / "out" / "masked").iterdir()
    rewrite(
        tmp_path / "out", f"masked/{file.name}", with_image(encoded(Image.new("RGB", (16, 17))))
    )
    assert ("image-size", f"masked/{file.name}") in found(tmp_path / "out")
