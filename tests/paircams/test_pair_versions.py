"""Versions of a release of pairs: what leaves stays out, and a version keeps its promise."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_releases import FILE, leave, rewrite, rows, subjects, tell_of
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.release.versions import numbers, required_bump
from paircams.decisions import Decided, write_decision
from paircams.pairs import read_pairs
from paircams.releasing import PairsDiff, PairsPlan, build, diff, read_ledger, take_down, verify
from paircams.releasing.diff import compare

DAY = "2026-11-03"


@pytest.fixture
def release(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(built, tmp_path / "release"))


@pytest.fixture(scope="session")
def without(in_files: Path) -> Path:
    """The version after the one of three files, without subject 002; not to be changed."""
    return take_down(in_files, pairs=["002"], date=DAY).out


@pytest.fixture(scope="session")
def of_two(pairs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of two of the three pairs; not to be changed."""
    place = tmp_path_factory.mktemp("two")
    copy = Path(shutil.copytree(pairs, place / "set"))
    write_decision(copy / "pairs.csv", "003", Decided("reject"))
    build(copy, PairsPlan("1.0.0"), out=place / "release")
    return place / "release"


def test_both_photos_of_a_pair_leave_and_a_record_stays(in_files: Path, without: Path) -> None:
    assert without == in_files.with_name("PairCams-1.0.1")
    assert subjects(without) == ["001", "001", "003", "003"]
    [gone] = read_ledger(without)
    [pair_id] = {row["pair_id"] for row in rows(in_files) if row["subject_idx"] == "002"}
    assert (gone.pair_id, gone.subject_idx, gone.version) == (pair_id, "002", "1.0.1")
    assert (gone.date, gone.reason) == (DAY, "asked for")
    assert verify(without) == []


def test_what_held_none_of_it_is_the_same_file(in_files: Path, without: Path) -> None:
    for number in (0, 1, 2):
        name = f"pairs/train-0000{number}-of-00003.parquet"
        assert (without / name).samefile(in_files / name) == (number != 1)


def test_load_dataset_opens_it_with_a_file_that_lost_all_its_rows(
    without: Path, tmp_path: Path
) -> None:
    from datasets import load_dataset

    loaded = load_dataset(str(without), split="train", cache_dir=str(tmp_path))
    assert loaded["subject_idx"] == ["001", "001", "003", "003"]
    assert loaded[3]["image"].size == (loaded[3]["width"], loaded[3]["height"])


def test_texts_and_numbers_tell_of_the_takedown(without: Path) -> None:
    assert (without / "CHANGELOG.md").read_text() == (
        "# Changelog\n\n## 1.0.1\n\n- 0 pairs added, 1 removed.\n"
        "- 1 pairs withdrawn: their ids are in withdrawn.jsonl.\n\n"
        "## 1.0.0\n\n- First release: 3 pairs.\n"
    )
    card = (without / "README.md").read_text()
    assert "**2 pairs of photos" in card
    assert "- 1 pairs: withdrawn from an earlier version" in card
    manifest = json.loads((without / "manifest.json").read_text())
    assert (manifest["previous"], manifest["withdrawn"]) == ("1.0.0", 1)
    assert sum(manifest["models"]["camera"].values()) == 2


