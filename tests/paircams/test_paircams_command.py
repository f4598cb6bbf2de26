"""The command answers on standard output, complains in one line, and exits as it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pair_scenes import Album, phone_photo

import paircams
from paircams.cli import cli, main


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return left.value.code, out, err


def test_a_sound_album_exits_with_0(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "validate", album.root)
    assert (code, out, err) == (0, "6 pairs, 12 photos: 0 errors, 0 warnings\n", "")


def test_errors_exit_with_1_and_name_the_photo(
    album: Album, capsys: pytest.CaptureFixture[str]
) -> None:
    album.add(3, camera=phone_photo(3))
    code, out, err = run(capsys, "validate", album.root)
    assert (code, err) == (1, "")
    assert "1 error, 0 warnings" in out
    assert "identical: 003/camera.jpg" in out


def test_warnings_alone_exit_with_0(album: Album, capsys: pytest.CaptureFixture[str]) -> None:
    album.add(3, camera=album.camera(4).read_bytes() + b"\0")
    code, out, _ = run(capsys, "validate", album.root)
    assert code == 0
    assert "0 errors, 1 warning\n" in out


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
        "report.json",
    ]
    assert json.loads((tmp_path / "report" / "report.json").read_text())["pairs"] == 6


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("publish",),
        ("validate",),
        ("validate", "nowhere"),
        ("validate", ".", "--profile", "odd"),
        ("validate", ".", "--nonsense"),
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


def test_only_commands_that_exist_are_listed() -> None:
    assert list(cli.commands) == ["validate"]


def test_the_installed_command_is_this_one(album: Album) -> None:
    script = Path(sys.executable).with_name("paircams")
    done = subprocess.run(
        [script, "validate", album.root], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 pairs")


def test_the_public_surface_is_declared() -> None:
    assert paircams.__all__ == sorted(paircams.__all__) == ["Finding", "Report", "validate"]
