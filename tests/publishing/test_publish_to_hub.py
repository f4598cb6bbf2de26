"""Publishing to a Hub by its real clients: what is sent, what goes wrong, what never happens."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hub_commands import Commands

from flickrexif.sandbox.hub import Hub, HubFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hub_commands import Outcome

TOKEN, READ_TOKEN = "hf_writer_secret", "hf_reader_secret"
READING_BACK = {"resolve-head", "resolve", "cdn", "cdn-head", "info", "xet-read-token"}
SENDING = {"create-repo", "preupload", "lfs-batch", "lfs-put", "lfs-part", "commit", "tag"}
PAGE_SIZE = 5
numbers = count()


class Lab:
    """One repo on a Hub, the command line to it, and the releases that may be seen in it."""

    def __init__(self, hub: Hub, run: Commands, release_of: Callable[..., Path]) -> None:
        self.hub, self.run, self.release_of = hub, run, release_of
        self.repo = f"lab/photos{next(numbers)}"
        self._trees: dict[str, dict[str, str]] = {}
        self._faults = 0
        self._met = hub.faults_met.total()

    def release(self, version: str, images: int = 12) -> Path:
        """A release whose images no other one has: what a Hub holds is not sent to it again."""
        made = self.release_of(version, images, 0.2 + next(numbers) / 1000)
        self._trees[version] = {
            path.relative_to(made).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in made.rglob("*")
            if path.is_file()
        }
        return made

    def publish(self, release: Path, *words: str, **environment: str) -> Outcome:
        return self.run("publish", release, "--repo", self.repo, *words, **environment)

    def tell(self, command: str, *words: str, **environment: str) -> Outcome:
        return self.run(command, "--repo", self.repo, *words, **environment)

    def load(self, version: str, *, by: Commands | None = None):
        """The rows and the version of what is loaded, or the error."""
        asked = f"flickrexif.load({self.repo!r}, version={version!r})['train']"
        return (by or self.run).python(f"d = {asked}\ntold = [len(d), str(d.info.version)]")

    def fault(self, kind: str, fault: str, *, times: int = 1, after: int = 0) -> None:
        self.hub.inject(kind, fault, times=times, after=after)
        self._faults += times

    def tree(self, revision: str = "main") -> dict[str, str]:
        """Path → SHA-256, without what is the Hub's or is about all versions."""
        files = self.hub.repo(self.repo).files(revision).items()
        others = {".gitattributes", "withdrawn.json"}
        return {path: entry.sha256 for path, entry in files if path not in others}

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.hub.repo(self.repo).tags)

    @property
    def commits(self) -> list[str]:
        return [commit.oid for commit in self.hub.repo(self.repo).commits]

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """The requests that come meanwhile, by kind."""
        before, meanwhile = self.hub.requests, Counter[str]()
        yield meanwhile
        meanwhile.update(self.hub.requests - before)

    def check(self) -> None:
        """No half of a release was ever in main, no tag names another one; no secret was told."""
        assert self.hub.faults_met.total() - self._met == self._faults
        assert "_secret" not in self.run.said
        assert "signature=" not in self.run.said
        if self.repo not in self.hub.repos:
            return
        for commit in self.commits:
            assert self.tree(commit) in [{}, *self._trees.values()]
        for tag in self.tags:
            assert self.tree(tag) == self._trees[tag.removeprefix("v")]


@pytest.fixture(scope="module")
def hub_of(tmp_path_factory):
    """A Hub that is sent files in one of the three ways, and the command line that uses it."""
    with ExitStack() as stack:
        made: dict[str, tuple[Hub, Commands]] = {}

        def opened(transfer: str = "lfs") -> tuple[Hub, Commands]:
            if transfer not in made:
                faults = HubFaults(retry_after_s=0)
                hub = Hub(
                    transfer=transfer, token=TOKEN, read_token=READ_TOKEN,
                    part_size=8000, page_size=PAGE_SIZE, faults=faults,
                )  # fmt: skip
                stack.enter_context(hub)
                home = tmp_path_factory.mktemp("home")
                made[transfer] = hub, stack.enter_context(Commands(hub, home))
            return made[transfer]

        yield opened


