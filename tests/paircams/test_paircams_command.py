"""The command answers on standard output, complains in one line, and exits as it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import piexif
import pytest
from pair_scenes import CAMERA, Album, camera_view, exif, jpeg, phone_photo, taken_at

import paircams
from flickrexif.errors import PartialError
from flickrexif.progress import Silent
from paircams.cli import main
from paircams.commands.validate import refuse_incomplete


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return left.value.code, out, err


def add_serial(album: Album) -> None:
    tags = {"Exif": {piexif.ExifIFD.BodySerialNumber: "SN4711"}}
    album.add(3, camera=jpeg(camera_view(3), exif(CAMERA, taken_at(3), tags)))


def test_a_sound_album_exits_with_0(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "validate", album.root)
    told = "6 pairs, 12 photos: 0 errors, 0 warnings\nsame subject: 6 pass\n"
    assert (code, out, err) == (0, told, "")


def test_errors_exit_with_1_and_name_the_photo(
    album: Album, capsys: pytest.CaptureFixture[str]
) -> None:
    album.add(3, camera=phone_photo(3))
    code, out, err = run(capsys, "validate", album.root)
    assert (code, err) == (1, "")
    assert "1 error, 0 warnings" in out
    assert "P004 identical: 003/camera.jpg" in out


def test_warnings_alone_exit_with_0(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    add_serial(album)
    code, out, _ = run(capsys, "validate", album.root)
    assert code == 0
    assert "0 errors, 1 warning\n" in out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--fail-on warning", 1),
        ("--strict", 1),
        ("--strict --fail-on info", 1),
        ("--strict --ignore P012", 0),
        ("--strict --ignore private-tags:003", 0),
        ("--strict --ignore P012:004", 1),
        ("--strict --only P001", 0),
        ("--strict --only private-tags", 1),
    ],
)
def test_what_fails_is_chosen_by_the_user(
    album: Album, capsys: pytest.CaptureFixture[str], words: str, code: int
) -> None:
    add_serial(album)
    only = () if "--only" in words else ("--only", "P012", "--only", "P002")
    assert run(capsys, "validate", album.root, *words.split(), *only)[0] == code


def test_what_was_ignored_is_counted(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    add_serial(album)
    _, out, _ = run(capsys, "validate", album.root, "--only", "P012", "--ignore", "P012:003")
    assert "0 warnings\n1 finding ignored as asked" in out


def test_a_pair_that_cannot_be_judged_to_the_end_exits_with_3(
    album: Album, capsys: pytest.CaptureFixture[str]
) -> None:
    """The photos vanish after they were read once: a second look, for SIFT, finds no file."""
    album.add(3, camera=album.camera(4).read_bytes() + b"\0")

    class Removing(Silent):
        def start(self, what: str, total: int | None, unit: str, *, done: int = 0) -> None:
            if what == "pairs":
                album.camera(3).unlink()

    report = paircams.validate(album.root, progress=Removing())
    (verdict,) = (v for v in report.verdicts if v.subject_idx == "003")
    assert verdict.same_subject == "unjudged"
    assert "broke off" in str(verdict.reason)
    assert not report.is_complete
    with pytest.raises(PartialError, match="1 pairs could not be judged"):
        refuse_incomplete(report)
    assert PartialError.exit_code == 3


def test_json_is_the_report(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    album.add(3, camera=b"")
    code, out, _ = run(capsys, "validate", "--json", album.root)
    assert code == 1
    assert out == paircams.validate(album.root).to_json() + "\n"


def test_a_report_folder_holds_both_files(
    album: Album, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    album.add(3, camera=b"")
    code, _, _ = run(capsys, "validate", album.root, "--report", tmp_path / "report")
    assert code == 1
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "findings.csv",
        "report.html",
        "report.json",
    ]
    assert json.loads((tmp_path / "report" / "report.json").read_text())["pairs"] == 6


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("enhance",),
        ("validate",),
        ("validate", "nowhere"),
        ("validate", ".", "--profile", "odd"),
        ("validate", ".", "--nonsense"),
        ("validate", ".", "--only", "P099"),
        ("validate", ".", "--ignore", "nothing"),
        ("validate", ".", "--classes", "nowhere.csv"),
        ("match", ".", "."),
    ],
)
def test_bad_words_exit_with_2_and_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_the_installed_command_is_this_one(album: Album) -> None:
    script = Path(sys.executable).with_name("paircams")
    done = subprocess.run(
        [script, "validate", album.root], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 pairs")


def test_the_public_surface_is_declared() -> None:
    assert (
        paircams.__all__
        == sorted(paircams.__all__)
        == [
            "Figures",
            "Finding",
            "PairVerdict",
            "Proposal",
            "ProposedPair",
            "Report",
            "match",
            "validate",
        ]
    )
