"""What goes wrong on the way to a Hub, as the real client meets it."""

from __future__ import annotations

import httpx
import pytest
from hub_client import REPO, told_by

from flickrexif.errors import UsageError
from flickrexif.sandbox.hub import Hub, HubFault, HubFaults
from flickrexif.sandbox.hub.faults import ANY, HubFaultDesk
from flickrexif.sandbox.hub.ledger import Asked

MADE = "api.create_repo(**repo)\n"


def statuses(hub: Hub, kind: str) -> list[int | None]:
    return [asked.status for asked in hub.log if asked.kind == kind]


def test_uploads_come_through_passing_faults(tmp_path):
    script = (("preupload", "429"), ("lfs-batch", "504"), ("lfs-put", "500"), ("lfs-verify", "503"))
    with Hub(faults=HubFaults(script=script, retry_after_s=0)) as hub:
        told_by(hub, tmp_path, MADE + "told = publish([Add('a.bin', noise(1))]).oid")
        assert statuses(hub, "preupload") == [429, 200]
        assert statuses(hub, "lfs-batch") == [504, 200]
        assert statuses(hub, "lfs-put") == [500, 200]
        assert statuses(hub, "lfs-verify") == [503, 200]
        assert hub.repo(REPO).files()["a.bin"].size == 60_000
        assert hub.faults_met == {"429": 1, "500": 1, "503": 1, "504": 1}


LOST_ANSWERS = """
api.create_repo(**repo)
head = api.dataset_info(repo["repo_id"]).sha
outcomes = []
for number in range(3):
    operations = lambda: [Add(f"{number}.bin", noise(number)), Add(f"{number}.txt", b"text")]
    try:
        publish(operations())
        outcomes.append("done")
    except Exception as error:
        outcomes.append(type(error).__name__)
    publish(operations())
told = {"outcomes": outcomes, "head": head}
"""


def test_a_commit_whose_answer_was_lost_is_there_and_is_not_made_twice(tmp_path):
    script = (("commit", "lost"), ("commit", "late"), ("commit", "504"))
    with Hub(faults=HubFaults(script=script)) as hub:
        told = told_by(hub, tmp_path, LOST_ANSWERS)
        assert told["outcomes"] == ["RemoteProtocolError", "HfHubHTTPError", "HfHubHTTPError"]
        assert statuses(hub, "commit") == [0, 504, 504, 200]
        assert len(hub.repo(REPO).commits) == 4
        assert statuses(hub, "lfs-put") == [200, 200, 200]


def test_somebody_else_commits_between_two_requests(tmp_path):
    code = """
    api.create_repo(**repo)
    head = api.dataset_info(repo["repo_id"]).sha
    told = [head, refusal(publish, [Add("a.txt", b"a")], parent_commit=head)]
    """
    with Hub(faults=HubFaults(script=(("info", HubFault.MOVED_HEAD),))) as hub:
        head, refused = told_by(hub, tmp_path, code)
        assert refused == 412
        newest = hub.repo(REPO).commits[0]
        assert (newest.parent, newest.author) == (head, "somebody-else")


def test_a_head_can_be_called_stale_without_being_so(tmp_path):
    code = MADE + "told = [refusal(publish, [Add('a.txt', b'a')]), publish([Add('b', b'')]).oid]"
    with Hub(faults=HubFaults(script=(("commit", "412"),))) as hub:
        refused, oid = told_by(hub, tmp_path, code)
        assert refused == 412
        assert hub.repo(REPO).resolve("main") == oid
        assert hub.repo(REPO).files().keys() == {".gitattributes", "b"}


INTERRUPTED = """
api.create_repo(exist_ok=True, **repo)
adds = [Add(f"{n}.bin", noise(n)) for n in range(4)]
try:
    api.preupload_lfs_files(additions=adds, num_threads=1, **repo)
    told = {"oid": publish(adds).oid}
except Exception as error:
    told = {"cause": error.__cause__.response.status_code, "says": str(error.__cause__)}
"""


def test_a_full_disk_stops_an_upload_and_the_next_sends_the_rest(tmp_path):
    with Hub(faults=HubFaults(script=(("lfs-put", "507", 1, 2),))) as hub:
        told = told_by(hub, tmp_path, INTERRUPTED)
        assert told["cause"] == 507
        assert "No space left" in told["says"]
        assert "commit" not in hub.requests
        sent = statuses(hub, "lfs-put").count(200)
        assert told_by(hub, tmp_path, INTERRUPTED)["oid"] == hub.repo(REPO).resolve("main")
        assert statuses(hub, "lfs-put").count(200) == 4
        assert sent in {2, 3}  # the one beside the failed one may have been on its way


def test_a_token_expires_midway_and_a_new_one_finishes(tmp_path):
    with Hub(token="hf_old", faults=HubFaults(script=(("lfs-verify", "401", 1, 1),))) as hub:
        told = told_by(hub, tmp_path, INTERRUPTED)
        assert told["cause"] == 401
        assert "Invalid credentials" in told["says"]
        sent = statuses(hub, "lfs-put").count(200)
        hub.renew_token("hf_new")
        assert "oid" in told_by(hub, tmp_path, INTERRUPTED)
        assert statuses(hub, "lfs-put").count(200) == 4 >= sent
        assert hub.repo(REPO).files().keys() >= {f"{n}.bin" for n in range(4)}