@pytest.fixture
def lab(hub_of, release_of):
    made = Lab(*hub_of(), release_of)
    yield made
    made.check()


def is_error(outcome: Outcome, code: int) -> bool:
    """True for this exit code and one line that is the error."""
    assert (outcome.code, outcome.out) == (code, ""), outcome
    return outcome.err.startswith("error: ") and outcome.err.count("\n") == 1


def pages_of(files: int) -> int:
    return -(-files // PAGE_SIZE)


# Sending


@pytest.mark.parametrize(
    "transfer", ["lfs", pytest.param("multipart", marks=pytest.mark.long), "xet"]
)
def test_only_what_is_new_is_sent_in_one_commit_and_one_tag(hub_of, release_of, transfer):
    lab = Lab(*hub_of(transfer), release_of)
    first = lab.publish(lab.release("1.0.0"), "--json").told
    assert lab.tree() == lab.tree("v1.0.0")
    assert first["kept"] == 0
    old, release = lab.hub.repo(lab.repo).files(), lab.release("1.1.0", 16)
    with lab.counted() as requests:
        second = lab.publish(release, "--json").told
    new = {
        entry.sha256
        for path, entry in lab.hub.repo(lab.repo).files().items()
        if entry.is_lfs and entry.sha256 not in {other.sha256 for other in old.values()}
    }
    changed = {
        path for path, sha256 in lab.tree().items() if path not in old or old[path].sha256 != sha256
    }
    assert set(second["add"]) == changed
    assert second["kept"] == len(lab.tree()) - len(changed) > 0
    assert new
    assert (len(lab.commits), lab.tags) == (
        3,
        {"v1.0.0": first["commit"], "v1.1.0": second["commit"]},
    )
    assert lab.commits[:2] == [second["commit"], first["commit"]]
    assert (requests["commit"], requests["tag"]) == (1, 1)
    uploads = {"lfs": "lfs-put", "multipart": "lfs-complete", "xet": "none"}[transfer]
    assert requests[uploads] == (0 if transfer == "xet" else len(new))
    assert requests["lfs-part"] >= (len(new) if transfer == "multipart" else 0)
    assert requests["lfs-verify"] in ({0} if transfer == "xet" else {len(new)})
    listed_again = pages_of(len(old)) - 1 + pages_of(len(lab.hub.repo(lab.repo).files()))
    beside = READING_BACK | {"lfs-verify", "lfs-part"}
    asked = {kind: times for kind, times in requests.items() if kind not in beside}
    assert sum(asked.values()) - listed_again < 10 + len(new), asked
    assert lab.load("1.0.0") == [6, "1.0.0"]
    lab.check()


def test_publishing_again_sends_nothing_and_says_so(lab):
    release = lab.release("1.0.0")
    first = lab.publish(release, "--json").told
    with lab.counted() as requests:
        again = lab.publish(release)
    assert (again.code, again.err) == (0, "")
    assert again.out == f"{lab.repo}: v1.0.0 is published already, at {first['commit']}\n"
    assert not SENDING & requests.keys()


def test_a_dry_run_makes_no_repo(lab):
    outcome = lab.publish(lab.release("1.0.0"), "--dry-run")
    assert outcome.code == 0
    assert "  + manifest.json\n" in outcome.out
    assert lab.repo not in lab.hub.repos


def test_a_version_is_never_moved_and_versions_go_up(lab):
    lab.publish(lab.release("1.10.0"))
    other, lower = lab.release_of("1.10.0", 12, 0.7), lab.release("1.9.0")
    with lab.counted() as requests:
        assert is_error(lab.publish(other), 2)
        assert is_error(lab.publish(lower), 2)
    assert not SENDING & requests.keys()


# Versions


@pytest.fixture
def two(lab):
    """A repo with two versions."""
    for version, images in (("1.0.0", 12), ("1.1.0", 16)):
        assert lab.publish(lab.release(version, images)).code == 0
    return lab


def test_versions_are_listed_rolled_back_and_withdrawn(two):
    listed = two.tell("releases", "--json").told
    assert [(one["version"], one["is_current"]) for one in listed] == [
        ("1.0.0", False),
        ("1.1.0", True),
    ]
    tags = two.tags
    with two.counted() as requests:
        moved = two.tell("rollback", "--version", "1.0.0", "--json").told
    assert moved["commit"] == two.commits[0]
    assert requests["commit"] == 1
    assert not {"preupload", "lfs-batch", "lfs-put", "tag"} & requests.keys()
    assert two.tree() == two.tree("v1.0.0")
    assert two.tags == tags
    again = two.tell("rollback", "--version", "1.0.0")
    assert again.out == f"{two.repo}: main is as v1.0.0 already\n"
    why = ("--version", "1.1.0", "--reason", "labels were wrong")
    assert two.tell("withdraw", *why, "--json").told["withdrawn"] == "labels were wrong"
    assert two.load("1.0.0") == [6, "1.0.0"]
    kind, message = two.load("1.1.0")
    assert (kind, "was withdrawn (labels were wrong)" in message) == ("UsageError", True)
    for words in ((), ("--version", "1.0.0"), ("--version", "1.1.0")):
        assert two.run("verify", two.repo, *words).code == 0
    assert two.publish(two.release("1.2.0", 20)).code == 0
    listed = two.tell("releases").out.splitlines()
    assert [line.endswith("withdrawn: labels were wrong") for line in listed] == [0, 1, 0]


def test_the_version_that_was_asked_for_comes_or_none(two, tmp_path):
    assert two.load("1.0.0") == [6, "1.0.0"]
    two.run.forget(two.repo)
    assert two.load("1.1.0") == [8, "1.1.0"]
    home = two.run.cache.parent
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    with Commands(two.hub, home, **offline) as alone:
        assert two.load("1.0.0", by=alone)[0] == "UpstreamError"
        assert two.load("9.9.9", by=alone)[0] == "UpstreamError"
    with Hub(token=TOKEN) as gone:
        cut_off = Commands(gone, home)
    with cut_off:
        assert two.load("1.0.0", by=cut_off)[0] == "UpstreamError"
        for command in ("releases", "rollback --version 1.0.0"):
            assert is_error(cut_off(*command.split(), "--repo", two.repo), 5)
        assert is_error(cut_off("publish", two.release("1.2.0"), "--repo", two.repo), 5)
        assert "_secret" not in cut_off.said
    for fault in ("507", "disconnect"):
        two.fault("refs", fault)
        assert two.load("1.0.0")[0] == "UpstreamError"


@pytest.mark.parametrize(
    ("to", "told"), [("v1.1.0", r"version '1.1.0'"), ("the first", "no release")]
)
def test_a_moved_tag_is_found_and_not_followed(two, to, told):
    repository, right = two.hub.repo(two.repo), two.tags["v1.0.0"]
    repository.remove_tag("v1.0.0")
    repository.add_tag("v1.0.0", two.commits[-1] if to == "the first" else to)
    head = two.commits[0]
    found = two.run("verify", two.repo, "--version", "1.0.0")
    assert (found.code, f"leads to {told}: it was moved" in found.out) == (1, True)
    kind, message = two.load("1.0.0")
    assert (kind, f"leads to {told}: it was moved" in message) == ("FlickrexifError", True)
    assert is_error(two.tell("rollback", "--version", "1.0.0"), 1)
    assert two.commits[0] == head
    repository.remove_tag("v1.0.0")
    repository.add_tag("v1.0.0", right)


def test_a_ledger_that_cannot_be_read_is_not_taken_for_an_empty_one(two):
    assert two.tell("withdraw", "--version", "1.1.0", "--reason", "labels").code == 0
    for act in (
        lambda: two.load("1.1.0")[0] == "UpstreamError",
        lambda: is_error(two.tell("withdraw", "--version", "1.0.0", "--reason", "x"), 5),
        lambda: is_error(two.tell("releases"), 5),
    ):
        two.run.forget(two.repo)
        two.fault("resolve-head", "507")
        assert act()
    ledger = two.hub.repo(two.repo).read("withdrawn.json")
    assert json.loads(ledger) == {"1.1.0": "labels"}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff"])
def test_a_damaged_ledger_is_named_and_not_written_over(two, content):
    two.hub.repo(two.repo).commit({"withdrawn.json": content})
    for outcome in (
        two.tell("releases"),
        two.tell("withdraw", "--version", "1.0.0", "--reason", "x"),
    ):
        assert is_error(outcome, 1)
        assert "withdrawn.json in main of" in outcome.err
    assert two.load("1.0.0")[0] == "FlickrexifError"
    assert two.hub.repo(two.repo).read("withdrawn.json") == content


# Faults


def republished(lab: Lab, release: Path) -> None:
    """The same command goes on, and ends with one commit more and its tag."""
    lab.hub.renew_token(TOKEN)
    assert lab.publish(release).code == 0
    assert len(lab.commits) == 3
    assert lab.tags["v1.1.0"] == lab.commits[0]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("preupload", "504"),
        ("lfs-batch", "429"),
        ("lfs-put", "500"),
        ("lfs-put", "429"),
        ("lfs-put", "disconnect"),
        ("lfs-verify", "504"),
        ("cdn", "cut"),
    ],
)
def test_faults_that_pass_are_not_even_told(lab, kind, fault):
    lab.fault(kind, fault)
    outcome = lab.publish(lab.release("1.0.0"))
    assert (outcome.code, outcome.err) == (0, "")
    assert len(lab.commits) == 2