def test_a_pair_goes_by_its_id_its_subject_its_owner_or_a_list(
    release: Path, tmp_path: Path
) -> None:
    def own(told: list[dict[str, Any]]) -> None:
        for row in told[:2]:
            row["owner"] = "Jane Roe"

    rewrite(release, own)
    first, _, third, *_ = rows(release)
    words = f"\ufeff{third['pair_id']}\n\n# asked for today\nno such pair\n"  # as Windows saves it
    (tmp_path / "list").write_text(words, encoding="utf-8")
    told = take_down(
        release, owners=["Jane Roe"], listed_in=tmp_path / "list", date=DAY, out=tmp_path / "out"
    )
    assert told.withdrawn == {first["pair_id"]: "001", third["pair_id"]: "002"}
    assert told.unknown == ("no such pair",)
    assert subjects(tmp_path / "out") == ["003", "003"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({}, "nothing is named"),
        ({"pairs": ["009"]}, "shows none of them"),
        ({"pairs": ["001", "002", "003"]}, "nothing would be left"),
        ({"pairs": ["001"], "version": "1.0.0"}, "does not come after"),
        ({"pairs": ["001"], "version": "two"}, "'two'"),
        ({"pairs": ["001"], "date": "today"}, "no day"),
        ({"pairs": ["001"], "reason": "Jane Roe asked"}, "cannot be published"),
        ({"listed_in": "no-such-list"}, "cannot be read"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_words_that_do_not_fit_are_refused_and_nothing_is_left(
    built: Path, tmp_path: Path, words: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        take_down(built, **{"date": DAY, "out": tmp_path / "out", **words})
    assert not list(tmp_path.iterdir())


def test_a_file_that_rotted_gets_no_digest_that_fits(release: Path, tmp_path: Path) -> None:
    content = bytearray((release / FILE).read_bytes())
    content[len(content) // 3] ^= 1  # inside of a photo, which no reader of columns looks at
    (release / FILE).write_bytes(content)
    with pytest.raises(UsageError, match="damaged"):
        take_down(release, pairs=["001"], date=DAY, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_withdrawn_stays_out_of_later_builds(
    pairs: Path, without: Path, tmp_path: Path
) -> None:
    build(pairs, PairsPlan("1.0.2"), out=tmp_path / "next", previous=without)
    assert subjects(tmp_path / "next") == ["001", "001", "003", "003"]
    assert read_ledger(tmp_path / "next") == read_ledger(without)
    changelog = (tmp_path / "next" / "CHANGELOG.md").read_text()
    assert [line for line in changelog.splitlines() if line.startswith("#")] == [
        "# Changelog",
        "## 1.0.2",
        "## 1.0.1",
        "## 1.0.0",
    ]
    assert verify(tmp_path / "next") == []


def test_it_stays_out_when_its_stripped_files_are_built_from(
    built: Path, without: Path, tmp_path: Path
) -> None:
    build(built, PairsPlan("1.0.2"), out=tmp_path / "next", previous=without)
    assert subjects(tmp_path / "next") == ["001", "001", "003", "003"]


def save_anew(photo: Path) -> None:
    with Image.open(photo) as image:
        image.save(photo, quality=83)


def test_withdrawn_photos_that_were_saved_anew_do_not_come_back_unseen(
    pairs: Path, without: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(pairs, tmp_path / "set"))
    [phone] = next(one for one in read_pairs(copy).subjects if one.subject_idx == "002").on(
        "smartphone"
    )
    save_anew(phone.path)
    plan, out = PairsPlan("1.1.0", leave_out_failed=True), tmp_path / "next"
    with pytest.raises(UsageError, match=r"subject '002' was withdrawn in 1\.0\.1 .* subject_idx"):
        build(copy, plan, out=out, previous=without)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]
    write_decision(copy / "pairs.csv", "002", Decided("reject"))
    build(copy, plan, out=out, previous=without)
    assert subjects(out) == ["001", "001", "003", "003"]


def test_a_new_pair_asks_for_a_minor_step_before_anything_is_written(
    pairs: Path, of_two: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"1 pairs added.*minor change, use '1\.1\.0'"):
        build(pairs, PairsPlan("1.0.1"), out=tmp_path / "next", previous=of_two)
    assert not list(tmp_path.iterdir())
    build(pairs, PairsPlan("1.1.0"), out=tmp_path / "next", previous=of_two)
    assert "- 1 pairs added, 0 removed." in (tmp_path / "next" / "CHANGELOG.md").read_text()


def test_another_making_of_the_photos_asks_for_a_major_step(
    pairs: Path, built: Path, tmp_path: Path
) -> None:
    masked = PairsPlan("1.1.0", kind="masked")
    with pytest.raises(UsageError, match=r"pixels is another.*'2\.0\.0'"):
        build(pairs, masked, out=tmp_path / "next", previous=built)


def test_a_difference_tells_pairs_words_and_mended_cells(
    of_two: Path, built: Path, tmp_path: Path
) -> None:
    found = diff(of_two, built)
    assert (list(found.pairs_added.values()), found.pairs_removed) == (["003"], {})
    assert found.metadata_changed == {}
    copy = Path(shutil.copytree(built, tmp_path / "mended"))
    rewrite(copy, lambda told: [row.update(license="CC-BY-4.0") for row in told[:2]])
    mended = diff(built, copy)
    assert mended.metadata_changed == {"license": (rows(built)[0]["pair_id"],)}
    assert [bump for bump, _ in mended.reasons()] == ["patch"]
    assert list(diff(built, built).lines()) == ["1.0.0 to 1.0.0: no difference"]


def test_image_bytes_are_compared_where_asked(built: Path, release: Path) -> None:
    def exchange(told: list[dict[str, Any]]) -> None:
        told[0]["image"] = told[1]["image"]

    rewrite(release, exchange)
    assert not diff(built, release)
    found = diff(built, release, images=True)
    assert found.images_changed == (rows(built)[0]["pair_id"],)
    assert required_bump(found) == "major"
    assert diff(built, built, images=True).images_changed == ()


ids = st.frozensets(st.sampled_from(["a", "b", "c", "d", "e"]))


@given(ids, ids)
def test_a_difference_leads_from_one_set_to_the_other(
    old: frozenset[str], new: frozenset[str]
) -> None:
    manifest = {"version": "1.2.3", "configs": {"pairs": {}}, "validated": {}}

    def told(pairs: frozenset[str]) -> pl.DataFrame:
        cells = [(one, one.upper(), side) for one in sorted(pairs) for side in "sc"]
        columns = dict.fromkeys(("pair_id", "subject_idx", "camera_class"), pl.String)
        return pl.DataFrame(cells, schema=columns, orient="row")

    found = compare(manifest, told(old), manifest, told(new))
    assert (old | set(found.pairs_added)) - set(found.pairs_removed) == new
    assert bool(found) == (old != new)
    expected = "minor" if new - old else "patch" if old - new else None
    assert required_bump(found) == expected
    step = numbers(found.as_json()["next_version"])
    assert step == {"minor": (1, 3, 0), "patch": (1, 2, 4), None: (1, 2, 3)}[expected]


def test_every_difference_has_a_step_and_a_line() -> None:
    found = PairsDiff(
        "1.0.0",
        "2.0.0",
        pairs_added={"aa": "1"},
        pairs_removed={"bb": "2"},
        metadata_changed={"license": ("cc",), "subject_idx": ("dd",)},
        columns={"lens": "added"},
        words={"mask": (None, {"ratio": 0.9}), "name": ("A", "B")},
        images_changed=("ee",),
    )
    bumps = [bump for bump, _ in found.reasons()]
    assert bumps == ["major", "patch", "major", "major", "minor", "patch", "patch", "major"]
    assert len(list(found.lines())) == 1 + len(bumps)


def put_it_back(release: Path, gone: Path) -> None:
    name = "pairs/train-00001-of-00003.parquet"
    shutil.copyfile(gone / name, release / name)
    tell_of(release, name)


def break_the_ledger(release: Path, _: Path) -> None:
    (release / "withdrawn.jsonl").write_text('{"pair_id": "?"}\n')
    tell_of(release, "withdrawn.jsonl")


def tell_of_the_future(release: Path, _: Path) -> None:
    text = (release / "withdrawn.jsonl").read_text().replace("1.0.1", "2.0.0")
    (release / "withdrawn.jsonl").write_text(text)
    tell_of(release, "withdrawn.jsonl")


def forget_the_changes(release: Path, _: Path) -> None:
    (release / "CHANGELOG.md").write_text("# Changelog\n")
    tell_of(release, "CHANGELOG.md")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (put_it_back, {"withdrawn-pair", "counts"}),
        (break_the_ledger, {"ledger"}),
        (tell_of_the_future, {"ledger"}),
        (forget_the_changes, {"changelog"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_breach_of_a_promise_is_found(
    without: Path, in_files: Path, tmp_path: Path, spoil: Any, expected: set[str]
) -> None:
    copy = Path(shutil.copytree(without, tmp_path / "copy"))
    spoil(copy, in_files)
    assert {finding.rule for finding in verify(copy)} - {"card"} == expected


def test_a_stopped_build_begins_anew_and_what_is_not_ours_is_kept(
    pairs: Path, built: Path, tmp_path: Path
) -> None:
    partial_folder = tmp_path / "out.partial"
    (partial_folder / "release" / "pairs").mkdir(parents=True)
    (partial_folder / "release" / "pairs" / "train-00007-of-00008.parquet").write_text("half")
    with pytest.raises(UsageError, match="was not made by a build"):
        build(pairs, PairsPlan("1.0.0"), out=tmp_path / "out")
    assert list(partial_folder.iterdir())
    (partial_folder / "build.json").write_text('{"version": "0.9.0"}')
    build(pairs, PairsPlan("1.0.0"), out=tmp_path / "out")
    for path in built.rglob("*"):
        if path.is_file():
            assert (tmp_path / "out" / path.relative_to(built)).read_bytes() == path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_the_commands_take_down_list_and_compare(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = partial(leave, capsys)
    out = tmp_path / "out"
    words = ("--reason", "licence", "--date", DAY, "--out", out)
    code, told = run("takedown", built, "--pair", "001", *words)
    assert code == 0
    assert told.startswith(f"{out}: version 1.0.1, 1 pairs withdrawn, 1 files rewritten, 0 as")
    code, told = run("takedown", out, "--list")
    assert (code, told.split()[1:]) == (0, ["001", "1.0.1", DAY, "licence"])
    assert run("takedown", out, "--list", "--pair", "002")[0] == 2
    assert run("takedown", built, "--list")[1] == f"{built}: nothing was withdrawn\n"
    for nothing in (tmp_path / "nothere", tmp_path):
        code, told = run("takedown", nothing, "--list")
        assert (code, told.count("\n")) == (2, 1)
        assert f"{str(nothing)!r} is no release of pairs" in told
    code, told = run("diff", built, out)
    assert (code, told.splitlines()[0]) == (0, "1.0.0 to 1.0.1: a patch step, to 1.0.1 or higher")
    code, told = run("diff", built, out, "--json")
    assert list(json.loads(told)["pairs_removed"].values()) == ["001"]
    assert run("diff", built, tmp_path)[0] == 2


def test_what_is_named_and_not_there_has_its_own_line_and_the_rest_leaves(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--pair", "001", "--pair", "1", "--owner", "Jane Roe", "--out", tmp_path / "out")
    code, told = leave(capsys, "takedown", built, *words)
    assert code == 0  # as `flickrexif takedown` of a release
    lines = told.splitlines()
    assert lines[-3:-1] == [f"  not in {built}: 1", f"  not in {built}: Jane Roe"]
    assert subjects(tmp_path / "out") == ["002", "002", "003", "003"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("takedown", ("--pair", "001")),
        ("takedown", ("--list",)),
        ("diff", None),
        ("verify", ()),
    ],
)
def test_another_release_is_sent_to_the_command_of_the_same_name(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    words: tuple[str, ...] | None,
) -> None:
    (tmp_path / "manifest.json").write_text('{"kind": "images"}')
    code, told = leave(capsys, command, tmp_path, *((tmp_path,) if words is None else words))
    assert code == 2
    assert f"holds no pairs: use `flickrexif {command}`" in told
