from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING

import piexif
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.flickr.licenses import LICENSES
from flickrexif.imaging import decode_rgb
from flickrexif.release import BuildPlan, build, diff, read_manifest, take_down_release, verify
from flickrexif.release.manifest import describe_file, to_text

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = "iso/train-00000-of-00001.parquet"
TEST = "iso/test-00000-of-00001.parquet"
PHOTOS = "photos/train-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def small(corpus, releases, tmp_path_factory):
    """A release of each kind, whose masked images have few pixels."""
    masked = tmp_path_factory.mktemp("small") / "masked"
    build(corpus, BuildPlan("1.0.0", crop=48), out=masked)
    return releases | {"masked": masked}


@pytest.fixture
def copy(small, tmp_path):
    def make(kind: str = "masked") -> Path:
        return shutil.copytree(small[kind], tmp_path / kind)

    return make


@pytest.fixture
def release(copy) -> Path:
    return copy()


def found(release: Path) -> set[tuple[str, str]]:
    return {(finding.rule, finding.file) for finding in verify(release)}


def edit_manifest(release: Path, **words: object) -> None:
    manifest = read_manifest(release) | words
    (release / "manifest.json").write_text(to_text(manifest))


def redigest(release: Path, *names: str) -> None:
    """What a forger would do after an edit: make the manifest's digests fit."""
    files = read_manifest(release)["files"]
    edit_manifest(release, files=files | {name: describe_file(release / name) for name in names})


def rewrite(release: Path, name: str, change, *, forge: bool = True) -> None:
    """Pass the rows of a file through ``change``; the digests are made to fit."""
    table = pq.read_table(release / name, memory_map=False)
    rows = change(table.to_pylist())
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), release / name)
    if forge:
        redigest(release, name)


@pytest.mark.parametrize("kind", ["masked", "images", "metadata"])
def test_a_release_as_built_has_no_findings(releases, kind):
    assert verify(releases[kind]) == []


def test_what_a_hub_client_leaves_beside_it_is_not_foreign(release):
    (release / ".gitattributes").write_text("*.parquet filter=lfs\n")
    (release / ".cache" / "huggingface").mkdir(parents=True)
    (release / ".cache" / "huggingface" / "CACHEDIR.TAG").touch()
    assert verify(release) == []


def test_a_photo_with_the_bytes_of_another_is_found_in_a_class(release):
    labelled = pq.read_table(release / TRAIN, memory_map=False)["photo_id"][1].as_py()

    def tell_copy(rows):
        first = rows[0]["photo_id"]
        return [
            row | {"duplicate_of": first if row["photo_id"] == labelled else None} for row in rows
        ]

    rewrite(release, PHOTOS, tell_copy)
    assert ("copied-photo", TRAIN) in found(release)


def test_pairs_are_for_paircams_to_read(release, tmp_path):
    edit_manifest(release, kind="pairs")
    for refused in (
        lambda: verify(release),
        lambda: diff(release, release),
        lambda: take_down_release(release, photos=["1"], date="2026-01-02", out=tmp_path / "new"),
    ):
        with pytest.raises(UsageError, match=r"holds camera pairs: use paircams, not flickrexif"):
            refused()


def test_what_is_no_release_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="is no release"):
            verify(path)


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.999])
def test_one_flipped_bit_is_found_in_its_file(release, where):
    data = bytearray((release / TRAIN).read_bytes())
    data[int(where * (len(data) - 1))] ^= 1
    (release / TRAIN).write_bytes(data)
    findings = found(release)
    assert ("file-digest", TRAIN) in findings
    assert {file for _, file in findings} <= {TRAIN, "README.md", "iso", "iso/train"}


def test_a_missing_shard_is_found(release):
    (release / TRAIN).unlink()
    assert ("file-missing", TRAIN) in found(release)


