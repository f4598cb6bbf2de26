"""Commits, trees, refs and contents on disk, without a client."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.sandbox.hub import Hub
from flickrexif.sandbox.hub.blobs import Blobs, git_blob_id, lfs_pointer
from flickrexif.sandbox.hub.commits import Change, Commit, write
from flickrexif.sandbox.hub.messages import Refused
from flickrexif.sandbox.hub.store import Store
from flickrexif.sandbox.hub.trees import Entry, Tree

NAMES = st.text("abc", min_size=1, max_size=2)
ENTRIES = st.builds(
    lambda content, is_lfs: Entry(
        hashlib.sha256(content).hexdigest(), len(content), git_blob_id(content), is_lfs
    ),
    st.binary(max_size=3),
    st.booleans(),
)
# Folders are named in capitals, so that no path is a file and a folder at once.
PATHS = st.builds(
    lambda folders, name: "/".join([*(f.upper() for f in folders), name]),
    st.lists(NAMES, max_size=3),
    NAMES,
)
TREES = st.dictionaries(PATHS, ENTRIES, max_size=8).map(Tree)


@pytest.fixture
def store(tmp_path) -> Store:
    made = Store(tmp_path)
    made.prepare()
    return made


@pytest.fixture
def repository(store):
    return store.create("lab/photos", private=False, by="me")


def test_ids_are_gits_own():
    # Printed by `git hash-object` of git for the same bytes.
    assert git_blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert git_blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert lfs_pointer("ab" * 32, 12).splitlines()[2] == b"size 12"


@given(tree=TREES)
def test_a_commit_reads_as_it_was_written(tree):
    commit = write(Change(tree.files), None, title="t", description="d", by="me")
    assert Commit.from_json(commit.to_json()) == commit
    assert len(commit.oid) == 40


@given(tree=TREES)
def test_a_recursive_listing_has_each_file_and_folder_once(tree):
    lines = tree.listing("", recursive=True)
    assert [line["path"] for line in lines] == sorted([*tree, *tree.folders])
    assert all((line["type"] == "file") == (line["path"] in tree) for line in lines)


@given(tree=TREES)
def test_folders_list_what_is_right_inside_them(tree):
    seen, left = set(), [""]
    while left:
        folder = left.pop()
        for line in tree.listing(folder, recursive=False):
            assert line["path"].rpartition("/")[0] == folder
            seen.add(line["path"])
            left += [line["path"]] if line["type"] == "directory" else []
    assert seen == {*tree, *tree.folders}


@given(tree=TREES, other=TREES)
def test_a_folder_has_the_same_id_only_while_nothing_below_it_changes(tree, other):
    for folder in tree.folders.keys() & other.folders.keys():
        below, others = (
            {path: t[path].git_id for path in t if path.startswith(f"{folder}/")}
            for t in (tree, other)
        )
        assert (tree.folders[folder] == other.folders[folder]) == (below == others)


@given(tree=TREES, added=TREES)
def test_what_is_added_and_then_deleted_leaves_the_tree_as_it_was(tree, added):
    fresh = {path: added[path] for path in added if path not in tree}
    grown = Change(fresh).applied_to(tree)
    assert Change(deleted_files=tuple(fresh)).applied_to(grown) == tree


@pytest.mark.parametrize("path", ["/a", "a//b", "../a", "a/..", ".git/config", "", "a/./b"])
def test_paths_that_lead_elsewhere_are_refused(repository, path):
    with pytest.raises(Refused, match="no path") as refused:
        repository.commit({path: b"x"})
    assert refused.value.status == 400


def test_a_path_is_not_a_file_and_a_folder_at_once(repository):
    repository.commit({"a": b"file"})
    with pytest.raises(Refused, match="'a' cannot be a file and a folder"):
        repository.commit({"a/b": b"file"})


@pytest.mark.parametrize(
    "change",
    [Change(deleted_files=("b",)), Change(deleted_folders=("a/",))],
    ids=["file", "folder"],
)
def test_what_is_not_there_cannot_be_deleted(repository, change):
    repository.commit({"a": b"file", "ab/c": b"file"})
    head = repository.resolve("main")
    with pytest.raises(Refused, match="A file with this name doesn't exist") as refused:
        repository.write_change(change, title="delete", by="me")
    assert (refused.value.status, refused.value.code) == (404, "EntryNotFound")
    assert repository.resolve("main") == head


def test_a_folder_goes_with_all_that_is_below_it_and_nothing_else(repository):
    repository.commit({"a/b": b"1", "a/c/d": b"2", "ab": b"3"})
    repository.write_change(Change(deleted_folders=("a",)), title="delete", by="me")
    assert repository.files().keys() == {".gitattributes", "ab"}


@pytest.mark.parametrize("name", ["a b", "a..b", "-a", "a.lock", "", "a~1", "ab" * 20, "a/"])
def test_names_that_git_refuses_are_refused(repository, name):
    with pytest.raises(Refused, match="cannot name"):
        repository.add_tag(name, "main")


@pytest.mark.parametrize("name", ["lab", "lab/../x", "../../x/y", "lab/a b", "lab/a/b", "lab/.x"])
def test_repositories_stay_in_their_folder(store, name):
    with pytest.raises(Refused, match="cannot name a repository"):
        store.create(name, private=False, by="me")
    with pytest.raises(Refused, match="not found"):
        store.repository(name)


def test_a_content_that_is_not_the_promised_one_is_not_kept(tmp_path):
    blobs, file = Blobs(tmp_path / "blobs"), tmp_path / "upload"
    file.write_bytes(b"something else")
    promised = hashlib.sha256(b"promised").hexdigest()
    with pytest.raises(ValueError, match="has the SHA-256"):
        blobs.adopt(file, promised)
    assert not blobs.has(promised)
    assert file.read_bytes() == b"something else"


def test_many_writers_lose_no_commit(repository):
    def work(name: int) -> None:
        for turn in range(5):
            repository.commit({f"{name}/{turn}": b"the same content"})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(repository.commits) == 31
    assert len(repository.files()) == 31
    oids = [commit.oid for commit in repository.commits]
    assert [commit.parent for commit in repository.commits] == [*oids[1:], None]


def test_of_two_writers_who_saw_the_same_head_one_is_refused(repository):
    head, outcomes = repository.resolve("main"), []

    def work(name: str) -> None:
        change = Change({name: repository.regular(b"x")})
        try:
            repository.write_change(change, parent=head, title=name, by=name)
            outcomes.append(200)
        except Refused as refusal:
            outcomes.append(refusal.status)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 412, 412, 412]


def test_everything_is_there_after_a_restart(tmp_path):
    with Hub(tmp_path) as hub:
        hub.create("lab/photos", private=True)
        repository = hub.repo("lab/photos")
        repository.commit({"deep/a.txt": b"one"})
        repository.add_tag("v1", "main")
        repository.commit({"deep/a.txt": b"two"})
        before = [commit.oid for commit in repository.commits]
        (tmp_path / "incoming" / "half-an-upload").write_bytes(b"x")
    with Hub(tmp_path) as hub:
        assert hub.repos == ["lab/photos"]
        repository = hub.repo("lab/photos")
        assert [commit.oid for commit in repository.commits] == before
        assert repository.read("deep/a.txt", "v1") == b"one"
        assert repository.read("deep/a.txt") == b"two"
        assert repository.settings["private"] is True
        assert not list((tmp_path / "incoming").iterdir())


def test_a_folder_that_nobody_asked_for_goes_away():
    with Hub() as hub:
        folder = hub.folder
        assert folder.is_dir()
    assert not folder.exists()
    assert "hub" not in {thread.name for thread in threading.enumerate()}


def test_a_missing_repository_is_named_with_those_that_are_there(tmp_path):
    with Hub(tmp_path) as hub:
        with pytest.raises(UsageError, match="'lab/photo'; it has none yet"):
            hub.repo("lab/photo")
        hub.create("lab/photos")
        with pytest.raises(UsageError, match="'lab/photo'; it has lab/photos"):
            hub.repo("lab/photo")
        with pytest.raises(UsageError, match="already created"):
            hub.create("lab/photos")


def test_refs_survive_as_plain_json(repository):
    repository.add_branch("dev/next", "main")
    repository.add_tag("v1", "dev/next")
    kept = json.loads((repository.folder / "refs.json").read_text())
    oid = repository.resolve("main")
    assert kept == {"branches": {"main": oid, "dev/next": oid}, "tags": {"v1": oid}}
    repository.remove_branch("dev/next")
    with pytest.raises(Refused, match="main branch"):
        repository.remove_branch("main")
    with pytest.raises(Refused, match="Invalid rev id"):
        repository.resolve("dev/next")


@pytest.mark.parametrize("words", [{"transfer": "ftp"}, {"page_size": 0}, {"part_size": 0}])
def test_a_hub_refuses_habits_it_cannot_have(words):
    with pytest.raises(UsageError, match=r"'ftp'|at least 1"):
        Hub(**words)


def test_a_port_that_is_taken_is_named():
    with Hub() as hub:
        port = int(hub.endpoint.rsplit(":", 1)[1])
        with pytest.raises(UsageError, match=f"port {port}"):
            Hub(port=port).start()