@pytest.mark.parametrize(
    ("kind", "fault", "code", "is_committed"),
    [
        ("refs", "507", 5, False),
        ("tree", "507", 5, False),
        ("preupload", "401", 4, False),
        ("lfs-put", "507", 5, False),
        ("lfs-verify", "401", 4, False),
        ("commit", "500", 5, False),
        ("commit", "412", 5, False),
        ("commit", "401", 4, False),
        ("commit", "late", 5, True),
        ("commit", "lost", 5, True),
        ("resolve-head", "507", 5, True),
        ("resolve-head", "401", 4, True),
        ("tag", "504", 5, True),
        ("tag", "late", 5, True),
        ("tag", "lost", 5, True),
    ],
)
def test_main_is_old_or_new_and_the_same_command_goes_on(lab, kind, fault, code, is_committed):
    assert lab.publish(lab.release("1.0.0")).code == 0
    old, release = lab.commits[0], lab.release("1.1.0", 16)
    lab.fault(kind, fault)
    assert is_error(lab.publish(release), code)
    assert len(lab.commits) == (3 if is_committed else 2)
    assert is_committed or lab.commits[0] == old
    assert ("v1.1.0" in lab.tags) == (kind == "tag" and fault != "504")
    with lab.counted() as requests:
        republished(lab, release)
    assert requests["commit"] == (0 if is_committed else 1)
    if kind == "commit" or is_committed:
        assert "lfs-put" not in requests