DOWNLOADS = """
api.create_repo(**repo)
big = noise(5, 1 << 20) * 24  # the client writes 10 MiB at a time
oid = publish([Add("cut.bin", big), Add("flipped.bin", noise(6)), Add("slow.bin", noise(7))]).oid
get = lambda name: Path(api.hf_hub_download(filename=name, revision=oid, **repo)).read_bytes()
told = {
    "cut": get("cut.bin") == big,
    "flipped": [bin(a ^ b).count("1") for a, b in zip(get("flipped.bin"), noise(6)) if a != b],
    "slow": get("slow.bin") == noise(7),
    "spoilt": [m["path"] for m in api.verify_repo_checksums(revision=oid, **repo).mismatches],
}
"""


def test_downloads_break_off_lie_and_rest(tmp_path):
    script = (("cdn", "cut"), ("cdn", "flipped", 1, 1), ("cdn", "slow"))
    with Hub(faults=HubFaults(script=script, slow_s=0.3)) as hub:
        told = told_by(hub, tmp_path, DOWNLOADS)
        assert told == {"cut": True, "flipped": [1], "slow": True, "spoilt": ["flipped.bin"]}
        assert statuses(hub, "cdn") == [200, 206, 200, 200]
        assert hub.faults_met == {"cut": 1, "flipped": 1, "slow": 1}


def test_long_lists_come_in_pages(tmp_path):
    code = """
    api.create_repo(**repo)
    oid = publish([Add(f"{n:02}.txt", b"text") for n in range(9)]).oid
    told = [list(files()), len(api.list_repo_commits(**repo)), len(files(oid))]
    """
    with Hub(page_size=4) as hub:
        names, commits, again = told_by(hub, tmp_path, code)
        assert names == [".gitattributes", *(f"{n:02}.txt" for n in range(9))]
        assert (commits, again) == (2, 10)
        assert hub.requests["tree"] == 6
        assert hub.requests["commits"] == 1


def asked(kind: str, attempt: int = 0) -> Asked:
    return Asked(0, attempt, kind, "GET", f"/{kind}", {})


def test_lines_for_the_same_kind_come_one_after_another():
    desk = HubFaultDesk(
        HubFaults(script=(("tree", "500"), ("tree", "429", 2, 1), ("refs", "503"))),
        frozenset({"tree", "refs"}),
    )
    drawn = [desk.draw(asked("tree")) for _ in range(5)]
    assert drawn == ["500", None, "429", "429", None]
    assert [desk.draw(asked("refs")) for _ in range(2)] == ["503", None]


def test_a_line_for_any_kind_counts_every_request():
    desk = HubFaultDesk(HubFaults(script=((ANY, "500", 1, 2),)), frozenset({"tree", "refs"}))
    assert [desk.draw(asked(kind)) for kind in ("tree", "refs", "tree")] == [None, None, "500"]


def test_faults_by_rate_are_decided_by_the_seed_and_pass():
    def drawn(seed: int) -> list[str | None]:
        desk = HubFaultDesk(HubFaults.everywhere(0.9, seed=seed), frozenset({"tree"}))
        return [desk.draw(asked("tree", attempt)) for attempt in range(60)]

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert len({fault for fault in first if fault}) > 3
    assert all(None in first[at : at + 3] for at in range(58))


def test_a_fault_is_injected_while_the_hub_runs():
    with Hub() as hub, httpx.Client(base_url=hub.endpoint) as http:
        hub.inject("other", "503", times=2)
        assert [http.get("/nowhere").status_code for _ in range(3)] == [503, 503, 404]
        hub.inject("other", "disconnect")
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            http.get("/nowhere")
        assert hub.requests == {"other": 4}


def test_too_many_requests_are_told_when_to_come_back():
    with Hub(faults=HubFaults(script=((ANY, "429"),), retry_after_s=7)) as hub:
        answer = httpx.get(f"{hub.endpoint}/api/whoami-v2")
    assert answer.status_code == 429
    assert answer.headers["ratelimit"] == '"api";r=0;t=7'


@pytest.mark.parametrize(
    ("faults", "named"),
    [
        (lambda: HubFaults(script=(("commit", "418"),)), "'418'"),
        (lambda: HubFaults(rates={"lost": 0.1}), "'lost' cannot come by rate"),
        (lambda: HubFaults(rates={"500": 0.7, "503": 0.4}), "shares of 1"),
        (lambda: Hub(faults=HubFaults(script=(("comit", "500"),))), "'comit'"),
        (lambda: Hub(faults=HubFaults(script=(("commit", "500", 0),))), "at least once"),
    ],
)
def test_words_that_name_no_fault_are_refused(faults, named):
    with pytest.raises(UsageError, match=named):
        faults()
