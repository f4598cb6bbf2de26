"""Whatever row or spelling tells a decision: it is heeded or refused, never passed over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_releases import leave

from flickrexif.errors import UsageError
from paircams import validate
from paircams.decisions import Decided, file_for_decisions, read_decisions
from paircams.pairs import read_pairs

if TYPE_CHECKING:
    from pair_scenes import Album

SUBJECTS = ("1", "2", "3")


def by_photo(album: Album, *decisions: str, header: str = "decision") -> Path:
    """A manifest with a row a photo; ``decisions`` are those of the rows in order."""
    sides = [(subject, side) for subject in SUBJECTS for side in ("smartphone", "camera")]
    told = [*decisions, *[""] * (len(sides) - len(decisions))]
    rows = [
        f"{subject},{int(subject):03}/{side}.jpg,{side},{decision}\n"
        for (subject, side), decision in zip(sides, told, strict=True)
    ]
    path = album.root / "pairs.csv"
    path.write_text(f"subject_idx,image,camera_class,{header}\n" + "".join(rows))
    return path


@pytest.fixture
def dataset(built: Path, tmp_path: Path) -> Path:
    """A release, which is a folder of parquet files."""
    return Path(shutil.copytree(built, tmp_path / "PairCams"))


@pytest.mark.parametrize("decisions", [("reject",), ("", "reject"), ("reject", "Reject ")])
def test_the_row_of_either_photo_decides_on_the_pair(
    album: Album, decisions: tuple[str, ...]
) -> None:
    manifest = by_photo(album, *decisions)
    declared = read_pairs(manifest)
    assert [subject.decision for subject in declared.subjects] == ["reject", None, None]
    assert declared.misplaced == ()
    told = read_decisions(manifest)
    assert [told[name].decision for name in SUBJECTS] == ["reject", "", ""]


def test_rows_that_contradict_one_another_are_found(album: Album) -> None:
    [found] = validate(by_photo(album, "accept", "reject"), only=("row",)).findings
    assert (found.severity, found.subject_idx) == ("error", "1")
    assert found.message == (
        "line 3 has the decision 'reject', an earlier row of subject '1' 'accept'; write one"
    )
    path = album.root / "pairs.csv"
    path.write_text(
        "subject_idx,image,camera_class,license,owner\n"
        "1,001/smartphone.jpg,smartphone,CC0-1.0,A\n1,001/camera.jpg,camera,CC-BY-4.0,B\n"
    )
    told = [found.message.split(",")[0] for found in validate(path, only=("row",)).findings]
    assert told == ["line 3 has the license 'CC-BY-4.0'", "line 3 has the owner 'B'"]


@pytest.mark.parametrize("name", ["Decision", "DECISION"])
def test_a_column_in_capitals_is_refused_before_it_rejects_nothing(
    album: Album, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    manifest = by_photo(album, "reject", header=name)
    out = album.root / "release"
    for words in (["validate", manifest], ["build", manifest, "--version", "1.0.0", "--out", out]):
        code, told = leave(capsys, *words)
        assert (code, told.count("\n")) == (2, 1)
        assert f"{str(manifest)!r} has misspelt columns {name!r}; a manifest's are " in told


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("subject_idx,verdict\n001,reject\n", "missing columns 'decision'"),
        ("subject_idx,Decision\n001,reject\n", "missing columns 'decision'"),
        ("subject,decision\n001,reject\n", "missing columns 'subject_idx'"),
        ("001,reject,\n", "missing columns 'subject_idx', 'decision'"),
        ("", "missing columns 'subject_idx', 'decision'"),
        ("subject_idx,decision,decision\n001,reject,\n", "repeated columns 'decision'"),
        ("subject_idx,decision,Note\n001,reject,\n", "misspelt columns 'Note'"),
    ],
)
def test_a_file_of_decisions_that_decides_nothing_is_refused(
    dataset: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str
) -> None:
    file = dataset.with_name("PairCams.decisions.csv")
    file.write_text(text)
    for command in ("validate", "review"):
        code, told = leave(capsys, command, dataset)
        assert (code, told.count("\n")) == (2, 1)
        assert f"{str(file)!r} has {problem}; a table of decisions has subject_idx" in told
    assert file.read_text() == text


def test_a_later_row_of_a_file_of_decisions_takes_none_back(dataset: Path) -> None:
    file = dataset.with_name("PairCams.decisions.csv")
    file.write_text("subject_idx,decision,note\n001,reject,\n001,,twice\n")
    assert read_pairs(dataset).subjects[0].decision == "reject"
    assert read_decisions(file)["001"] == Decided("reject", "twice")
    file.write_text("subject_idx,decision\n001,reject\n001,accept\n")
    [found] = validate(dataset, only=("row",)).findings
    assert found.message == (
        "line 3 decides 'accept' on subject '001', an earlier row 'reject'; delete one"
    )
    assert read_pairs(dataset).subjects[0].decision == "reject"


@given(st.lists(st.sampled_from(["", "accept", "reject"]), max_size=6))
def test_no_row_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, decisions: list[str]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "pairs.csv"
    rows = [f"1,{number}.jpg,camera,{told}\n" for number, told in enumerate(["", *decisions])]
    path.write_text("subject_idx,image,camera_class,decision\n" + "".join(rows))
    declared = read_pairs(path)
    told = [decision for decision in decisions if decision]
    assert declared.subjects[0].decision == (told[0] if told else None)
    assert bool(declared.misplaced) == (len(set(told)) > 1)


def test_a_review_does_not_begin_where_the_manifest_cannot_be_written(album: Album) -> None:
    manifest = album.root / f"{'n' * 246}.csv"  # with what a file has while written: too long
    manifest.write_text("subject_idx,smartphone,camera\n1,001/smartphone.jpg,001/camera.jpg\n")
    with pytest.raises(UsageError, match=r"cannot be written: .*copy the set into one"):
        file_for_decisions(read_pairs(manifest))
    short = manifest.rename(album.root / "mine.csv")
    before = sorted(album.root.rglob("*"))
    assert file_for_decisions(read_pairs(short)) == short
    assert sorted(album.root.rglob("*")) == before
