"""huggingface_hub as it is installed publishes, lists, downloads and rolls back, in three ways."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hub_client import REPO, told_by

from flickrexif.sandbox.hub import Hub

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLISH = """
made = [str(api.create_repo(**repo)), str(api.create_repo(exist_ok=True, **repo))]
made_again = refusal(api.create_repo, **repo)
head = api.dataset_info(REPO).sha
card = b"---\\nlicense: cc0-1.0\\n---\\n# Photos\\n"
shards = {f"make/train-0000{n}-of-00003.parquet": noise(n) for n in range(3)}
shards["make/test-00000-of-00001.parquet"] = b"a text that compresses well " * 4000
adds = [Add("README.md", card), Add("manifest.json", b"{}")]
adds += [Add(path, content) for path, content in shards.items()]
api.preupload_lfs_files(REPO, additions=adds, repo_type="dataset")
first = publish(adds, parent_commit=head, title="release 1.0.0")
stale = refusal(publish, [Add("late.txt", b"late")], parent_commit=head)
api.create_tag(tag="v1.0.0", revision=first.oid, **repo)
tagged_again = refusal(api.create_tag, tag="v1.0.0", revision=head, **repo)
api.create_tag(tag="v1.0.0", revision=head, exist_ok=True, **repo)

changed = [Add("make/train-00000-of-00003.parquet", noise(9)), Add("new/extra.bin", noise(8))]
second = publish([*changed, Delete("make/train-00002-of-00003.parquet")], parent_commit=first.oid)
nothing_new = publish([Add("manifest.json", b"{}")])
after_second, tagged = files(), files("v1.0.0")
fields = [f for f in tagged if tagged[f] != after_second.get(f)]
copies = [Copy(f, f, src_revision="v1.0.0") for f in fields]
back = publish([*copies, Delete("new/", is_folder=True)], title="roll back")