def test_a_truncated_shard_is_found(release):
    data = (release / TRAIN).read_bytes()
    (release / TRAIN).write_bytes(data[: len(data) // 2])
    assert {("file-size", TRAIN), ("file-digest", TRAIN), ("file-unreadable", TRAIN)} <= found(
        release
    )


def test_foreign_files_are_found(release):
    (release / "iso" / "train-00001-of-00001.parquet").write_bytes(b"PAR1")
    (release / "notes.txt").touch()
    assert found(release) == {
        ("foreign-file", "iso/train-00001-of-00001.parquet"),
        ("foreign-file", "notes.txt"),
    }


def test_a_file_name_that_leads_out_is_found(release):
    files = read_manifest(release)["files"]
    (release.parent / "outside.txt").touch()
    edit_manifest(release, files=files | {"../outside.txt": {"bytes": 0, "sha256": ""}})
    assert ("file-name", "../outside.txt") in found(release)


def test_swapped_class_names_in_a_file_are_found_though_digests_fit(release):
    table = pq.read_table(release / TRAIN, memory_map=False)
    metadata = json.loads(table.schema.metadata[b"huggingface"])
    metadata["info"]["features"]["label"]["names"][:2] = ["200", "100"]
    swapped = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    pq.write_table(swapped, release / TRAIN)
    redigest(release, TRAIN)
    assert found(release) == {("features", TRAIN), ("card-counts", "README.md")}


def test_swapped_class_names_in_the_card_are_found(release):
    text = (release / "README.md").read_text()
    swapped = text.replace("'0': '100'\n          '1': '200'", "'0': '200'\n          '1': '100'")
    assert swapped != text
    (release / "README.md").write_text(swapped)
    redigest(release, "README.md")
    assert found(release) == {("card-features", "README.md")}


def test_swapped_class_names_in_the_manifest_are_found(release):
    attributes = read_manifest(release)["attributes"]
    attributes["iso"]["classes"][:2] = ["200", "100"]
    edit_manifest(release, attributes=attributes)
    assert found(release) == {("manifest-schema", "manifest.json")}


def test_edited_counts_in_the_card_are_found(release):
    text = (release / "README.md").read_text()
    edited = text.replace("num_examples: 72", "num_examples: 71", 1)
    assert edited != text
    (release / "README.md").write_text(edited)
    assert found(release) == {("file-digest", "README.md"), ("card-counts", "README.md")}


def test_an_edited_config_or_version_in_the_card_is_found(release):
    text = (release / "README.md").read_text()
    edited = text.replace("path: iso/test-*", "path: iso/train-*").replace(
        "version: 1.0.0", "version: 1.0.1"
    )
    (release / "README.md").write_text(edited)
    redigest(release, "README.md")
    assert found(release) == {("card-configs", "README.md"), ("card-version", "README.md")}


@pytest.mark.parametrize("text", ["no yaml here\n", "---\n- a list\n---\n", "---\n: [\n---\n"])
def test_a_broken_card_is_a_finding(release, text):
    (release / "README.md").write_text(text)
    redigest(release, "README.md")
    assert {file for _, file in found(release)} == {"README.md"}


def test_a_missing_card_is_a_finding(release):
    (release / "README.md").unlink()
    assert {("file-missing", "README.md"), ("card-missing", "README.md")} <= found(release)


def test_a_missing_changelog_entry_is_found(release):
    (release / "CHANGELOG.md").write_text("# Changelog\n\n## 0.9.0\n")
    redigest(release, "CHANGELOG.md")
    assert found(release) == {("changelog", "CHANGELOG.md")}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": {}}'])
def test_a_broken_manifest_is_a_finding(release, text):
    (release / "manifest.json").write_text(text)
    assert {file for _, file in found(release)} == {"manifest.json"}


def test_a_missing_manifest_is_a_finding(release):
    (release / "manifest.json").unlink()
    assert found(release) == {("manifest-missing", "manifest.json")}


@pytest.mark.parametrize(
    "words",
    [
        {"crop": None},
        {"crop": "224"},
        {"mask": None},
        {"mask": {"ratio": 2}},
        {"mask": {"ratio": "x"}},
        {"mask": {"fill": 0}},
        {"mask": {"angle": 1}},
        {"mask": {"patch": None}},
        {"schema_version": 2},
        {"kind": "thumbnails"},
    ],
    ids=str,
)
def test_words_of_the_manifest_that_make_no_sense_are_found(release, words):
    edit_manifest(release, **words)
    assert found(release) == {("manifest-schema", "manifest.json")}


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_manifest_that_lost_its_shape_never_raises(releases, data):
    manifest = read_manifest(releases["metadata"])
    release = releases["metadata"].with_name("shapeless")
    if not release.exists():
        shutil.copytree(releases["metadata"], release)
    parent, word = manifest, data.draw(st.sampled_from(sorted(manifest)))
    while isinstance(parent[word], dict) and parent[word] and data.draw(st.booleans()):
        parent = parent[word]
        word = data.draw(st.sampled_from(sorted(parent)))
    parent[word] = data.draw(st.sampled_from([None, [], {}, "x", -1, 7, 0.5, True, ["x"], [1]]))
    (release / "manifest.json").write_text(to_text(manifest))
    for finding in verify(release):
        assert finding.message


@pytest.mark.parametrize("label", [-1, 4, 99])
def test_labels_out_of_range_are_found(release, label):
    rewrite(release, TRAIN, lambda rows: [rows[0] | {"label": label}, *rows[1:]])
    assert ("label-range", TRAIN) in found(release)


def test_duplicates_and_lost_balance_are_found(release):
    rewrite(release, TRAIN, lambda rows: [rows[0], *rows])
    assert {
        ("duplicate-photo", TRAIN),
        ("class-balance", "iso/train"),
        ("counts", "manifest.json"),
    } <= found(release)


def test_a_photo_in_two_splits_is_found(release):
    leaked = pq.read_table(release / TRAIN, memory_map=False).to_pylist()[0]
    rewrite(release, TEST, lambda rows: [leaked, *rows[1:]])
    assert {("photo-in-two-splits", "iso"), ("owner-in-two-splits", "iso")} <= found(release)


def test_an_owner_in_two_splits_is_found(release):
    owner = pq.read_table(release / TRAIN, memory_map=False).to_pylist()[0]["owner_id"]
    for name in (TEST, PHOTOS):
        photo = pq.read_table(release / TEST, memory_map=False).to_pylist()[0]["photo_id"]
        rewrite(
            release,
            name,
            lambda rows, photo=photo: [
                row | ({"owner_id": owner} if row["photo_id"] == photo else {}) for row in rows
            ],
        )
    assert ("owner-in-two-splits", "iso") in found(release)
    assert not [rule for rule, _ in found(release) if rule == "photo-in-two-splits"]


@pytest.mark.parametrize("column", ["owner_id", "license", "license_url", "page_url"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_attribution_is_found(release, column, value):
    rewrite(release, TRAIN, lambda rows: [rows[0] | {column: value}, *rows[1:]])
    assert ("attribution", TRAIN) in found(release)


def test_attribution_of_another_photo_is_found(release):
    rewrite(release, TRAIN, lambda rows: [rows[0] | {"license": "CC0-1.0"}, *rows[1:]])
    assert found(release) - {("card-counts", "README.md")} == {("attribution", TRAIN)}


def test_a_photo_that_nobody_told_of_is_found(release):
    rewrite(release, TRAIN, lambda rows: [rows[0] | {"photo_id": 7}, *rows[1:]])
    assert ("unknown-photo", TRAIN) in found(release)


@pytest.mark.parametrize(("license_id", "kind"), [(6, "masked"), (2, "images"), (0, "images")])
def test_licences_that_do_not_fit_are_found(copy, license_id, kind):
    release = copy(kind)
    spdx = LICENSES[license_id].spdx
    words = {"license_id": license_id, "license": spdx}
    rewrite(release, PHOTOS, lambda rows: [rows[0] | words, *rows[1:]])
    assert ("license", PHOTOS) in found(release)


@pytest.mark.parametrize(
    "words", [{"license_id": 17}, {"license_id": None}, {"license": "CC0-1.0"}]
)
def test_licences_that_nobody_knows_are_found(release, words):
    rewrite(release, PHOTOS, lambda rows: [rows[0] | words, *rows[1:]])
    assert ("license", PHOTOS) in found(release)


def with_image(rows: list[dict], data: bytes) -> list[dict]:
    return [rows[0] | {"image": {"bytes": data, "path": "x"}}, *rows[1:]]


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_one_visible_pixel_under_the_mask_is_found(release):
    def reveal(rows):
        image = decode_rgb(rows[0]["image"]["bytes"])
        image.putpixel((24, 1), (0, 0, 1))  # the first row that is hidden
        return with_image(rows, encoded(image))

    rewrite(release, TRAIN, reveal)
    assert ("image-unmasked", TRAIN) in found(release)


def test_a_masked_jpeg_with_spill_is_found(release):
    rewrite(
        release,
        TRAIN,
        lambda rows: with_image(
            rows, encoded(decode_rgb(rows[0]["image"]["bytes"]), "JPEG", quality=60)
        ),
    )
    assert ("image-unmasked", TRAIN) in found(release)


def test_an_image_of_another_size_is_found(copy):
    for kind in ("masked", "images"):
        release = copy(kind)
        rewrite(release, TRAIN, lambda rows: with_image(rows, encoded(Image.new("RGB", (90, 61)))))
        assert ("image-size", TRAIN) in found(release)


@pytest.mark.parametrize("data", [None, b"", b"<html>", encoded(Image.new("RGB", (9, 9)))[:60]])
def test_an_image_that_does_not_decode_is_found(release, data):
    rewrite(release, TRAIN, lambda rows: with_image(rows, data))
    assert ("image-unreadable", TRAIN) in found(release)


def test_coordinates_in_an_image_are_found(copy):
    release = copy("images")
    gps = piexif.dump({"GPS": {piexif.GPSIFD.GPSLatitude: ((48, 1), (51, 1), (30, 1))}})

    def locate(rows):
        buffer = io.BytesIO()
        piexif.insert(gps, rows[0]["image"]["bytes"], buffer)
        return with_image(rows, buffer.getvalue())

    rewrite(release, TRAIN, locate)
    assert found(release) - {("card-counts", "README.md")} == {("image-metadata", TRAIN)}


def test_text_in_a_png_is_found(release):
    exif = Image.Exif()
    exif[0x010F] = "Canon"

    def tell(rows):
        image = decode_rgb(rows[0]["image"]["bytes"])
        return with_image(rows, encoded(image, exif=exif.tobytes()))

    rewrite(release, TRAIN, tell)
    assert found(release) - {("card-counts", "README.md")} == {("image-metadata", TRAIN)}


def test_findings_read_as_sentences(release):
    (release / "notes.txt").touch()
    assert [str(finding) for finding in verify(release)] == [
        "notes.txt: foreign-file: is not in the manifest",
    ]


def test_findings_name_a_few_photos_and_count_the_others(release):
    rewrite(release, TRAIN, lambda rows: [row | {"label": -1} for row in rows])
    (finding,) = [one for one in verify(release) if one.rule == "label-range"]
    ids = sorted(pl.read_parquet(release / TRAIN, glob=False)["photo_id"].to_list())[:3]
    assert finding.message == (f"label outside 0..3 of: {', '.join(map(str, ids))} and 69 more")
