"""Sets that tell a photo a row: the published columns, as parquet, CSV and JSON lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pair_scenes import camera_photo, phone_photo

from flickrexif.errors import UsageError
from paircams import validate
from paircams.classes import classes_of
from paircams.pairs import read_pairs
from paircams.photo_bytes import read_photo, read_photos

if TYPE_CHECKING:
    from pathlib import Path

    from pair_scenes import Album

PHONE_MODEL, CAMERA_MODEL = "iPhone 12", "XT1032"
SUBJECTS = range(1, 5)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder of two parquet files in the published form."""
    return write_published(tmp_path / "published", PHONE_MODEL, CAMERA_MODEL)


def write_published(folder: Path, phone: str, camera: str) -> Path:
    (folder / "data").mkdir(parents=True)
    rows = [
        {"image": {"bytes": photo(n), "path": None}, "subject_idx": n, "model": model}
        for n in SUBJECTS
        for photo, model in ((phone_photo, phone), (camera_photo, camera))
    ]
    for part, begin in enumerate((0, 5)):
        table = pa.Table.from_pylist(rows[begin : begin + 5])
        pq.write_table(table, folder / "data" / f"train-{part}.parquet", row_group_size=2)
    return folder


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    path = tmp_path / "classes.csv"
    path.write_text("model,camera_class,remark\niphone 12,smartphone,mine\n")
    return path


def test_a_published_set_is_judged_as_it_is(published: Path, classes: Path) -> None:
    report = validate(published, classes=classes)
    assert (report.pairs, report.photos) == (4, 8)
    assert {verdict.same_subject for verdict in report.verdicts} == {"pass"}
    assert {finding.check for finding in report.findings} == set()


def test_a_published_set_is_judged_without_a_table(published: Path) -> None:
    report = validate(published)
    (finding,) = report.findings
    assert (finding.rule, finding.check, finding.severity) == ("P007", "coloured-model", "info")
    assert "no class is declared for 1 of the camera models" in finding.message
    assert "(smartphone: iPhone 12)" in finding.message
    assert [verdict.same_subject for verdict in report.verdicts] == ["pass"] * 4
    assert sides_in(published) == ["smartphone", "camera"] * 4


def test_models_that_nothing_tells_are_listed_and_their_pairs_judged(tmp_path: Path) -> None:
    folder = write_published(tmp_path / "nameless", "old one", "new one")
    report = validate(folder)
    assert {(f.rule, f.check, f.severity) for f in report.findings} == {
        ("P007", "unknown-model", "warning")
    }
    assert any("'new one' (4 photos)" in finding.message for finding in report.findings)
    assert [verdict.same_subject for verdict in report.verdicts] == ["pass"] * 4
    assert sides_in(folder) == ["smartphone", "camera"] * 4


def sides_in(folder: Path) -> list[str]:
    return [file.side for file in read_pairs(folder).files()]


def test_rows_are_read_in_one_go_and_one_by_one(published: Path, classes: Path) -> None:
    files = list(read_pairs(published, classes=classes).files())
    together = dict(read_photos(files))
    assert together[files[0]] == phone_photo(1)
    assert together[files[7]] == camera_photo(4)
    assert read_photo(files[5]) == together[files[5]]


def test_a_row_without_an_image_is_a_finding(published: Path) -> None:
    part = published / "data" / "train-0.parquet"
    table = pq.read_table(part).to_pylist()
    table[0]["image"]["bytes"] = None
    pq.write_table(pa.Table.from_pylist(table), part)
    report = validate(published, only=["P002"])
    assert [finding.file for finding in report.findings] == ["train-0.parquet:0"]


def test_a_manifest_of_photos_may_declare_the_side(album: Album) -> None:
    rows = [
        {"subject_idx": n, "image": f"{n:03}/{side}.jpg", "camera_class": side, "model": "any"}
        for n in SUBJECTS
        for side in ("camera", "smartphone")
    ]
    path = album.root / "photos.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    declared = read_pairs(path)
    assert declared.misplaced == ()
    assert [file.side for file in declared.files()] == ["camera", "smartphone"] * 4
    assert [len(subject.on("camera")) for subject in declared.subjects] == [1] * 4


def test_a_parquet_manifest_of_paths_is_a_manifest(album: Album) -> None:
    rows = [
        {"subject_idx": n, "smartphone": f"{n:03}/smartphone.jpg", "camera": f"{n:03}/camera.jpg"}
        for n in SUBJECTS
    ]
    pq.write_table(pa.Table.from_pylist(rows), album.root / "some.parquet")
    assert validate(album.root / "some.parquet", only=["P001", "P002"]).findings == ()


def test_reviewers_are_heeded(album: Album) -> None:
    """Accepted: what was looked at is left out and counted. Rejected: an error."""
    album.add(3, camera=camera_photo(5))
    text = "subject_idx,smartphone,camera,decision,note\n"
    for n, decision in ((1, ""), (2, "reject"), (3, "accept")):
        text += f"{n},{n:03}/smartphone.jpg,{n:03}/camera.jpg,{decision},a note\n"
    (album.root / "pairs.csv").write_text(text)
    report = validate(album.root, only=["P003"])
    assert [(f.check, f.subject_idx) for f in report.findings] == [("rejected", "2")]
    assert report.ignored == 1


@pytest.mark.parametrize(
    "text",
    ["model,side\na,camera\n", "model,camera_class\na,tablet\n", "model,camera_class\n,camera\n"],
)
def test_a_table_of_classes_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "classes.csv").write_text(text)
    with pytest.raises(UsageError, match=r"classes\.csv"):
        classes_of(tmp_path / "classes.csv")


def test_the_published_older_side_holds_a_smartphone() -> None:
    assert classes_of() == {"xt1032": "camera"}
