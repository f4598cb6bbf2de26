"""Access tokens, private repositories, and addresses that are good without a token."""

from __future__ import annotations

import httpx
import pytest
from hub_client import REPO, told_by

from flickrexif.sandbox.hub import Hub

CALLERS = """
api.create_repo(private=True, **repo)
oid = publish([Add("a.bin", noise(1)), Add("a.txt", b"text")]).oid

def outcomes(token):
    him = HfApi(token=token)
    def commit():
        him.create_commit(operations=[Add("b.txt", b"b")], commit_message="b", **repo)
    calls = {
        "info": lambda: him.dataset_info(repo["repo_id"]),
        "tree": lambda: list(him.list_repo_tree(**repo)),
        "commit": commit,
        "tag": lambda: him.create_tag(tag="v1", revision=oid, **repo),
        "create": lambda: him.create_repo("lab/other", repo_type="dataset"),
    }
    return {name: tried(call) for name, call in calls.items()}

def tried(call):
    try:
        call()
    except errors.HfHubHTTPError as error:
        return [error.response.status_code, type(error).__name__]
    return None

told = {
    "reader": outcomes("hf_reader"), "stranger": outcomes(False), "wrong": outcomes("hf_wrong"),
    "writer": outcomes("hf_writer"), "roles": [
        HfApi(token=token).whoami()["auth"]["accessToken"]["role"]
        for token in ("hf_writer", "hf_reader")
    ],
    "files": {f: Path(HfApi(token="hf_reader").hf_hub_download(filename=f, **repo)).stat().st_size
              for f in ("a.bin", "a.txt")},
}
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    with Hub(token="hf_writer", read_token="hf_reader") as hub:
        yield told_by(hub, tmp_path_factory.mktemp("home"), CALLERS) | {"kinds": hub.requests}


def test_a_writer_may_do_everything(outcomes):
    assert outcomes["writer"] == dict.fromkeys(("info", "tree", "commit", "tag", "create"))
    assert outcomes["roles"] == ["write", "read"]


def test_a_reader_may_read_a_private_repository_but_change_nothing(outcomes):
    forbidden = [403, "HfHubHTTPError"]
    assert outcomes["reader"] == {
        "info": None,
        "tree": None,
        "commit": forbidden,
        "tag": forbidden,
        "create": forbidden,
    }
    assert outcomes["files"] == {"a.bin": 60_000, "a.txt": 4}


def test_a_stranger_does_not_learn_that_a_private_repository_exists(outcomes):
    hidden, unknown = [401, "RepositoryNotFoundError"], [401, "HfHubHTTPError"]
    assert outcomes["stranger"] == {
        "info": hidden,
        "tree": hidden,
        "commit": unknown,
        "tag": unknown,
        "create": unknown,
    }


def test_a_wrong_token_is_told_apart_from_a_missing_repository(outcomes):
    assert set(map(tuple, outcomes["wrong"].values())) == {(401, "HfHubHTTPError")}


def test_storage_is_reached_by_signed_addresses_alone():
    with Hub(token="hf_writer") as hub, httpx.Client(base_url=hub.endpoint) as http:
        writer = {"Authorization": "Bearer hf_writer"}
        http.post("/api/repos/create", json={"type": "dataset", "organization": "lab",
                                             "name": "photos"}, headers=writer)  # fmt: skip
        wanted = {"operation": "upload", "transfers": ["basic"]}
        content, oid = (
            b"\0" * 50,
            "cc2786e1f9910a9d811400edcddaf7075195f7a16b216dcbefba3bc7c4f2ae51",
        )
        batch = http.post(
            f"/datasets/{REPO}.git/info/lfs/objects/batch",
            json={**wanted, "objects": [{"oid": oid, "size": 50}]},
            headers=writer,
        ).json()
        href = batch["objects"][0]["actions"]["upload"]["href"]
        assert http.put(href.split("?")[0], content=content).status_code == 403
        assert http.put(href, content=content, headers=writer).status_code == 400
        assert http.put(href, content=b"something else").status_code == 400
        assert "hf_writer" not in (hub.folder / "requests.jsonl").read_text()
        assert "signature" not in (hub.folder / "requests.jsonl").read_text()


def test_a_gated_repository_shows_its_files_to_known_callers_only():
    with Hub(token="hf_writer") as hub, httpx.Client(base_url=hub.endpoint) as http:
        writer = {"Authorization": "Bearer hf_writer"}
        http.post("/api/repos/create", json={"type": "dataset", "organization": "lab",
                                             "name": "photos"}, headers=writer)  # fmt: skip
        http.put(f"/api/datasets/{REPO}/settings", json={"gated": "auto"}, headers=writer)
        address = f"/datasets/{REPO}/resolve/main/.gitattributes"
        refused = http.get(address)
        assert (refused.status_code, refused.headers["x-error-code"]) == (401, "GatedRepo")
        assert http.get(address, headers=writer).status_code == 200
