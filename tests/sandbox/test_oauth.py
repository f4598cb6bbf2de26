"""Logging in to the sandbox, as flickrapi does it and as a careless client does it."""

from __future__ import annotations

import gc
import re
import threading
import time
import webbrowser
from urllib.parse import parse_qs, urlsplit

import flickrapi
import httpx
import pytest
from flat_renderer import FlatRenderer
from oauthlib.oauth1 import Client

from flickrexif.errors import UsageError
from flickrexif.sandbox import API_SECRET, Catalogue, Changes, Quirks, Sandbox

KEY = "fedcba9876543210fedcba9876543210"
YEAR = {"min_taken_date": "2020-01-01 00:00:00", "max_taken_date": "2020-12-31 23:59:59"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(seed=8, photos=2000, owners=40)


@pytest.fixture
def open_sandbox(catalogue):
    def open_sandbox(**words) -> Sandbox:
        words = {"catalogue": catalogue, "quirks": Quirks.none()} | words
        return Sandbox(renderer=FlatRenderer(), workers=0, **words)

    return open_sandbox


@pytest.fixture
def sandbox(open_sandbox):
    with open_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http():
    with httpx.Client(timeout=20) as http:
        yield http


def flickrapi_for(sandbox: Sandbox, folder) -> flickrapi.FlickrAPI:
    """flickrapi as it is, told where this Flickr stands."""
    api = flickrapi.FlickrAPI(
        KEY, API_SECRET, format="parsed-json", token_cache_location=str(folder), timeout=20
    )
    api.REST_URL = sandbox.rest_url
    api.token_cache.RAM_CACHE = {}
    for step in ("request_token", "authorize", "access_token"):
        setattr(api.flickr_oauth, f"{step.upper()}_URL", f"{sandbox.oauth_url}/{step}")
    return api


def code_on(page: httpx.Response) -> str:
    assert page.status_code == 200
    return re.search(r'<span class="code">([^<]+)</span>', page.text)[1]


def send(http, address: str, client: Client, verb: str = "POST", **form: str) -> httpx.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    uri, headers, body = client.sign(address, verb, body=form or None, headers=headers)
    return http.request(verb, uri, headers=headers, data=body)


def words_of(answer: httpx.Response) -> dict[str, str]:
    return {name: told[0] for name, told in parse_qs(answer.text).items()}


def request_token(http, sandbox: Sandbox, callback: str = "oob") -> dict[str, str]:
    answer = send(
        http, f"{sandbox.oauth_url}/request_token", Client(KEY, API_SECRET), oauth_callback=callback
    )
    assert answer.status_code == 200, answer.text
    return words_of(answer)


def log_in(http, sandbox: Sandbox, perms: str = "read") -> Client:
    """A client that signs in the name of the account, by the three steps."""
    asked = request_token(http, sandbox)
    page = http.get(
        f"{sandbox.oauth_url}/authorize",
        params={"oauth_token": asked["oauth_token"], "perms": perms},
    )
    client = Client(
        KEY, API_SECRET, asked["oauth_token"], asked["oauth_token_secret"], verifier=code_on(page)
    )
    told = words_of(send(http, f"{sandbox.oauth_url}/access_token", client))
    return Client(KEY, API_SECRET, told["oauth_token"], told["oauth_token_secret"])


def call(http, sandbox: Sandbox, client: Client | None, method: str, **words) -> httpx.Response:
    words = {"method": method, "format": "json", "nojsoncallback": "1", "api_key": KEY} | words
    address = str(httpx.URL(sandbox.rest_url, params=words))
    headers = client.sign(address)[1] if client else {}
    return http.get(address, headers=headers)


# flickrapi's own way


def test_flickrapi_logs_in_with_a_code(sandbox, http, tmp_path):
    api = flickrapi_for(sandbox, tmp_path)
    assert not api.token_valid(perms="read")
    api.get_request_token(oauth_callback="oob")
    code = code_on(http.get(api.auth_url(perms="read")))
    assert re.fullmatch(r"\d{3}-\d{3}-\d{3}", code)
    api.get_access_token(code)
    who = sandbox.catalogue.owners()[0]
    user = api.test.login()["user"]
    assert (user["id"], user["username"]["_content"]) == (who.nsid, who.username)
    assert api.token_cache.token.fullname == (who.realname or "")

    again = flickrapi_for(sandbox, tmp_path)
    assert again.token_valid(perms="read")
    assert not again.token_valid(perms="write")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # flickrapi closes its own server never
def test_flickrapi_logs_in_through_a_browser(sandbox, tmp_path, monkeypatch):
    visits = []

    def visit(address: str) -> bool:
        def follow() -> None:
            visits.append(httpx.get(address, follow_redirects=True, timeout=20).status_code)

        threading.Thread(target=follow).start()
        return True

    monkeypatch.setattr(webbrowser, "open_new_tab", visit)
    api = flickrapi_for(sandbox, tmp_path)
    api.authenticate_via_browser(perms="read")
    assert api.test.login()["user"]["id"] == sandbox.catalogue.owners()[0].nsid
    deadline = time.monotonic() + 10
    while not visits and time.monotonic() < deadline:
        time.sleep(0.01)
    assert visits == [200]
    del api
    gc.collect()


# The three steps


def test_a_callback_is_sent_the_verifier(sandbox, http):
    asked = request_token(http, sandbox, "http://127.0.0.1:9/back?from=flickr")
    page = http.get(f"{sandbox.oauth_url}/authorize", params={"oauth_token": asked["oauth_token"]})
    assert page.status_code == 302
    target = urlsplit(page.headers["Location"])
    assert (target.netloc, target.path) == ("127.0.0.1:9", "/back")
    told = parse_qs(target.query)
    assert set(told) == {"from", "oauth_token", "oauth_verifier"}
    assert told["oauth_token"] == [asked["oauth_token"]]


def test_a_page_asked_again_shows_the_same_code(sandbox, http):
    words = {"oauth_token": request_token(http, sandbox)["oauth_token"]}
    pages = [http.get(f"{sandbox.oauth_url}/authorize", params=words) for _ in range(2)]
    assert code_on(pages[0]) == code_on(pages[1])


@pytest.mark.parametrize("words", [{}, {"oauth_token": "unknown"}, {"perms": "everything"}])
def test_an_address_that_is_not_valid_shows_no_code(sandbox, http, words):
    token = request_token(http, sandbox)["oauth_token"]
    words = {"oauth_token": token} | words if "perms" in words else words
    page = http.get(f"{sandbox.oauth_url}/authorize", params=words)
    assert page.status_code == 400
    assert "code" not in page.text


def test_other_addresses_are_not_found(sandbox, http):
    assert http.get(f"{sandbox.oauth_url}/elsewhere").status_code == 404


def test_a_wrong_secret_is_refused_as_it_was_recorded(sandbox, http, oracle):
    client = Client(KEY, "0" * 16)
    answer = send(http, f"{sandbox.oauth_url}/request_token", client, oauth_callback="oob")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "text/plain;charset=UTF-8"
    recorded = (oracle / "flickr" / "oauth__frie_20120530_oauth_signature_invalid.txt").read_text()
    begin = "oauth_problem=signature_invalid&debug_sbs="
    assert recorded.startswith(begin)
    assert answer.text.startswith(f"{begin}POST&http%3A%2F%2F127.0.0.1")
    assert f"oauth_consumer_key%3D{KEY}%26" in answer.text


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, words_of(answer)["oauth_problem"]


def test_what_is_wrong_is_told_by_name(open_sandbox, http):
    expired = "0" * 32
    with open_sandbox(expired_keys=frozenset({expired})) as sandbox:
        address = f"{sandbox.oauth_url}/request_token"

        def ask(client: Client, **form: str) -> tuple[int, str]:
            return problem_of(send(http, address, client, **form))

        oob = {"oauth_callback": "oob"}
        assert ask(Client(KEY, API_SECRET)) == (400, "parameter_absent")
        assert ask(Client("my key", API_SECRET), **oob) == (401, "consumer_key_unknown")
        assert ask(Client(expired, API_SECRET), **oob) == (401, "consumer_key_unknown")
        assert ask(Client(KEY, API_SECRET, "x", "y"), **oob) == (401, "token_rejected")
        late = Client(KEY, API_SECRET, timestamp=str(int(time.time()) - 3600))
        assert ask(late, **oob) == (401, "timestamp_refused")
        plain = Client(KEY, API_SECRET, signature_method="PLAINTEXT")
        assert ask(plain, **oob) == (400, "signature_method_rejected")
        once = Client(KEY, API_SECRET, nonce="1" * 20)
        assert send(http, address, once, **oob).status_code == 200
        assert ask(once, **oob) == (401, "nonce_used")
        assert problem_of(http.post(address)) == (400, "parameter_absent")
        garbled = http.get(f"{address}?date=<now>", headers={"Authorization": "OAuth a=b=c"})
        assert garbled.status_code == 400


def test_a_code_opens_once_and_only_the_right_one(sandbox, http):
    asked = request_token(http, sandbox)
    address = f"{sandbox.oauth_url}/access_token"

    def exchange(**words) -> httpx.Response:
        pair = asked["oauth_token"], asked["oauth_token_secret"]
        return send(http, address, Client(KEY, API_SECRET, *pair, **words))

    assert problem_of(exchange(verifier="000-000-000")) == (401, "verifier_invalid")
    page = http.get(f"{sandbox.oauth_url}/authorize", params={"oauth_token": asked["oauth_token"]})
    assert problem_of(exchange()) == (400, "parameter_absent")
    assert problem_of(exchange(verifier="000-000-000")) == (401, "verifier_invalid")
    told = words_of(exchange(verifier=code_on(page)))
    assert told["user_nsid"] == sandbox.catalogue.owners()[0].nsid
    assert problem_of(exchange(verifier=code_on(page))) == (401, "token_rejected")


# Signed calls


def test_a_signed_call_is_looked_at_and_counted(sandbox, http):
    client = log_in(http, sandbox, perms="write")
    told = call(http, sandbox, client, "flickr.auth.oauth.checkToken").json()
    assert told["oauth"]["perms"]["_content"] == "write"
    assert call(http, sandbox, client, "flickr.test.login").json()["stat"] == "ok"
    assert call(http, sandbox, client, "flickr.photos.search", **YEAR).json()["stat"] == "ok"
    assert call(http, sandbox, None, "flickr.photos.search", **YEAR).json()["stat"] == "ok"
    assert sandbox.signed == {
        "flickr.auth.oauth.checkToken": 1,
        "flickr.test.login": 1,
        "flickr.photos.search": 1,
    }
    assert "oauth" not in str([query for path, query in sandbox.log if "rest" in path][1:])


def test_a_signature_in_the_arguments_counts_too(sandbox, http):
    client = log_in(http, sandbox)
    client.signature_type = "QUERY"
    words = {"method": "flickr.test.login", "format": "json", "nojsoncallback": "1"}
    address = client.sign(str(httpx.URL(sandbox.rest_url, params=words)))[0]
    assert http.get(address).json()["user"]["id"] == sandbox.catalogue.owners()[0].nsid


def test_a_call_changed_on_its_way_is_refused(sandbox, http):
    client = log_in(http, sandbox)
    address = str(httpx.URL(sandbox.rest_url, params={"method": "flickr.test.login"}))
    headers = client.sign(address)[1]
    assert problem_of(http.get(f"{address}&page=2", headers=headers)) == (401, "signature_invalid")
    assert problem_of(http.post(address, headers=headers)) == (401, "signature_invalid")
    assert sandbox.signed == {}
    assert http.get(address, headers=headers).status_code == 200
    assert problem_of(http.get(address, headers=headers)) == (401, "nonce_used")


def test_a_login_taken_back_is_code_98(sandbox, http):
    client = log_in(http, sandbox)
    sandbox.revoke_logins()
    told = call(http, sandbox, client, "flickr.test.login").json()
    assert (told["stat"], told["code"]) == ("fail", 98)
    assert call(http, sandbox, log_in(http, sandbox), "flickr.test.login").json()["stat"] == "ok"


def test_a_stranger_is_nobody(sandbox, http):
    assert call(http, sandbox, None, "flickr.test.login").json()["code"] == 99
    assert call(http, sandbox, None, "flickr.auth.oauth.checkToken").json()["code"] == 97


def test_an_unknown_account_cannot_be_logged_in(open_sandbox):
    with pytest.raises(UsageError, match="'nobody'"):
        open_sandbox(account="nobody")


def test_an_account_sees_more_than_a_stranger_unless_it_asks_for_less(
    open_sandbox, catalogue, http
):
    shy = next(owner for owner in catalogue.owners() if owner.hides_exif)
    own = [photo for photo in catalogue if photo.owner.nsid == shy.nsid]
    hidden, moderate, public = [photo for photo in own if photo.visible == "public"][:3]
    changes = Changes(private={hidden.id}, unsafe={moderate.id: 1})
    words = {"user_id": shy.nsid, "per_page": "500"}
    with open_sandbox(account=shy.nsid, changes=changes) as sandbox:
        client = log_in(http, sandbox)

        def found(signer: Client | None, **more: str) -> dict[int, int]:
            answer = call(http, sandbox, signer, "flickr.photos.search", **words, **more).json()
            return {int(row["id"]): row["ispublic"] for row in answer["photos"]["photo"]}

        def code(signer: Client | None, method: str, photo) -> int:
            answer = call(http, sandbox, signer, method, photo_id=str(photo.id)).json()
            return answer.get("code", 0)

        stranger = found(None)
        assert found(None, privacy_filter="5", safe_search="3") == stranger
        assert found(client, privacy_filter="1", safe_search="1") == stranger
        everything = found(client)
        assert set(everything) > set(stranger)
        assert (everything[hidden.id], everything[moderate.id]) == (0, 1)
        assert moderate.id not in stranger
        for method in ("flickr.photos.getInfo", "flickr.photos.getExif"):
            assert code(client, method, hidden) == 0
            assert code(None, method, hidden) == 1
        assert code(client, "flickr.photos.getExif", public) == 0
        assert code(None, "flickr.photos.getExif", public) == 2
