"""A release of pairs: stripped without loss, opened by load_dataset, verified, published."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from pair_releases import FILE, leave, rewrite, rows
from PIL import Image

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.imaging import is_stripped
from flickrexif.publishing import FolderShelf, load, publish
from paircams import validate
from paircams.decisions import Decided, write_decision
from paircams.photo_bytes import read_photos
from paircams.releasing import PairsPlan, build, verify
from paircams.sandbox import simulate

SIZE = 400


@pytest.fixture
def release(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(built, tmp_path / "release"))


def rules(release: Path) -> set[str]:
    return {finding.rule for finding in verify(release)} - {"card"}


def test_a_release_is_sound_and_its_pairs_validate_as_they_did(pairs: Path, built: Path) -> None:
    assert verify(built) == []
    report = validate(built)
    assert report.findings == ()
    assert (report.pairs, report.photos) == (3, 6)
    before = {one.subject_idx: one.figures for one in validate(pairs).verdicts}
    for verdict in report.verdicts:
        assert verdict.figures == before[verdict.subject_idx]


def test_files_keep_their_pixels_and_lose_all_else(pairs: Path, built: Path) -> None:
    for row in rows(built):
        original = pairs / row["subject_idx"] / f"{row['camera_class']}.jpg"
        content = row["image"]["bytes"]
        assert is_stripped(content)
        assert b"GPS" not in content
        with Image.open(original) as before, Image.open(io.BytesIO(content)) as after:
            assert np.array_equal(np.asarray(before), np.asarray(after))
            assert (row["make"], row["model"]) == (before.getexif()[271], before.getexif()[272])
            assert set(after.getexif()) <= {0x0112}


def test_rows_come_in_pairs_with_the_figures_of_their_pair(pairs: Path, built: Path) -> None:
    told = rows(built)
    verdicts = {verdict.subject_idx: verdict for verdict in validate(pairs).verdicts}
    assert [row["camera_class"] for row in told] == ["smartphone", "camera"] * 3
    assert len({row["pair_id"] for row in told}) == 3
    for row in told:
        figures = verdicts[row["subject_idx"]].figures
        assert figures is not None
        assert (row["inliers"], row["rotation_deg"]) == (figures.inliers, figures.rotation_deg)
        homography = [float(number) for number in row["homography"].split()]
        assert homography == pytest.approx(figures.homography, rel=1e-6)


def test_load_dataset_opens_it(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datasets import Image as ImageFeature
    from datasets import load_dataset

    loaded = load_dataset(str(built), split="train", cache_dir=str(tmp_path))
    assert loaded.num_rows == 6
    assert isinstance(loaded.features["image"], ImageFeature)
    assert sorted(loaded[0]["image"].size) == sorted((loaded[0]["width"], loaded[0]["height"]))


def test_equal_pairs_and_words_give_equal_bytes(pairs: Path, built: Path, tmp_path: Path) -> None:
    build(pairs, PairsPlan("1.0.0"), out=tmp_path / "again")
    for path in sorted(built.rglob("*")):
        if path.is_file():
            again = tmp_path / "again" / path.relative_to(built)
            assert again.read_bytes() == path.read_bytes()


def test_a_masked_release_shows_the_border_alone(pairs: Path, tmp_path: Path) -> None:
    build(pairs, PairsPlan("1.0.0", kind="masked"), out=tmp_path / "masked")
    assert verify(tmp_path / "masked") == []
    for row in rows(tmp_path / "masked"):
        with Image.open(io.BytesIO(row["image"]["bytes"])) as image:
            pixels = np.asarray(image)
        assert pixels.shape == (224, 224, 3)
        assert not pixels[60:-60, 60:-60].any()
        assert pixels[:4].any()
    assert "Kind **masked**" in (tmp_path / "masked" / "README.md").read_text()


def test_heic_cannot_be_stripped_but_masked(pairs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pairs, tmp_path / "set"))
    pillow_heif.register_heif_opener()
    phone = copy / "001" / "smartphone.jpg"
    with Image.open(phone) as image:
        image.save(phone, "HEIF", quality=90)
    with pytest.raises(UsageError, match=r"cannot be stripped .*neither JPEG nor PNG\): .*masked"):
        build(copy, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert not list(tmp_path.glob("out*"))
    build(copy, PairsPlan("1.0.0", kind="masked"), out=tmp_path / "out")
    assert verify(tmp_path / "out") == []


def test_a_disk_that_takes_no_more_is_told_and_the_next_build_is_whole(
    pairs: Path, built: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = f"build {pairs} --version 1.0.0 --out {out}"
    command = f"import paircams.cli; paircams.cli.main({words.split()!r})"
    limited = ["bash", "-c", 'ulimit -f 24; exec "$0" -c "$1"', sys.executable, command]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"error: {str(out)!r} cannot be written (" in done.stderr
    assert "make room" in done.stderr
    assert not out.exists()
    build(pairs, PairsPlan("1.0.0"), out=out)
    for path in built.rglob("*.*"):
        assert (out / path.relative_to(built)).read_bytes() == path.read_bytes()


def test_a_set_with_errors_is_refused_unless_they_are_left_out(tmp_path: Path) -> None:
    made = simulate(
        tmp_path / "set", pairs=4, longest_px=SIZE, faults={"empty": 1, "rotated-180": 1}
    )
    with pytest.raises(FlickrexifError, match=r"2 errors.*--leave-out-failed"):
        build(made.folder, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]
    plan = PairsPlan("1.0.0", leave_out_failed=True)
    summary = build(made.folder, plan, out=tmp_path / "out")
    assert (summary.pairs, summary.left_out) == (2, {"rotated": 1, "undecodable": 1})
    assert verify(tmp_path / "out") == []
    assert "- 1 pairs: rotated" in (tmp_path / "out" / "README.md").read_text()


def test_pairs_that_were_rejected_in_review_are_left_out(pairs: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pairs, tmp_path / "set"))
    write_decision(copy / "pairs.csv", "002", Decided("reject"))
    summary = build(copy, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert (summary.pairs, summary.left_out) == (2, {"rejected in review": 1})
    assert {row["subject_idx"] for row in rows(tmp_path / "out")} == {"001", "003"}


def test_errors_of_rejected_pairs_stop_no_build(tmp_path: Path) -> None:
    made = simulate(
        tmp_path / "set", pairs=4, longest_px=SIZE, faults={"empty": 1, "rotated-180": 1}
    )
    bad = [subject for fault in made.planted for subject in fault.subjects]
    write_decision(made.manifest, bad[0], Decided("reject"))
    with pytest.raises(FlickrexifError, match=rf"1 errors, such as rotated of '{bad[1]}/"):
        build(made.folder, PairsPlan("1.0.0"), out=tmp_path / "out")
    write_decision(made.manifest, bad[1], Decided("reject"))
    summary = build(made.folder, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert (summary.pairs, summary.left_out) == (2, {"rejected in review": 2})
    assert verify(tmp_path / "out") == []


def test_a_release_is_never_overwritten(pairs: Path, built: Path) -> None:
    before = (built / "manifest.json").read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        build(pairs, PairsPlan("1.0.1"), out=built)
    assert (built / "manifest.json").read_bytes() == before


def test_the_card_says_that_simulated_pairs_are_synthetic(built: Path) -> None:
    card = (built / "README.md").read_text()
    assert "**This release is synthetic.**" in card
    assert "3 pairs of photos" in card
    assert "- synthetic" in card.split("---")[1]


def lose_a_file(release: Path) -> None:
    (release / "README.md").unlink()


def add_a_file(release: Path) -> None:
    (release / "notes.txt").write_text("")


def touch_the_card(release: Path) -> None:
    with (release / "README.md").open("a") as card:
        card.write("more\n")


def cut_the_table(release: Path) -> None:
    content = (release / FILE).read_bytes()
    (release / FILE).write_bytes(content[: len(content) // 2])


def lose_a_photo(release: Path) -> None:
    rewrite(release, lambda told: told.pop())


def file_both_on_one_side(release: Path) -> None:
    rewrite(release, lambda told: told[0].update(camera_class="camera"))


def mix_up_subjects(release: Path) -> None:
    rewrite(release, lambda told: told[0].update(subject_idx="009"))


def repeat_a_subject(release: Path) -> None:
    rewrite(release, lambda told: [row.update(subject_idx="001") for row in told[2:4]])


def tell_another_size(release: Path) -> None:
    rewrite(release, lambda told: told[0].update(width=1))


def spoil_a_photo(release: Path) -> None:
    rewrite(release, lambda told: told[0]["image"].update(bytes=b"\xff\xd8nothing"))


def leave_a_comment(release: Path) -> None:
    def comment(told: list[dict[str, Any]]) -> None:
        content = told[0]["image"]["bytes"]
        told[0]["image"]["bytes"] = content[:2] + b"\xff\xfe\0\x06here" + content[2:]

    rewrite(release, comment)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lose_a_file, {"file-missing"}),
        (add_a_file, {"foreign-file"}),
        (touch_the_card, {"file-size", "file-digest"}),
        (cut_the_table, {"file-size", "file-digest", "file-unreadable", "counts"}),
        (lose_a_photo, {"counts", "pair"}),
        (file_both_on_one_side, {"pair"}),
        (mix_up_subjects, {"pair"}),
        (repeat_a_subject, {"subject-twice"}),
        (tell_another_size, {"image-size"}),
        (spoil_a_photo, {"image"}),
        (leave_a_comment, {"image-metadata"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_breach_is_found_by_its_rule(release: Path, spoil: Any, expected: set[str]) -> None:
    spoil(release)
    assert rules(release) == expected


@pytest.mark.parametrize("word", ["version", "pixels", "files", "configs", "photos"])
def test_a_manifest_without_a_word_is_a_finding(release: Path, word: str) -> None:
    manifest = json.loads((release / "manifest.json").read_text())
    del manifest[word]
    (release / "manifest.json").write_text(json.dumps(manifest))
    assert rules(release) == {"manifest-schema"}


def test_what_is_no_release_of_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no release"):
        verify(tmp_path)
    (tmp_path / "manifest.json").write_text('{"kind": "images"}')
    with pytest.raises(UsageError, match="holds no pairs: use `flickrexif verify`"):
        verify(tmp_path)


def test_publishing_verifies_with_the_rules_of_pairs(release: Path, tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path / "shelf")
    assert publish(release, shelf, verifier=verify).version == "1.0.0"
    assert load(tmp_path / "shelf", version="1.0.0")["train"].num_rows == 6
    add_a_file(release)
    with pytest.raises(FlickrexifError, match="foreign-file"):
        publish(release, FolderShelf(tmp_path / "other"), verifier=verify)
    assert not (tmp_path / "other").exists()


def test_the_commands_build_verify_and_publish(
    pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = partial(leave, capsys)
    out, shelf = tmp_path / "release", tmp_path / "shelf"
    code, told = run("build", pairs, "--version", "1.0.0", "--out", out)
    assert code == 0
    assert told.startswith(f"{out}: 3 pairs, plain, version 1.0.0, 4 files, ")
    assert run("verify", out) == (0, f"{out}: sound\n")
    code, told = run("publish", out, "--to", shelf, "--json")
    assert (code, json.loads(told)["version"]) == (0, "1.0.0")
    add_a_file(out)
    assert run("verify", out) == (1, "notes.txt: foreign-file: is not in the manifest\n")
    assert run("publish", out)[0] == 2
    assert run("build", pairs, "--version", "one", "--out", tmp_path / "x")[0] == 2


@pytest.fixture
def with_webp(pairs: Path, tmp_path: Path) -> Path:
    """The set with two photos that nobody can strip without loss."""
    copy = Path(shutil.copytree(pairs, tmp_path / "set"))
    text = (copy / "pairs.csv").read_text()
    for name in ("001/camera", "002/smartphone"):
        with Image.open(copy / f"{name}.jpg") as image:
            image.save(copy / f"{name}.webp", exif=image.info["exif"])
        text = text.replace(f"{name}.jpg", f"{name}.webp")
    (copy / "pairs.csv").write_text(text)
    return copy


def test_photos_that_cannot_be_stripped_are_refused_before_anything_is_written(
    with_webp: Path, tmp_path: Path
) -> None:
    expected = r"'001/camera\.webp' .*neither JPEG nor PNG.*, and 1 more: .*--kind masked"
    with pytest.raises(UsageError, match=expected):
        build(with_webp, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_photos_of_any_format_can_be_masked(with_webp: Path, tmp_path: Path) -> None:
    build(with_webp, PairsPlan("1.0.0", kind="masked"), out=tmp_path / "out")
    assert verify(tmp_path / "out") == []


def test_the_bytes_of_a_release_are_read_row_by_row(built: Path) -> None:
    from paircams.pairs import read_pairs

    files = list(read_pairs(built).files())
    contents = [content for _, content in read_photos(files)]
    assert contents == [row["image"]["bytes"] for row in rows(built)]


def test_a_release_can_be_built_from_a_release_and_keeps_its_cameras(
    built: Path, tmp_path: Path
) -> None:
    build(built, PairsPlan("1.1.0"), out=tmp_path / "out")
    words = ("subject_idx", "camera_class", "make", "model", "license")
    told = [[row[word] for word in words] for row in rows(tmp_path / "out")]
    assert told == [[row[word] for word in words] for row in rows(built)]
    assert all(cell for row in told for cell in row)
    assert "**This release is synthetic.**" in (tmp_path / "out" / "README.md").read_text()
