"""Manifests and folders declare the same sets; what does not fit is refused or found."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from paircams import validate
from paircams.layout import PairSet, printable
from paircams.manifest import read_manifest
from paircams.pairs import read_pairs

if TYPE_CHECKING:
    from pathlib import Path

    from pair_scenes import Album

HEADER = "subject_idx,smartphone,camera\n"


def manifest(album: Album, text: str, name: str = "pairs.csv") -> Path:
    path = album.root / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(subjects: range) -> str:
    return "".join(f"{n},{n:03}/smartphone.jpg,{n:03}/camera.jpg\n" for n in subjects)


def test_csv_jsonl_and_folder_declare_the_same_pairs(album: Album) -> None:
    as_csv = read_pairs(manifest(album, "\ufeff" + HEADER + rows(range(1, 7))))
    lines = [
        {"subject_idx": n, "smartphone": f"{n:03}/smartphone.jpg", "camera": f"{n:03}/camera.jpg"}
        for n in range(1, 7)
    ]
    as_jsonl = read_pairs(manifest(album, "\n".join(map(json.dumps, lines)), "pairs.jsonl"))
    assert as_csv.subjects == as_jsonl.subjects
    for declaring in album.root.glob("pairs.*"):
        declaring.unlink()
    folder = read_pairs(album.root)
    assert [file.path for file in folder.files()] == [file.path for file in as_csv.files()]
    assert [subject.subject_idx for subject in as_csv.subjects] == list("123456")


def test_flat_names_are_a_folder_of_pairs(album: Album, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for subject in range(1, 7):
        shutil.copy(album.phone(subject), flat / f"old_{subject}_smartphone.jpg")
        shutil.copy(album.camera(subject), flat / f"old_{subject}_Camera.JPG")
    (flat / "notes.txt").write_text("not a photo")
    (flat / ".hidden.jpg").write_text("not for us")
    report = validate(flat)
    assert (report.pairs, report.photos, report.findings) == (6, 12, ())


def test_subjects_of_a_folder_come_in_numeric_order(album: Album) -> None:
    for name in ("10", "9", "b", "a"):
        (album.root / name).mkdir()
        shutil.copy(album.phone(1), album.root / name / "smartphone.jpg")
    names = [subject.subject_idx for subject in read_pairs(album.root).subjects]
    assert names == ["001", "002", "003", "004", "005", "006", "9", "10", "a", "b"]


def test_license_and_owner_are_kept(album: Album) -> None:
    text = (
        "license,camera,subject_idx,smartphone,owner\n"
        "CC0-1.0,001/camera.jpg,1,001/smartphone.jpg,Jane\n,002/camera.jpg,2,002/smartphone.jpg,\n"
    )
    first, second = read_pairs(manifest(album, text)).subjects
    assert (first.license, first.owner) == ("CC0-1.0", "Jane")
    assert (second.license, second.owner) == (None, None)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("subject_idx,smartphone\n", "missing columns 'camera'"),
        ("subject_idx,smartphone,camera,camera\n", "repeated columns 'camera'"),
        ("", "is empty, or its first line is"),
        ("\n", "is empty, or its first line is"),
    ],
)
def test_columns_that_do_not_fit_are_refused_by_name(album: Album, header: str, named: str) -> None:
    with pytest.raises(UsageError, match=named) as refused:
        read_pairs(manifest(album, header and header + "1,a.jpg,b.jpg\n"))
    assert ", license, owner" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_told_as_the_cause(album: Album, mark: str, name: str) -> None:
    text = (HEADER + rows(range(1, 7))).replace(",", mark)
    with pytest.raises(UsageError, match=f"has {name} between its columns; save it with commas"):
        read_pairs(manifest(album, text))


def test_a_semicolon_in_a_column_beside_is_none(album: Album) -> None:
    header = 'subject_idx,smartphone,camera,"lens; mount"\n'
    text = header + "1,001/smartphone.jpg,001/camera.jpg,wide; M\n"
    assert len(read_pairs(manifest(album, text)).subjects) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("subject_idx,smartphone,camera,angle\n3,003/smartphone.jpg,003/camera.jpg,7\n", "a.csv"),
        (
            '{"subject_idx": 3, "smartphone": "003/smartphone.jpg", "camera": "003/camera.jpg", '
            '"angle": 7}\n',
            "a.jsonl",
        ),
    ],
)
def test_unknown_columns_are_a_finding_and_the_pairs_are_judged(
    album: Album, text: str, name: str
) -> None:
    report = validate(manifest(album, text, name))
    (finding,) = report.findings
    assert (finding.check, finding.severity, finding.file) == ("columns", "warning", name)
    assert "'angle'" in finding.message
    assert [verdict.same_subject for verdict in report.verdicts] == ["pass"]


@pytest.mark.parametrize("name", ["nothing", "pairs.parquet", "empty.csv", "latin.csv"])
def test_what_declares_no_pairs_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "pairs.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty.csv").write_text(HEADER)
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"1,caf\xe9.jpg,b.jpg\n")
    with pytest.raises(UsageError, match=name):
        read_pairs(tmp_path / name)


def test_a_folder_without_sides_is_refused_with_the_convention(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.jpg").write_bytes(b"")
    with pytest.raises(UsageError, match="<subject_idx>/smartphone"):
        read_pairs(tmp_path)


@pytest.mark.parametrize("path", ["../secret.jpg", "003/../../secret.jpg", "/etc/passwd"])
def test_a_path_out_of_the_folder_is_a_finding_and_is_not_opened(album: Album, path: str) -> None:
    (album.root.parent / "secret.jpg").write_bytes(album.camera(3).read_bytes())
    text = HEADER + rows(range(1, 3)) + f"3,003/smartphone.jpg,{path}\n" + rows(range(4, 7))
    (finding,) = validate(manifest(album, text), only=["P001", "P002"]).findings
    assert (finding.check, finding.subject_idx, finding.file) == ("outside", "3", path)


def test_an_absolute_path_inside_the_folder_is_inside(album: Album) -> None:
    text = HEADER + f"3,003/smartphone.jpg,{album.camera(3)}\n"
    assert validate(manifest(album, text), only=["P001", "P002"]).findings == ()


@pytest.mark.parametrize(
    "bad",
    [
        ",003/smartphone.jpg,003/camera.jpg",
        "3,003/smartphone.jpg,003/camera.jpg,CC0-1.0",
        "3,003/smartphone.jpg",
        "3,003/smart\0phone.jpg,003/camera.jpg",
    ],
)
def test_a_bad_row_is_a_finding_and_the_others_are_judged(album: Album, bad: str) -> None:
    album.camera(5).write_bytes(b"")
    text = HEADER + rows(range(1, 3)) + bad + "\n" + rows(range(4, 7))
    found = [
        (f.check, f.file) for f in validate(manifest(album, text), only=["P001", "P002"]).findings
    ]
    assert found == [("row", "line 4"), ("undecodable", "005/camera.jpg")]


@pytest.mark.parametrize(
    "bad", ["{", "[1]", '{"smartphone": "a.jpg"}', '{"subject_idx": 1.5}', '{"subject_idx": true}']
)
def test_a_bad_line_of_jsonl_is_a_finding(album: Album, bad: str) -> None:
    good = '{"subject_idx": "4", "smartphone": "004/smartphone.jpg", "camera": "004/camera.jpg"}'
    (finding,) = validate(
        manifest(album, f"{bad}\n\n{good}\n", "pairs.jsonl"), only=["P001", "P002"]
    ).findings
    assert (finding.check, finding.file) == ("row", "line 1")


def test_a_subject_in_two_rows_has_too_many_photos(album: Album) -> None:
    text = HEADER + rows(range(1, 4)) + "3,004/smartphone.jpg,\n"
    (finding,) = validate(manifest(album, text), only=["P001", "P002"]).findings
    assert (finding.check, finding.subject_idx, finding.side) == ("surplus", "3", "smartphone")
    assert "003/smartphone.jpg, 004/smartphone.jpg" in finding.message


def test_an_empty_cell_and_a_path_to_nothing_are_missing_photos(album: Album) -> None:
    text = HEADER + rows(range(1, 3)) + "3,003/smartphone.jpg,\n4,004/nothing.jpg,004/camera.jpg\n"
    found = [
        (f.check, f.subject_idx, f.side)
        for f in validate(manifest(album, text), only=["P001", "P002"]).findings
    ]
    assert found == [("missing", "3", "camera"), ("missing", "4", "smartphone")]


@given(st.text())
def test_printable_text_is_one_line_of_utf8_and_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert once.encode("utf-8").decode("utf-8").splitlines() in ([once], [])
    assert printable(once) == once


def declared_or_refused(path: Path) -> PairSet | UsageError:
    try:
        return read_manifest(path, classes={})
    except UsageError as refused:
        return refused


@given(st.lists(st.text(), max_size=6))
def test_any_manifest_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("manifests")
    for name, first in (("any.csv", HEADER), ("any.jsonl", '{"subject_idx": 1}\n')):
        path = folder / name
        path.write_text(first + "\n".join(lines), encoding="utf-8", errors="surrogatepass")
        outcome = declared_or_refused(path)
        if isinstance(outcome, UsageError):
            assert len(str(outcome).splitlines()) == 1
        else:
            assert all(file.path.is_relative_to(folder) for file in outcome.files())