one = Path(api.hf_hub_download(filename="manifest.json", revision="v1.0.0", **repo))
snapshot = Path(api.snapshot_download(revision="v1.0.0", **repo))
intact = api.verify_repo_checksums(revision=first.oid, **repo)
victim = (snapshot / "make/train-00001-of-00003.parquet").resolve()
content = bytearray(victim.read_bytes()); content[777] ^= 1; victim.chmod(0o644)
victim.write_bytes(content)
spoilt = api.verify_repo_checksums(revision=first.oid, **repo)
refs = api.list_repo_refs(**repo)
told = {
    "made": made, "made_again": made_again, "stale": stale, "tagged_again": tagged_again,
    "oids": [head, first.oid, second.oid, back.oid], "nothing_new": nothing_new.oid,
    "after_second": sorted(after_second), "tagged": tagged, "after_back": files(),
    "manifest": one.read_text(), "snapshot_at": snapshot.name,
    "snapshot": sorted(p.relative_to(snapshot).as_posix() for p in snapshot.rglob("*.*")),
    "intact": [intact.checked_count, intact.mismatches, intact.missing_paths, intact.extra_paths],
    "spoilt": [m["path"] for m in spoilt.mismatches],
    "branches": {r.name: r.target_commit for r in refs.branches},
    "tags": {r.name: r.target_commit for r in refs.tags},
    "commits": [[c.commit_id, c.title] for c in api.list_repo_commits(**repo)],
    "changed_last": {
        f.path: f.last_commit.title
        for f in api.list_repo_tree(expand=True, revision=second.oid, **repo)
    },
}
""".replace("REPO", f'"{REPO}"')
FILES = [
    ".gitattributes",
    "README.md",
    "make/test-00000-of-00001.parquet",
    *(f"make/train-0000{number}-of-00003.parquet" for number in range(3)),
    "manifest.json",
]


@pytest.fixture(scope="module", params=["lfs", "multipart", "xet"])
def release(request, tmp_path_factory) -> Iterator[SimpleNamespace]:
    if request.param == "xet" and find_spec("hf_xet") is None:
        pytest.skip("hf_xet is not installed, so no client speaks Xet here")
    home = tmp_path_factory.mktemp("home")
    with Hub(transfer=request.param, part_size=25_000) as hub:
        told = told_by(hub, home, PUBLISH)
        yield SimpleNamespace(hub=hub, transfer=request.param, **told)


def test_a_repository_is_made_once(release):
    url = f"{release.hub.endpoint}/datasets/{REPO}"
    assert release.made == [url, url]
    assert release.made_again == 409
    assert release.hub.repos == [REPO]


def test_a_commit_onto_an_old_head_is_refused_and_leaves_nothing(release):
    assert release.stale == 412
    assert "late.txt" not in release.after_second


def test_a_tag_is_never_moved(release):
    assert release.tagged_again == 409
    assert release.tags == {"v1.0.0": release.oids[1]} == release.hub.repo(REPO).tags


def test_the_history_is_what_was_committed(release):
    titles = ["roll back", "a release", "release 1.0.0", "initial commit"]
    assert release.commits == [
        [oid, title] for oid, title in zip(release.oids[::-1], titles, strict=True)
    ]
    assert [commit.oid for commit in release.hub.repo(REPO).commits] == release.oids[::-1]
    assert release.branches == {"main": release.oids[-1]}


def test_unchanged_files_make_no_commit(release):
    assert release.nothing_new == release.oids[2]


def test_a_commit_adds_replaces_and_deletes_at_once(release):
    kept = [path for path in FILES if "train-00002" not in path]
    assert release.after_second == sorted([*kept, "new/extra.bin"])


def test_a_tree_tells_which_commit_changed_a_path_last(release):
    assert release.changed_last == {
        ".gitattributes": "initial commit",
        "README.md": "release 1.0.0",
        "manifest.json": "release 1.0.0",
        "make": "a release",
        "new": "a release",
    }


def test_a_rollback_by_copies_and_deletions_restores_the_tagged_tree(release):
    assert release.after_back == release.tagged
    assert sorted(release.tagged) == sorted(FILES)


def test_downloads_are_what_was_sent(release):
    assert release.manifest == "{}"
    assert release.snapshot == sorted(FILES)
    assert release.snapshot_at == release.oids[1]
    assert release.intact == [len(FILES), [], [], []]


def test_checksums_find_one_flipped_bit(release):
    assert release.spoilt == ["make/train-00001-of-00003.parquet"]


def test_the_hub_can_be_looked_into(release):
    repository = release.hub.repo(REPO)
    content = b"a text that compresses well " * 4000
    path = "make/test-00000-of-00001.parquet"
    assert repository.read(path) == content == repository.read(path, "v1.0.0")
    entry = repository.files("v1.0.0")[path]
    assert (entry.sha256, entry.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert entry.is_lfs
    assert (entry.xet is not None) == (release.transfer == "xet")


def test_each_content_travels_once_and_by_the_way_that_was_chosen(release):
    asked = release.hub.requests
    ways = {kind: asked[kind] for kind in ("lfs-put", "lfs-part", "lfs-complete", "lfs-verify")}
    contents = 6  # four shards, then two
    if release.transfer == "lfs":
        assert ways == {"lfs-put": 6, "lfs-part": 0, "lfs-complete": 0, "lfs-verify": 6}
    elif release.transfer == "multipart":
        parts = 3 * 5 + 5  # 60,000 and 112,000 bytes by 25,000
        assert ways == {
            "lfs-put": 0,
            "lfs-part": parts,
            "lfs-complete": contents,
            "lfs-verify": contents,
        }
    else:
        assert not any(ways.values())
        assert asked["xet-write-token"] == 2
        assert asked["xet-read-token"] > 0
    assert asked["other"] == 0


def test_a_release_of_many_files_is_one_commit(release):
    sent = [asked for asked in release.hub.log if asked.kind == "commit"]
    assert [asked.status for asked in sent] == [200, 412, 200, 200]
