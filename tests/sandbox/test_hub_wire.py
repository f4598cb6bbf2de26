"""The Hub's answers as any HTTP client sees them."""

from __future__ import annotations

import hashlib
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from flickrexif.sandbox.hub import Hub

REPO = "lab/photos"
API = f"/api/datasets/{REPO}"
LARGE = bytes(range(256)) * 300


@pytest.fixture(scope="module")
def hub():
    with Hub() as made:
        yield made


@pytest.fixture(scope="module")
def http(hub):
    with httpx.Client(base_url=hub.endpoint) as client:
        made = {"type": "dataset", "organization": "lab", "name": "photos"}
        assert client.post("/api/repos/create", json=made).status_code == 200
        sha256 = hashlib.sha256(LARGE).hexdigest()
        objects = [{"oid": sha256, "size": len(LARGE)}]
        wanted = {"operation": "upload", "transfers": ["basic"], "objects": objects}
        batch = client.post(f"/datasets/{REPO}.git/info/lfs/objects/batch", json=wanted).json()
        upload = batch["objects"][0]["actions"]["upload"]["href"]
        # An iterator is sent in chunks, without a length.
        pieces = iter([LARGE[:1000], LARGE[1000:]])
        assert client.put(upload, content=pieces).status_code == 200
        line = {"path": "deep/large.bin", "algo": "sha256", "oid": sha256, "size": len(LARGE)}
        assert committed(client, ("lfsFile", line), ("file", small("a.txt"))).status_code == 200
        yield client


def small(path: str) -> dict[str, str]:
    return {"path": path, "content": "dGV4dA==", "encoding": "base64"}


def committed(http, *lines, revision: str = "main", **header) -> httpx.Response:
    head = {"key": "header", "value": {"summary": "s", "description": "", **header}}
    told = [head, *({"key": key, "value": value} for key, value in lines)]
    body = "\n".join(map(json.dumps, told))
    return http.post(f"{API}/commit/{revision}", content=body)


def test_a_small_file_is_sent_with_its_commit(http, hub):
    answer = http.get(f"/datasets/{REPO}/resolve/main/a.txt")
    assert answer.content == b"text"
    assert answer.headers["x-repo-commit"] == hub.repo(REPO).resolve("main")
    blob_id = hashlib.sha1(b"blob 4\0text").hexdigest()
    assert answer.headers["etag"] == f'"{blob_id}"'


def test_a_large_file_is_elsewhere_and_its_digest_is_told_first(http):
    answer = http.head(f"/datasets/{REPO}/resolve/main/deep/large.bin")
    assert answer.status_code == 302
    assert answer.headers["x-linked-etag"] == f'"{hashlib.sha256(LARGE).hexdigest()}"'
    assert answer.headers["x-linked-size"] == str(len(LARGE))
    assert urlsplit(answer.headers["location"]).hostname == "localhost"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-299", 100, 300),
        ("bytes=76000-", 76000, 76800),
        ("bytes=-5", 76795, 76800),
        ("bytes=76700-99999", 76700, 76800),
    ],
)
def test_a_part_is_sent(http, asked, start, stop):
    place = http.head(f"/datasets/{REPO}/resolve/main/deep/large.bin").headers["location"]
    answer = http.get(place, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == LARGE[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(LARGE)}"


def test_a_part_beyond_the_end_is_refused(http):
    place = http.head(f"/datasets/{REPO}/resolve/main/deep/large.bin").headers["location"]
    answer = http.get(place, headers={"Range": "bytes=76800-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */76800")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/datasets/{REPO}/resolve/main/nothing.txt", "EntryNotFound"),
        (f"/datasets/{REPO}/resolve/v9/a.txt", "RevisionNotFound"),
        ("/datasets/lab/nothing/resolve/main/a.txt", "RepoNotFound"),
        (f"{API}/tree/main/nothing", "EntryNotFound"),
        (f"{API}/revision/v9", "RevisionNotFound"),
        ("/api/datasets/lab/nothing", "RepoNotFound"),
        ("/api/models/lab/photos", "RepoNotFound"),
        ("/api/datasets/..%2F..%2Flab%2Fphotos/x", "RepoNotFound"),
    ],
)
def test_what_is_missing_is_told_by_a_code(http, path, code):
    answer = http.get(path)
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, code)
    assert answer.json()["error"] == answer.headers["x-error-message"]


def test_a_revision_with_a_slash_is_quoted(http, hub):
    assert http.post(f"{API}/branch/dev%2Fx", json={}).status_code == 200
    assert http.post(f"{API}/branch/dev%2Fx", json={}).status_code == 409
    assert committed(http, ("file", small("b.txt")), revision="dev%2Fx").status_code == 200
    assert http.get(f"/datasets/{REPO}/resolve/dev%2Fx/b.txt").content == b"text"
    assert "b.txt" not in hub.repo(REPO).files()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (("lfsFile", {"path": "x.bin", "oid": "0" * 64, "size": 1}), "does not exist"),
        (("file", {**small("x"), "content": "not base64!"}), "no base64"),
        (("renamed", {"path": "x"}), "no line of the kind"),
        (("file", small("../x")), "no path"),
    ],
)
def test_a_commit_that_does_not_hold_is_refused_whole(http, hub, line, says):
    before = hub.repo(REPO).resolve("main")
    answer = committed(http, ("file", small("fine.txt")), line)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert hub.repo(REPO).resolve("main") == before


