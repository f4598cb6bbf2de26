"""Publishing to a plain folder: versions, what is sent, what is refused, what stays as it is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from datasets import load_dataset

from flickrexif.errors import FlickrexifError, UpstreamError, UsageError
from flickrexif.progress import Silent
from flickrexif.publishing import (
    FolderShelf,
    fetch,
    load,
    publish,
    releases,
    rollback,
    verify_published,
    withdraw,
)
from flickrexif.release import verify


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names_in(folder: Path) -> set[str]:
    return set(everything(folder))


def test_a_release_is_not_published_into_itself(release_of, tmp_path):
    release = shutil.copytree(release_of("1.0.0"), tmp_path / "release")
    before = everything(release)
    with pytest.raises(UsageError, match=r"lies in the release .*: name a folder outside of it"):
        publish(release, FolderShelf(release / "shelf"))
    assert everything(release) == before


def test_a_release_is_not_taken_for_the_folder_it_was_published_to(release_of):
    release = str(release_of("1.0.0"))
    with pytest.raises(UsageError, match=r"is a release, not a folder .*load_dataset"):
        load(release, "masked")
    with pytest.raises(UsageError, match="is a release, not a folder"):
        verify_published(release, "1.0.0")


def test_the_reason_of_a_withdrawal_is_one_line(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    assert withdraw(shelf, "1.0.0", reason=" wrong\n  labels ").withdrawn == "wrong labels"
    assert releases(shelf)[0].withdrawn == "wrong labels"


def test_a_release_is_published_whole_and_opens_by_its_tag(release_of, shelf, tmp_path):
    release = release_of("1.0.0")
    summary = publish(release, shelf)
    assert (summary.version, summary.kept, summary.remove) == ("1.0.0", 0, ())
    assert set(summary.add) == names_in(release)
    assert everything(tmp_path / "shelf" / "v1.0.0") == everything(release)
    assert verify(tmp_path / "shelf" / "v1.0.0") == []
    rows = load_dataset(str(tmp_path / "shelf" / "v1.0.0"), "masked")
    assert {split: len(part) for split, part in rows.items()} == {
        "train": 6,
        "validation": 3,
        "test": 3,
    }
    assert shelf.refs().tags == {"v1.0.0": summary.commit}
    assert shelf.refs().head == summary.commit


def test_a_dry_run_tells_what_would_be_sent_and_touches_nothing(release_of, shelf, tmp_path):
    release = release_of("1.0.0")
    summary = publish(release, shelf, dry_run=True)
    assert summary.commit is None
    assert set(summary.add) == names_in(release)
    assert summary.add_bytes == sum(map(len, everything(release).values()))
    assert [line for line in summary.lines() if line.startswith("  + manifest")]
    assert not (tmp_path / "shelf").exists()


def test_publishing_again_is_no_second_version(release_of, shelf):
    first = publish(release_of("1.0.0"), shelf)
    again = publish(release_of("1.0.0"), shelf)
    assert again.was_there
    assert (again.commit, again.add) == (first.commit, ())
    assert list(shelf.refs().tags) == ["v1.0.0"]


def test_only_what_is_new_is_sent_and_what_is_old_leaves(release_of, shelf, tmp_path):
    publish(release_of("1.0.0", 16), shelf)
    summary = publish(release_of("1.1.0", 12), shelf)
    assert summary.kept > 0
    assert summary.remove
    assert everything(tmp_path / "shelf" / "main") == everything(release_of("1.1.0", 12))
    assert everything(tmp_path / "shelf" / "v1.0.0") == everything(release_of("1.0.0", 16))


def test_equal_files_lie_on_the_disk_once(release_of, shelf, tmp_path):
    publish(release_of("1.0.0", 16), shelf)
    publish(release_of("1.1.0", 12), shelf)
    counted = {}
    for tag in ("v1.0.0", "v1.1.0"):
        for path in (tmp_path / "shelf" / tag).rglob("left_out.json"):
            counted[tag] = path.stat().st_ino
    assert len(set(counted.values())) == 1


def test_a_version_is_never_moved(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    before = shelf.refs().tags
    with pytest.raises(UsageError, match=r"v1\.0\.0 stands .* with other bytes"):
        publish(release_of("1.0.0", ratio=0.25), shelf)
    with pytest.raises(UsageError, match="never moved"):
        shelf.tag("v1.0.0", before["v1.0.0"], message="")
    assert shelf.refs().tags == before


@pytest.mark.parametrize("lower", ["0.9.0", "1.0.9", "1.9.0"])
def test_versions_go_up(release_of, shelf, lower):
    publish(release_of("1.10.0"), shelf)
    with pytest.raises(UsageError, match=r"does not come after '1\.10\.0'"):
        publish(release_of(lower), shelf)
    assert list(shelf.refs().tags) == ["v1.10.0"]


def test_a_damaged_release_is_not_published(release_of, shelf, tmp_path):
    damaged = shutil.copytree(release_of("1.0.0"), tmp_path / "damaged")
    (damaged / "left_out.json").write_text("{ }")
    with pytest.raises(FlickrexifError, match=r"left_out\.json: file-digest"):
        publish(damaged, shelf)
    assert not (tmp_path / "shelf").exists()


def test_who_comes_second_changes_nothing(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    head = shelf.refs().head
    with pytest.raises(UpstreamError, match="published to meanwhile"):
        shelf.commit(
            release_of("1.1.0"), add=["manifest.json"], remove=[], parent="0" * 40, message="",
            progress=Silent(),
        )  # fmt: skip
    assert shelf.refs().head == head
    assert not list((tmp_path / "shelf").rglob("*.partial"))


def test_a_call_cut_off_before_its_tag_goes_on(release_of, shelf):
    release = release_of("1.0.0")
    commit = shelf.commit(
        release, add=sorted(names_in(release)), remove=[], parent=None, message="",
        progress=Silent(),
    )  # fmt: skip
    assert shelf.refs().tags == {}
    summary = publish(release, shelf)
    assert (summary.commit, summary.add) == (commit, ())
    assert shelf.refs().tags == {"v1.0.0": commit}


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds other files"):
        FolderShelf(tmp_path)


# Versions


def test_versions_are_listed_with_what_they_are(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    publish(release_of("1.10.0", 20), shelf)
    found = releases(shelf)
    assert [one.version for one in found] == ["1.0.0", "1.1.0", "1.10.0"]
    assert [one.is_current for one in found] == [False, False, True]
    assert {one.kind for one in found} == {"treated"}
    assert releases(FolderShelf(Path(shelf.name) / "none")) == []


def test_rolling_back_moves_main_and_no_tag(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    tags = shelf.refs().tags
    moved = rollback(shelf, "1.0.0")
    assert moved.changed > 0
    assert everything(tmp_path / "shelf" / "main") == everything(release_of("1.0.0"))
    assert shelf.refs().tags == tags
    assert rollback(shelf, "1.0.0").changed == 0
    publish(release_of("1.2.0", 20), shelf)
    assert verify_published(tmp_path / "shelf") == []


def test_a_withdrawn_version_is_told_and_not_loaded(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    told = withdraw(shelf, "1.1.0", reason="labels were wrong")
    assert told.withdrawn == "labels were wrong"
    assert json.loads((tmp_path / "shelf" / "main" / "withdrawn.json").read_text()) == {
        "1.1.0": "labels were wrong"
    }
    with pytest.raises(UsageError, match=r"v1\.1\.0 .* was withdrawn \(labels were wrong\)"):
        load(tmp_path / "shelf", version="1.1.0")
    assert fetch(shelf).version == "1.0.0"
    assert fetch(shelf, "1.1.0", allow_withdrawn=True).version == "1.1.0"
    assert verify_published(tmp_path / "shelf") == []
    publish(release_of("1.2.0", 20), shelf)
    assert [one.withdrawn for one in releases(shelf)] == [None, "labels were wrong", None]


def test_a_withdrawn_version_is_rolled_back_to_only_when_that_is_asked_for(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    withdraw(shelf, "1.0.0", reason="labels were wrong")
    head = shelf.refs().head
    with pytest.raises(UsageError, match=r"v1\.0\.0 .* was withdrawn \(labels were wrong\): roll"):
        rollback(shelf, "1.0.0")
    assert shelf.refs().head == head
    assert rollback(shelf, "1.1.0").changed == 0
    assert rollback(shelf, "1.0.0", allow_withdrawn=True).changed > 0


def test_the_command_rolls_back_to_a_withdrawn_version_by_its_flag(release_of, shelf, run):
    publish(release_of("1.0.0"), shelf)
    withdraw(shelf, "1.0.0", reason="labels were wrong")
    words = ("rollback", "--to", shelf.name, "--version", "1.0.0")
    assert "--allow-withdrawn" in run.refused(*words)
    assert run(*words, "--allow-withdrawn").code == 0


def test_withdrawing_tells_what_main_shows_and_what_was_told_before(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    old = withdraw(shelf, "1.0.0", reason="labels were wrong")
    assert (old.earlier, len(old.lines())) == (None, 1)
    assert withdraw(shelf, "1.0.0", reason="labels were wrong") == old
    other = withdraw(shelf, "1.0.0", reason="a licence was")
    assert (other.withdrawn, other.earlier) == ("a licence was", "labels were wrong")
    assert "labels were wrong" in other.lines()[1]
    assert "main" not in "".join(other.lines())
    current = withdraw(shelf, "1.1.0", reason="labels were wrong")
    (_, line) = current.lines()
    assert line.endswith("still shows it: see flickrexif rollback")


@pytest.mark.parametrize("act", [rollback, lambda s, v: withdraw(s, v, reason="x"), fetch])
def test_an_unknown_version_is_named_beside_the_known(release_of, shelf, act):
    publish(release_of("1.0.0"), shelf)
    with pytest.raises(UsageError, match=r"no version '2\.0\.0': it has 1\.0\.0"):
        act(shelf, "2.0.0")


def test_a_reason_is_needed(release_of, shelf):
    publish(release_of("1.0.0"), shelf)
    with pytest.raises(UsageError, match="for a reason"):
        withdraw(shelf, "1.0.0", reason=" ")


# Loading


def test_the_version_that_was_asked_for_is_what_comes(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    for version, rows in (("1.0.0", 6), ("1.1.0", 8)):
        loaded = load(tmp_path / "shelf", "masked", version=version)
        assert len(loaded["train"]) == rows
        assert str(loaded["train"].info.version) == version
        assert f"v{version} at " in loaded["train"].info.description
    assert len(load(tmp_path / "shelf", split="test")) == 4


def test_an_unknown_config_is_named_beside_the_known(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    with pytest.raises(UsageError, match="no config 'iso': it has masked"):
        load(tmp_path / "shelf", "iso")


def test_a_file_that_is_not_as_published_is_not_loaded(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    file = next((tmp_path / "shelf" / "v1.0.0").rglob("test-*.parquet"))
    content = file.read_bytes()
    os.chmod(file, 0o644)  # noqa: PTH101
    file.write_bytes(content[:-20] + bytes(20))
    with pytest.raises(FlickrexifError, match="not what its manifest tells"):
        load(tmp_path / "shelf")


def test_a_moved_tag_is_found(release_of, shelf, tmp_path):
    publish(release_of("1.0.0"), shelf)
    publish(release_of("1.1.0", 16), shelf)
    (tmp_path / "shelf" / "v1.0.0").unlink()
    shelf.tag("v1.0.0", shelf.refs().tags["v1.1.0"], message="")
    with pytest.raises(FlickrexifError, match=r"leads to version '1\.1\.0': it was moved"):
        fetch(shelf, "1.0.0")
    (finding,) = verify_published(tmp_path / "shelf", "1.0.0")
    assert (finding.rule, finding.file) == ("tag", "v1.0.0")


def test_files_of_others_are_not_removed(release_of, shelf, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "data.csv").write_text("precious")
    shelf.commit(
        tmp_path / "set", add=["data.csv"], remove=[], parent=None, message="", progress=Silent()
    )
    with pytest.raises(UsageError, match=r"holds other files, such as 'data\.csv'"):
        publish(release_of("1.0.0"), shelf)
    assert names_in(tmp_path / "shelf" / "main") == {"data.csv"}
