from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging.image_place import CREDITS
from flickrexif.imaging.image_set import ImageSet, read_images

CAT_OR_DOG = ("cat", "dog")


def fill(folder: Path, *names: str) -> Path:
    """Files whose bytes are their names: nothing here decodes them."""
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode("utf-8", "surrogateescape"))
    return folder


def table(file: Path, rows: int = 3, *, names=None, image=None, **columns) -> Path:
    """A parquet file of ``rows`` images, whose ``label`` is a ClassLabel of ``names``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if image is None:
        image = [{"bytes": b"%d" % row, "path": f"{row}.jpg"} for row in range(rows)]
    made = pa.table({"image": image, **columns})
    if names is not None:
        features = {"label": {"names": list(names), "_type": "ClassLabel"}}
        made = made.replace_schema_metadata(
            {"huggingface": json.dumps({"info": {"features": features}})}
        )
    pq.write_table(made, file)
    return file


def told(images: ImageSet) -> list[tuple]:
    return [(place.name, place.label, place.split) for place in images.places]


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as refused:
        ImageSet.open(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# Folders of files


def test_files_without_folders_have_neither_class_nor_split(tmp_path):
    images = ImageSet.open(fill(tmp_path, "b.png", "a.jpg"))
    assert told(images) == [("a.jpg", None, None), ("b.png", None, None)]
    assert images.classes == ()
    assert len(images) == 2
    assert [(image.name, image.content) for image in images] == [
        ("a.jpg", b"a.jpg"),
        ("b.png", b"b.png"),
    ]


def test_folders_are_classes(tmp_path):
    images = ImageSet.open(fill(tmp_path, "dog/1.jpg", "cat/1.jpg", "cat/0.jpg"))
    assert images.classes == CAT_OR_DOG
    assert told(images) == [
        ("cat/0.jpg", "cat", None),
        ("cat/1.jpg", "cat", None),
        ("dog/1.jpg", "dog", None),
    ]


@pytest.mark.parametrize(
    ("folder", "split"),
    [("train", "train"), ("training", "train"), ("Train", "train"), ("validation", "validation"),
     ("valid", "validation"), ("val", "validation"), ("dev", "validation"), ("test", "test"),
     ("testing", "test")],
)  # fmt: skip
def test_split_folders_go_by_many_names(tmp_path, folder, split):
    images = ImageSet.open(fill(tmp_path, f"{folder}/a.jpg", f"{folder}/cat/a.jpg"))
    assert told(images) == [(f"{folder}/a.jpg", None, split), (f"{folder}/cat/a.jpg", "cat", split)]


def test_the_nearest_folder_is_the_class_and_a_split_may_stand_anywhere(tmp_path):
    names = ("animals/cat/a.jpg", "animals/x/dog/a.jpg", "data/train/cat/a.jpg", "set/test/a.jpg")
    assert told(ImageSet.open(fill(tmp_path, *names))) == [
        ("animals/cat/a.jpg", "cat", None),
        ("animals/x/dog/a.jpg", "dog", None),
        ("data/train/cat/a.jpg", "cat", "train"),
        ("set/test/a.jpg", None, "test"),
    ]


def test_some_images_may_lack_what_others_have(tmp_path):
    images = ImageSet.open(fill(tmp_path, "a.jpg", "cat/a.jpg", "test/a.jpg", "test/dog/a.jpg"))
    assert images.classes == CAT_OR_DOG
    assert told(images) == [
        ("a.jpg", None, None),
        ("cat/a.jpg", "cat", None),
        ("test/a.jpg", None, "test"),
        ("test/dog/a.jpg", "dog", "test"),
    ]


def test_what_is_hidden_or_no_image_is_passed_over(tmp_path):
    fill(tmp_path, ".a.jpg", ".cache/a.jpg", "cat/.thumbs/a.jpg", "cat/._a.jpg", "notes.txt",
         "cat/a.jpg.part", "jpg", "cat/a.jpg")  # fmt: skip
    (tmp_path / "folder.jpg").mkdir()
    assert [place.name for place in ImageSet.open(tmp_path).places] == ["cat/a.jpg"]


def test_a_hidden_folder_that_is_named_is_read(tmp_path):
    folder = fill(tmp_path / ".cache" / "set", "a.jpg")
    assert [place.name for place in ImageSet.open(folder).places] == ["a.jpg"]


def test_every_format_counts_in_capitals_too(tmp_path):
    names = [f"{number}.{suffix}" for number, suffix in enumerate(
        ("jpg", "JPG", "jpeg", "Jpeg", "png", "gif", "webp", "tif", "TIFF", "bmp"))]  # fmt: skip
    assert [place.name for place in ImageSet.open(fill(tmp_path, *names)).places] == names


def test_a_single_file_is_a_set_of_one(tmp_path):
    images = ImageSet.open(fill(tmp_path, "cat/my photo.JPG") / "cat" / "my photo.JPG")
    assert told(images) == [("my photo.JPG", None, None)]
    assert [image.content for image in images] == [b"cat/my photo.JPG"]


def test_a_path_may_be_a_text_or_relative(tmp_path, monkeypatch):
    fill(tmp_path, "set/cat/a.jpg")
    monkeypatch.chdir(tmp_path / "set")
    for path in (".", Path(), "../set", str(tmp_path / "set")):
        assert told(ImageSet.open(path)) == [("cat/a.jpg", "cat", None)]


UNUSUAL = ("a b.jpg", "ä(1).jpg", "[x]{y}*?.jpg", "猫.jpg", "#%&=;'.jpg", '"q".jpg', "e\u0301.jpg")


def test_unusual_names_are_kept_as_they_are(tmp_path):
    names = [f"{folder}/{name}" for folder in ("[cat]", "a=b", "猫 (1)") for name in UNUSUAL]
    images = ImageSet.open(fill(tmp_path, *names))
    assert {place.name for place in images.places} == set(names)
    assert set(images.classes) == {"[cat]", "a=b", "猫 (1)"}
    assert [image.content.decode() for image in images] == [image.name for image in images]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("name", ["caf\udce9.jpg", "caf\udce9/a.jpg"])
def test_a_name_that_is_no_text_is_refused(tmp_path, name):
    assert "caf\\udce9" in refusal(fill(tmp_path, "a.jpg", name))


def test_numbers_as_classes_are_ordered_by_value(tmp_path):
    images = ImageSet.open(fill(tmp_path, *(f"{label}/a.jpg" for label in ("10", "9", "x", "1"))))
    assert images.classes == ("1", "9", "10", "x")


def test_the_order_of_classes_hangs_on_no_hash(tmp_path):
    fill(tmp_path, *(f"{'0' * zeros}1/a.jpg" for zeros in range(12)))
    code = (
        "import sys; from flickrexif.imaging.image_set import ImageSet;"
        "print(*ImageSet.open(sys.argv[1]).classes)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_link_to_a_file_is_that_file_under_its_own_name(tmp_path):
    fill(tmp_path, "blobs/0a1b")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").symlink_to("../blobs/0a1b")
    (tmp_path / "set" / "gone.jpg").symlink_to("../blobs/nowhere")
    assert [(image.name, image.content) for image in ImageSet.open(tmp_path / "set")] == [
        ("a.jpg", b"blobs/0a1b")
    ]


@pytest.mark.parametrize("place", ["missing", "empty", "notes", "notes/notes.txt", "hidden"])
def test_what_holds_no_image_is_refused(tmp_path, place):
    (tmp_path / "empty" / "train" / "cat").mkdir(parents=True)
    fill(tmp_path, "notes/notes.txt", "hidden/.a.jpg")
    assert repr(str(tmp_path / place)) in refusal(tmp_path / place)


@settings(max_examples=30)
@given(st.data())
def test_the_order_on_disk_does_not_matter(tmp_path_factory, data):
    words = st.sampled_from(["train", "test", "cat", "dog", "a", "b-c", "b", "B", "10", "9"])
    paths = st.lists(words, min_size=0, max_size=3).flatmap(
        lambda folders: words.map(lambda name: "/".join([*folders, f"{name}.jpg"]))
    )
    names = data.draw(st.lists(paths, min_size=1, max_size=8, unique=True))
    shuffled = data.draw(st.permutations(names))
    one = ImageSet.open(fill(tmp_path_factory.mktemp("one"), *names))
    other = ImageSet.open(fill(tmp_path_factory.mktemp("other"), *shuffled))
    assert told(one) == told(other)
    assert one.classes == other.classes
    assert {place.name for place in one.places} == set(names)
    assert {place.label for place in one.places} - {None} == set(one.classes)
    assert [image.content.decode() for image in other] == [image.name for image in other]


# Tables


def test_a_class_label_keeps_its_order_and_its_empty_classes(tmp_path):
    table(tmp_path / "train-00000-of-00001.parquet", names=("dog", "emu", "cat"), label=[2, 0, 2])
    images = ImageSet.open(tmp_path)
    assert images.classes == ("dog", "emu", "cat")
    assert [place.label for place in images.places] == ["cat", "dog", "cat"]


@pytest.mark.parametrize(
    ("labels", "classes", "read"),
    [
        ([10, 9, 10], ("9", "10"), ["10", "9", "10"]),
        (["dog", "cat", "dog"], CAT_OR_DOG, ["dog", "cat", "dog"]),
        (pa.array(["b", "a", "b"]).dictionary_encode(), ("a", "b"), ["b", "a", "b"]),
        (pa.array([1, 0, 1], pa.uint8()), ("0", "1"), ["1", "0", "1"]),
        ([None, "cat", None], ("cat",), [None, "cat", None]),
        ([-1, 4, None], ("4",), [None, "4", None]),
        (pa.nulls(3), (), [None, None, None]),
    ],
    ids=["ints", "texts", "dictionary", "bytes", "some", "minus one", "nulls"],
)
def test_labels_of_other_kinds_are_sorted(tmp_path, labels, classes, read):
    images = ImageSet.open(table(tmp_path / "a.parquet", label=labels))
    assert images.classes == classes
    assert [place.label for place in images.places] == read


@pytest.mark.parametrize("label", [None, -1])
def test_no_label_of_a_class_label_is_none(tmp_path, label):
    images = ImageSet.open(table(tmp_path / "a.parquet", names=CAT_OR_DOG, label=[1, label, 0]))
    assert [place.label for place in images.places] == ["dog", None, "cat"]


def test_a_label_out_of_range_is_refused_with_its_file(tmp_path):
    file = table(tmp_path / "a.parquet", names=CAT_OR_DOG, label=[0, 1, 2])
    assert f"{str(file)!r} has label 2 of 2 classes" in refusal(tmp_path)


@pytest.mark.parametrize(
    "labels", [[0.0, 1.0, float("nan")], [["cat"], ["dog"], []], [{"a": 1}, {"a": 2}, None]]
)
def test_labels_that_are_no_classes_are_refused(tmp_path, labels):
    file = table(tmp_path / "a.parquet", label=labels)
    assert repr(str(file)) in refusal(tmp_path)
    assert "label" in refusal(tmp_path)


def test_tables_with_other_classes_than_the_first_are_refused(tmp_path):
    table(tmp_path / "test.parquet", names=CAT_OR_DOG, label=[0, 1, 1])
    file = table(tmp_path / "train.parquet", names=("cat", "dog", "emu"), label=[0, 1, 2])
    assert repr(str(file)) in refusal(tmp_path)
    assert "'emu'" in refusal(tmp_path)


def test_tables_with_the_classes_in_another_order_agree(tmp_path):
    table(tmp_path / "test.parquet", names=CAT_OR_DOG, label=[0, 1, 1])
    table(tmp_path / "train.parquet", names=("dog", "cat"), label=[0, 1, 1])
    images = ImageSet.open(tmp_path)
    assert images.classes == CAT_OR_DOG
    assert [place.label for place in images.places] == ["cat", "dog", "dog", "dog", "cat", "cat"]


@pytest.mark.parametrize(
    "image",
    [
        [b"0", b"1", b"2"],
        pa.array([b"0", b"1", b"2"], pa.large_binary()),
        [{"bytes": b"0"}, {"bytes": b"1"}, {"bytes": b"2"}],
        [{"path": "x", "bytes": b"%d" % row} for row in range(3)],
    ],
    ids=["binary", "large", "bytes alone", "path first"],
)
def test_an_image_is_bytes_or_bytes_and_path(tmp_path, image):
    images = ImageSet.open(table(tmp_path / "a.parquet", image=image))
    assert [(image.name, image.content) for image in images] == [
        ("a.parquet:0", b"0"),
        ("a.parquet:1", b"1"),
        ("a.parquet:2", b"2"),
    ]


@pytest.mark.parametrize(
    "image",
    [["a.jpg", "b.jpg", "c.jpg"], [{"path": "a.jpg"}] * 3, [[b"0"], [b"1"], [b"2"]], [1, 2, 3]],
    ids=["texts", "path alone", "lists", "ints"],
)
def test_a_column_image_without_bytes_is_refused(tmp_path, image):
    file = table(tmp_path / "a.parquet", image=image)
    assert f"{str(file)!r} has no image bytes in its column 'image'" in refusal(tmp_path)


def test_a_row_without_an_image_reads_as_no_bytes(tmp_path):
    typed = pa.struct([("bytes", pa.binary())])
    file = table(tmp_path / "a.parquet", image=pa.array([{"bytes": None}, None], typed))
    assert [image.content for image in ImageSet.open(file)] == [b"", b""]


def test_a_table_without_images_is_refused_by_its_columns(tmp_path):
    pq.write_table(pa.table({"photo": [b"1"], "label": [1]}), tmp_path / "a.parquet")
    assert "has no column 'image' (it has photo, label)" in refusal(tmp_path)


def test_a_table_without_rows_holds_no_image(tmp_path):
    table(tmp_path / "a.parquet", image=pa.array([], pa.binary()))
    assert "holds no image" in refusal(tmp_path)


def test_a_damaged_table_is_refused(tmp_path):
    table(tmp_path / "a.parquet")
    file = table(tmp_path / "b.parquet", 200)
    file.write_bytes(file.read_bytes()[:-20])
    assert f"{str(file)!r} is no sound parquet file" in refusal(tmp_path)
    file.write_bytes(b"")
    assert f"{str(file)!r} is no sound parquet file" in refusal(tmp_path)


def test_a_table_with_damaged_columns_is_refused(tmp_path):
    file = table(tmp_path / "a.parquet", label=["x" * 500, "y" * 500, "z" * 500])
    column = pq.read_metadata(file).row_group(0).column(2)
    content = bytearray(file.read_bytes())
    start = column.dictionary_page_offset
    content[start : start + 400] = b"\xff" * 400
    file.write_bytes(content)
    assert f"{str(file)!r} is no sound parquet file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00001.parquet", "train"),
        ("data/train-00000-of-00001.parquet", "train"),
        ("default/validation/0000.parquet", "validation"),
        ("data/dev.parquet", "validation"),
        ("test.parquet", "test"),
        ("TEST-0.PARQUET", "test"),
        ("test_0000.parquet", "test"),
        ("train0.parquet", "train"),
        ("val 1.parquet", "validation"),
        ("train/test-0.parquet", "test"),
        ("data-00000-of-00001.parquet", None),
        ("trained-00000.parquet", None),
        ("tests/0.parquet", None),
        ("devices.parquet", None),
    ],
)
def test_a_name_tells_the_split(tmp_path, name, split):
    table(tmp_path / name)
    assert {place.split for place in ImageSet.open(tmp_path).places} == {split}


def test_folders_above_the_set_tell_no_split(tmp_path):
    table(tmp_path / "train" / "set" / "0.parquet")
    assert {place.split for place in ImageSet.open(tmp_path / "train" / "set").places} == {None}


def test_a_snapshot_of_a_hub_is_read_through_its_links(tmp_path):
    """As huggingface_hub lays a cache out: snapshots/<commit>/… are links into blobs/."""
    home = tmp_path / ".cache" / "huggingface" / "hub" / "datasets--org--set"
    snapshot = home / "snapshots" / "0123abc"
    for number, name in enumerate(
        ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001")
    ):
        table(home / "blobs" / f"blob{number}", names=CAT_OR_DOG, label=[number % 2, 1, 0])
        (snapshot / "data").mkdir(parents=True, exist_ok=True)
        (snapshot / "data" / f"{name}.parquet").symlink_to(f"../../../blobs/blob{number}")
    (snapshot / "README.md").write_text("---\n---\n")
    images = ImageSet.open(snapshot)
    assert [(place.split, place.label) for place in images.places] == [
        ("test", "cat"), ("test", "dog"), ("test", "cat"),
        ("train", "cat"), ("train", "dog"), ("train", "cat"),
        ("train", "dog"), ("train", "dog"), ("train", "cat"),
    ]  # fmt: skip
    assert images.places[3].name == "data/train-00000-of-00002.parquet:0"
    assert [image.content for image in images] == [b"0", b"1", b"2"] * 3


def test_photo_ids_name_the_rows_that_have_one(tmp_path):
    images = ImageSet.open(table(tmp_path / "a.parquet", photo_id=[7, None, 9]))
    assert [place.name for place in images.places] == ["7", "a.parquet:1", "9"]


def test_a_photo_told_twice_is_refused(tmp_path):
    table(tmp_path / "train.parquet", photo_id=[7, 8, 9])
    table(tmp_path / "test.parquet", photo_id=[1, 8, 3])
    assert f"photo 8 is in {str(tmp_path)!r} twice" in refusal(tmp_path)


def test_credits_are_texts_or_none(tmp_path):
    file = table(
        tmp_path / "a.parquet",
        owner_id=[12, 12, None],
        license=[4, None, 6],
        license_url=["u", "", None],
        views=[1, 2, 3],
    )
    assert [place.credit for place in ImageSet.open(file).places] == [
        {"owner_id": "12", "license": "4", "license_url": "u"},
        {"owner_id": "12", "license": None, "license_url": ""},
        {"owner_id": None, "license": "6", "license_url": None},
    ]


def test_folders_in_hive_style_add_no_column(tmp_path):
    folder = tmp_path / "label=5" / "photo_id=x" / "license=CC0-1.0"
    images = ImageSet.open(table(folder / "a.parquet", label=["cat", "dog", "cat"]))
    assert [(place.name, place.label, place.credit) for place in images.places] == [
        ("a.parquet:0", "cat", {}),
        ("a.parquet:1", "dog", {}),
        ("a.parquet:2", "cat", {}),
    ]


def test_rows_are_found_in_any_row_group(tmp_path):
    rows = [{"bytes": b"%d" % row, "path": None} for row in range(500)]
    pq.write_table(pa.table({"image": rows}), tmp_path / "a.parquet", row_group_size=37)
    images = ImageSet.open(tmp_path)
    assert [image.content for image in images] == [b"%d" % row for row in range(500)]
    few = [images.places[row] for row in (0, 36, 37, 310, 311, 499)]
    assert [image.content for image in read_images(few)] == [
        b"0", b"36", b"37", b"310", b"311", b"499"
    ]  # fmt: skip


def test_only_the_row_groups_asked_for_are_read(tmp_path):
    rows = [{"bytes": b"%d" % row, "path": None} for row in range(90)]
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": rows}), file, row_group_size=30)
    places = ImageSet.open(tmp_path).places
    content = bytearray(file.read_bytes())
    for group in (0, 2):
        column = pq.read_metadata(file).row_group(group).column(0)
        start = column.dictionary_page_offset
        content[start : start + column.total_compressed_size] = b"\xff" * (
            column.total_compressed_size
        )
    file.write_bytes(content)
    assert [image.content for image in read_images(places[30:60])] == [
        b"%d" % row for row in range(30, 60)
    ]


@settings(max_examples=30)
@given(
    count=st.integers(1, 120),
    group=st.integers(1, 50),
    chosen=st.sets(st.integers(0, 119), min_size=1),
)
def test_whatever_rows_are_asked_for_come_in_order(tmp_path_factory, count, group, chosen):
    file = tmp_path_factory.mktemp("rows") / "a.parquet"
    pq.write_table(pa.table({"image": [b"%d" % row for row in range(count)]}), file,
                   row_group_size=group)  # fmt: skip
    places = ImageSet.open(file).places
    assert len(places) == count
    wanted = sorted(row for row in chosen if row < count)
    read = list(read_images(places[row] for row in wanted))
    assert [(image.place.row, image.content) for image in read] == [
        (row, b"%d" % row) for row in wanted
    ]


def test_a_file_that_has_gone_raises(tmp_path):
    images = ImageSet.open(fill(tmp_path, "a.jpg", "b.jpg"))
    (tmp_path / "b.jpg").unlink()
    with pytest.raises(OSError, match=r"b\.jpg"):
        list(images)


# Releases


def release(folder: Path, manifest: object, *configs: str) -> Path:
    for number, config in enumerate(configs):
        table(folder / config / "train-00000-of-00001.parquet", photo_id=[number, 100, 200])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_of_a_release_with_several_configs_one_must_be_named(tmp_path):
    image = {"image": {"_type": "Image"}}
    configs = {"photos": {"photo_id": {}}, "iso": image, "make": image}
    folder = release(tmp_path / "set", {"configs": configs}, "iso", "make")
    told = refusal(folder)
    assert "several configs" in told
    assert repr(str(folder / "iso")) in told
    assert repr(str(folder / "make")) in told
    assert "photos" not in told
    assert [place.name for place in ImageSet.open(folder / "make").places] == ["1", "100", "200"]


def test_a_release_with_one_config_needs_no_name(tmp_path):
    configs = {"iso": {"image": {"_type": "Image"}}}
    assert len(ImageSet.open(release(tmp_path / "set", {"configs": configs}, "iso"))) == 3


def test_a_release_without_images_is_refused(tmp_path):
    folder = release(tmp_path / "set", {"configs": {"photos": {}, "iso": {"label": {}}}}, "iso")
    assert f"{str(folder)!r} holds no images" in refusal(folder)


def test_a_damaged_manifest_is_refused(tmp_path):
    folder = release(tmp_path / "set", {}, "iso")
    (folder / "manifest.json").write_text('{"configs": ')
    assert "manifest.json' is damaged" in refusal(folder)


@pytest.mark.parametrize("manifest", [{"name": "an app"}, ["a.parquet"], {"configs": ["a"]}])
def test_a_manifest_of_something_else_says_nothing(tmp_path, manifest):
    assert len(ImageSet.open(release(tmp_path / "set", manifest, "iso"))) == 3


def test_a_config_of_a_masked_release_comes_with_credits(tmp_path):
    names = ("100", "200")
    credit = {name: [f"{name} {row}" for row in range(3)] for name in CREDITS}
    table(tmp_path / "iso" / "validation-00000-of-00001.parquet", names=names, label=[1, 0, 1],
          photo_id=[5, 6, 7], **credit)  # fmt: skip
    images = ImageSet.open(tmp_path / "iso")
    assert images.classes == names
    assert told(images) == [
        ("5", "200", "validation"),
        ("6", "100", "validation"),
        ("7", "200", "validation"),
    ]
    assert [dict(place.credit) for place in images.places] == [
        {name: values[row] for name, values in credit.items()} for row in range(3)
    ]