def test_a_size_that_is_not_the_contents_is_refused(http):
    line = {"path": "x.bin", "oid": hashlib.sha256(LARGE).hexdigest(), "size": 3}
    assert "has 76800 bytes, not 3" in committed(http, ("lfsFile", line)).json()["error"]


def test_files_are_large_by_their_ending_their_size_or_a_zero_byte(http):
    def file(path: str, sample: str = "dGV4dA==", size: int = 4) -> dict[str, object]:
        return {"path": path, "sample": sample, "size": size}

    asked = [
        file("a.parquet"),
        file("a.txt"),
        file("zero", "AAA="),
        file("big.txt", size=20 << 20),
        file("deep/large.bin", size=len(LARGE)),
    ]
    told = http.post(f"{API}/preupload/main", json={"files": asked}).json()["files"]
    modes = [line["uploadMode"] for line in told]
    assert modes == ["lfs", "regular", "lfs", "lfs", "lfs"]
    assert told[1]["oid"] == hashlib.sha1(b"blob 4\0text").hexdigest()
    assert told[4]["oid"] == hashlib.sha256(LARGE).hexdigest()


def test_what_is_here_already_need_not_be_sent(http):
    objects = [{"oid": hashlib.sha256(LARGE).hexdigest(), "size": len(LARGE)}]
    wanted = {"operation": "upload", "transfers": ["basic"], "objects": objects}
    told = http.post(f"/datasets/{REPO}.git/info/lfs/objects/batch", json=wanted).json()
    assert "actions" not in told["objects"][0]


def test_parts_are_put_together_once_all_are_there_and_they_are_the_promised_content():
    sha256 = hashlib.sha256(LARGE).hexdigest()
    objects = [{"oid": sha256, "size": len(LARGE)}]
    wanted = {"operation": "upload", "transfers": ["basic", "multipart"], "objects": objects}
    with (
        Hub(transfer="multipart", part_size=50_000) as hub,
        httpx.Client(base_url=hub.endpoint) as http,
    ):
        hub.create(REPO)
        batch = http.post(f"/datasets/{REPO}.git/info/lfs/objects/batch", json=wanted).json()
        upload = batch["objects"][0]["actions"]["upload"]
        assert upload["header"].keys() == {"chunk_size", "1", "2"}

        def put(number: int, content: bytes) -> dict[str, object]:
            answer = http.put(upload["header"][str(number)], content=content)
            return {"partNumber": number, "etag": answer.headers["etag"]}

        def completed(*parts: dict[str, object]) -> int:
            told = {"oid": sha256, "parts": parts}
            return http.post(upload["href"], json=told).status_code

        first, second = put(1, LARGE[:50_000]), put(2, LARGE[50_000:])
        missing = {"partNumber": 2, "etag": first["etag"]}
        assert completed(first, missing) == 400
        assert completed(first) == 400
        assert completed(second, first) == 200
        assert completed(first, second) == 200
        assert hub.folder.joinpath("blobs", sha256[:2], sha256).read_bytes() == LARGE
        assert not list((hub.folder / "incoming").iterdir())


@pytest.mark.parametrize(
    ("card", "status", "key"),
    [
        ("---\nlicense: mit\n---\ntext", 200, None),
        ("text", 200, "warnings"),
        ("---\nlicense: mit\n", 400, "errors"),
    ],
)
def test_a_card_is_looked_at(http, card, status, key):
    answer = http.post("/api/validate-yaml", json={"content": card, "repoType": "dataset"})
    assert answer.status_code == status
    assert [name for name in ("errors", "warnings") if answer.json()[name]] == (
        [key] if key else []
    )


def test_pull_requests_are_refused_by_name(http):
    answer = http.post(f"{API}/preupload/main", params={"create_pr": "1"}, json={"files": []})
    assert answer.status_code == 400
    assert "pull requests" in answer.json()["error"]


def test_a_request_that_breaks_off_hurts_nobody_else(http, hub):
    place = urlsplit(hub.endpoint)
    with socket.create_connection((place.hostname, place.port)) as wire:
        wire.sendall(f"PUT /lfs/{'0' * 64} HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc".encode())
        wire.shutdown(socket.SHUT_WR)
        assert wire.makefile("rb").read() == b""
    assert not list((hub.folder / "incoming").iterdir())
    assert http.get(API).status_code == 200


def test_every_request_is_logged_for_good(http, hub):
    http.get(API)
    last = json.loads((hub.folder / "requests.jsonl").read_text().splitlines()[-1])
    assert (last["kind"], last["status"], last["path"]) == ("info", 200, API)