def test_a_tag_that_stands_is_not_moved(lab):
    lab.publish(lab.release("1.0.0"))
    told = lab.run.python(f"""
shelf = flickrexif.publishing.HubShelf({lab.repo!r})
try:
    shelf.tag("v1.0.0", shelf.refs().head, message="again")
except flickrexif.FlickrexifError as error:
    told = [type(error).__name__, str(error)]
""")
    assert told[0] == "UsageError"
    assert "never moved" in told[1]


def test_a_disk_that_is_full_while_downloading_is_not_the_hubs_fault(lab):
    lab.publish(lab.release("1.0.0"))
    lab.run.forget(lab.repo)
    told = lab.run.python(f"""
import resource
usual = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
try:
    flickrexif.load({lab.repo!r}, version="1.0.0")
except flickrexif.FlickrexifError as error:
    told = [type(error).__name__, str(error)]
finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
""")
    assert told[0] == "FlickrexifError"
    assert "no room here" in told[1]
    assert "HF_HOME" in told[1]
    assert lab.load("1.0.0") == [6, "1.0.0"]


def test_a_full_disk_after_some_files_leaves_only_the_rest_to_send(lab):
    release = lab.release("1.0.0")
    lab.fault("lfs-put", "507", after=2)
    outcome = lab.publish(release)
    assert is_error(outcome, 5)
    assert "HTTP 507" in outcome.err
    assert (len(lab.commits), lab.tags) == (1, {})
    with lab.counted() as requests:
        assert lab.publish(release).code == 0
    large = sum(entry.is_lfs for entry in lab.hub.repo(lab.repo).files().values())
    assert 1 <= requests["lfs-put"] <= large - 2


def test_a_head_that_moved_meanwhile_stays_as_the_other_left_it(lab):
    assert lab.publish(lab.release("1.0.0")).code == 0
    release = lab.release("1.1.0", 16)
    lab.fault("tree", "moved")
    outcome = lab.publish(release)
    assert is_error(outcome, 5)
    assert "published to meanwhile" in outcome.err
    assert lab.hub.repo(lab.repo).commits[0].author == "somebody-else"
    assert lab.tree() == lab.tree("v1.0.0")
    assert lab.publish(release).code == 0


@pytest.mark.parametrize(("command", "kind"), [("rollback", "tree"), ("withdraw", "refs")])
def test_neither_rollback_nor_withdrawal_writes_over_another(two, command, kind):
    words = ("--version", "1.0.0", *(("--reason", "x") if command == "withdraw" else ()))
    two.fault(kind, "moved")
    assert is_error(two.tell(command, *words), 5)
    assert two.hub.repo(two.repo).commits[0].author == "somebody-else"
    for fault in ("late", "lost"):
        two.fault("commit", fault)
        assert is_error(two.tell(command, *words), 5)
        there = two.commits[0]
        assert two.tell(command, *words).code == 0
        assert two.commits[0] == there
        other = "1.1.0" if command == "rollback" else "1.0.0"
        words = ("--version", other, *(("--reason", "y") if command == "withdraw" else ()))
    assert two.tree() == two.tree("v1.1.0")


def test_what_was_sent_is_tagged_where_it_was_committed(lab):
    assert lab.publish(lab.release("1.0.0")).code == 0
    lab.fault("commit", "moved")
    commit = lab.publish(lab.release("1.1.0", 16), "--json").told["commit"]
    assert lab.commits[1:2] == [lab.tags["v1.1.0"]] == [commit]


def test_a_repo_that_another_filled_meanwhile_is_not_mixed_with_ours(lab):
    assert lab.publish(lab.release("1.0.0")).code == 0
    head, release = lab.commits[0], lab.release("2.0.0")
    code = f"""
    from flickrexif.progress import Silent
    told = flickrexif.HubShelf({lab.repo!r}).commit(
        Path({str(release)!r}), add=["manifest.json"], remove=[], parent=None, message="2",
        progress=Silent(),
    )"""
    kind, message = lab.run.python("if True:" + code)
    assert (kind, "published to meanwhile" in message) == ("UpstreamError", True)
    assert lab.commits[0] == head


def test_a_download_with_a_flipped_bit_is_fetched_once_more(lab):
    lab.fault("cdn", "flipped")
    assert lab.publish(lab.release("1.0.0")).code == 0
    file = next(lab.run.cache.glob(f"*{lab.repo[4:]}/snapshots/*/masked/test-*.parquet"))
    content = file.read_bytes()
    file.resolve().write_bytes(content[:-20] + bytes(20))
    assert lab.load("1.0.0") == [6, "1.0.0"]
    file.resolve().write_bytes(content[:-20] + bytes(20))
    assert lab.run("verify", lab.repo, "--version", "1.0.0").code == 0
    assert file.read_bytes() == content


def test_what_comes_back_spoilt_twice_is_not_tagged(lab):
    release = lab.release("1.0.0")
    large = sum(path.suffix == ".parquet" for path in release.rglob("*"))
    lab.fault("cdn", "flipped", times=2 * large)
    outcome = lab.publish(release)
    assert is_error(outcome, 1)
    assert "nothing was tagged, run again" in outcome.err
    assert lab.tags == {}
    assert lab.publish(release).code == 0
    assert len(lab.commits) == 2


# Rights


@pytest.mark.parametrize(
    "token", ["hf_wrong_secret", READ_TOKEN, "", "hf_\N{RIGHT SINGLE QUOTATION MARK}_secret"]
)
def test_a_token_that_may_not_write_changes_nothing(lab, token):
    release = lab.release("1.0.0")
    assert is_error(lab.publish(release, HF_TOKEN=token), 4)
    assert lab.repo not in lab.hub.repos
    assert lab.publish(release).code == 0
    head = lab.commits[0]
    for outcome in (
        lab.publish(lab.release("1.1.0", 16), HF_TOKEN=token),
        lab.tell("withdraw", "--version", "1.0.0", "--reason", "x", HF_TOKEN=token),
    ):
        assert is_error(outcome, 4)
    assert (lab.commits[0], list(lab.tags)) == (head, ["v1.0.0"])


@pytest.mark.parametrize("name", ["photos", "a/b/c", "a b/c", "lab/", "lab/x.git", "-/x", ""])
def test_a_name_that_is_no_repos_is_refused_before_anything_is_asked(lab, name):
    with lab.counted() as requests:
        for words in (("publish", lab.release("1.0.0")), ("releases",)):
            assert is_error(lab.run(*words, "--repo", name), 2)
    assert not requests


# The command line


def test_wrong_words_are_told_in_one_line(two, tmp_path):
    release = two.release("1.2.0")
    damaged = shutil.copytree(release, tmp_path / "damaged")
    (damaged / "left_out.json").write_text("{ }")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("precious")
    for code, words in (
        (2, ("publish", release)),
        (2, ("publish", release, "--repo", two.repo, "--to", tmp_path)),
        (2, ("publish", tmp_path / "none", "--repo", two.repo)),
        (2, ("publish", "--repo", two.repo)),
        (1, ("publish", damaged, "--repo", two.repo)),
        (2, ("publish", release, "--to", tmp_path / "other")),
        (2, ("releases",)),
        (2, ("rollback", "--repo", two.repo)),
        (2, ("rollback", "--repo", two.repo, "--version", "2.0.0")),
        (2, ("withdraw", "--repo", two.repo, "--version", "2.0.0", "--reason", "x")),
        (2, ("withdraw", "--repo", two.repo, "--version", "1.0.0", "--reason", " ")),
        (2, ("withdraw", "--repo", two.repo, "--version", "1.0.0")),
        (2, ("verify", two.repo, "--version", "2.0.0")),
        (2, ("rollback", "--repo", "lab/none", "--version", "1.0.0")),
    ):
        with two.counted() as requests:
            assert is_error(two.run(*words), code), words
        assert not SENDING & requests.keys()


def test_a_repo_that_is_not_there_has_no_versions(lab):
    assert (
        lab.tell("releases").out
        == "no version was published there, or none that this login may see\n"
    )
    assert lab.tell("releases", "--json").told == []
